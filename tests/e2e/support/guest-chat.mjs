// A hotel's guest, its staff, and what they do in the chat.

import { call, expecting } from "./api.mjs";
import { listen } from "./listener.mjs";
import { person, service } from "./people.mjs";

/** The address of a route of the guest's, such as "messages". */
export const guestPath = ({ hotel }, route) => `/api/guest/hotel/${hotel}/chat/${route}`;
/** The address of the guest's chat in the staff's inbox. */
export const chatPath = ({ hotel, booking }) => `/hotels/${hotel}/chats/${booking}`;
/** The address of a route of the staff's for the guest's chat. */
export const staffPath = ({ hotel, booking }, route) => `/hotels/${hotel}/chats/${booking}/${route}`;

export const staffChannel = (hotel) => `private-hotel-${hotel}-staff`;

/** Calls a guest's route as the guest's page does: with the token in the query. */
export function asGuest(guest, method, route, request) {
  const path = guestPath(guest, route);
  return call(method, `${path}${path.includes("?") ? "&" : "?"}token=${guest.token}`, request);
}

/** Makes someone a member of the hotel's staff. */
export async function hire(hotel, member = person("Nora")) {
  await expecting(204, "PUT", `/hotels/${hotel}/staff/${member.userId}`, { as: service() });
  return member;
}

/** The guest writes; resolves to the message. */
export const guestWrites = async (guest, message) => (await asGuest(guest, "POST", "messages", { json: { message } })).body.message;

/** A member of the staff writes; resolves to the message. */
export const staffWrites = async (as, guest, message) =>
  (await expecting(201, "POST", staffPath(guest, "messages"), { as, json: { message } })).message;

/** A listener of the guest's, subscribed to the chat's channel through the guest's own endpoint. */
export async function guestListening(t, guest) {
  const listener = await listen(t, guest, { authEndpoint: guestPath(guest, "pusher/auth") });
  await listener.subscribe(guest.channel);
  return listener;
}
