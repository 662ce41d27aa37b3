// Users and ids that no other test has.

import { randomUUID } from "node:crypto";

import { token } from "./token.mjs";

/** An id of its own, readable in a failure's message. */
export const newId = (noun) => `${noun}-${randomUUID()}`;

/** Someone with an account. */
export function person(name = "Ada", picture = null, claims = {}) {
  const userId = newId("user");
  const bearer = token({ sub: userId, name, ...(picture && { picture }), ...claims });
  return { userId, displayName: name, avatarUrl: picture, token: bearer, ownChannel: `private-user-${userId}` };
}

/** A hotel that no other test has. */
export const newHotel = () => `hotel-${randomUUID().slice(0, 8)}`;

/** A guest of this hotel; `token` is what the hotel's own back end would give them. */
export function guestOf(hotel, booking = `BK-${randomUUID().slice(0, 8)}`, name = "Grace", claims = {}) {
  const channel = `private-hotel-${hotel}-guest-chat-booking-${booking}`;
  const id = `guest;${hotel};${booking}`;
  return { hotel, booking, name, id, channel, token: token({ aud: "guest", hotel, booking, name, ...claims }), ...claims };
}

/** A person as events show them. */
export const shown = ({ userId, displayName, avatarUrl }) => ({ userId, displayName, avatarUrl });

/** Another back end. */
export const service = () => ({ token: token({ sub: newId("service"), roles: ["service"] }) });
