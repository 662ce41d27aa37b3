// Facts: what other systems hear of, on the stack's event bus.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { hearFacts } from "./support/facts.mjs";
import { asGuest, chatPath, guestWrites, hire } from "./support/guest-chat.mjs";
import { leasePath, mailed, newLease, writes } from "./support/lease-chat.mjs";
import { accept, change, decline, end, handOver, introduce, invite, leave, partyOf, remove, revoke } from "./support/party.mjs";
import { guestOf, newHotel, newId, person, service } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";

const giveKudos = (as, { userId }) =>
  expecting(201, "POST", "/kudos", { as, json: { receiverId: userId, sessionId: newId("session"), bookTitle: "The Dispossessed" } });

describe("Facts", { concurrency: 6 }, () => {
  test("another system hears of kudos, once, with ids alone", async (t) => {
    const [bus, ada, ben] = [await hearFacts(t), person("Ada"), person("Ben")];
    const { kudosId } = await giveKudos(ada, ben);
    const { source, giverId, receiverId } = await bus.next("kudos.given", { kudosId });
    assert.deepEqual([source, giverId, receiverId], ["carillon", ada.userId, ben.userId]);
    // One that comes after it.
    const later = await giveKudos(ada, ben);
    await bus.next("kudos.given", { kudosId: later.kudosId });
    const ids = bus.all("kudos.given", { kudosId }).map(({ id }) => id);
    assert.equal(new Set(ids).size, 1);
  });

  test("it hears of invitations, their replies, and who is in a party", async (t) => {
    const [bus, ada, ben] = [await hearFacts(t), person("Ada"), person("Ben")];
    const party = await partyOf(ada);
    const { partyId } = party;
    const [of, userId] = [{ partyId }, ben.userId];
    await bus.next("party.created", { ...of, ownerId: ada.userId });
    await introduce(ben);
    for (const reply of [decline, (guest) => revoke(ada, party, guest), accept]) {
      await invite(ada, party, ben);
      await reply(ben, party);
    }
    await bus.next("invitation.sent", { ...of, userId, invitedBy: ada.userId });
    await bus.next("invitation.declined", { ...of, userId });
    await bus.next("invitation.withdrawn", { ...of, userId, withdrawnBy: ada.userId });
    await bus.next("invitation.accepted", { ...of, userId });
    await bus.next("member.joined", { ...of, userId });
    await change(ada, party, { partyName: "Friday readers" });
    await bus.next("party.updated", { ...of, updatedBy: ada.userId });
    await handOver(ada, party, ben);
    await bus.next("party.owner-changed", { ...of, ownerId: userId, previousOwnerId: ada.userId });
    await leave(ada, party);
    await bus.next("member.left", { ...of, userId: ada.userId });
    await invite(ben, party, ada);
    await accept(ada, party);
    await remove(ben, party, ada);
    await bus.next("member.removed", { ...of, userId: ada.userId, removedBy: userId });
    await end(ben, party);
    await bus.next("party.ended", { ...of, endedBy: userId });
  });

  test("it hears of messages, with their texts where the operator asks for them", async (t) => {
    const [bus, guest, lease] = [await hearFacts(t), guestOf(newHotel()), await newLease()];
    const message = await guestWrites(guest, "Hello!");
    const sent = await bus.next("message.sent", { messageId: message.id });
    const conversation = { kind: "guest", hotelSlug: guest.hotel, bookingId: guest.booking };
    assert.deepEqual([sent.conversation, sent.authorId, sent.text], [conversation, guest.id, "Hello!"]);
    await asGuest(guest, "DELETE", `messages/${message.id}`);
    await bus.next("message.deleted", { messageId: message.id });
    const { id } = await writes(lease.client, lease, "Bonjour");
    await bus.next("message.sent", { messageId: id, role: "client" });
  });

  test("it hears whose a hotel's chat is, and that it was closed and reopened", async (t) => {
    const [bus, guest] = [await hearFacts(t), guestOf(newHotel())];
    const { hotel: hotelSlug, booking: bookingId } = guest;
    const as = await hire(hotelSlug);
    const change = (json) => expecting(200, "PATCH", chatPath(guest), { as, json });
    const of = { hotelSlug, bookingId };
    await guestWrites(guest, "Hello!");
    await change({ assignedTo: as.userId, state: "closed" });
    await bus.next("chat.assigned", { ...of, userId: as.userId, previousUserId: null, assignedBy: as.userId });
    await bus.next("chat.closed", { ...of, closedBy: as.userId });
    await guestWrites(guest, "One more thing");
    await bus.next("chat.reopened", { ...of, reopenedBy: guest.id });
  });

  test("it hears of a lease's requests, and of e-mail that somebody turned off and on", async (t) => {
    const [bus, lease] = [await hearFacts(t), await newLease()];
    const { client, notary, bailId } = lease;
    const request = await expecting(201, "POST", leasePath(lease, "requests"), { as: notary, json: { title: "Justificatif" } });
    await bus.next("lease-request.created", { bailId, requestId: request.id, createdBy: notary.userId });
    await expecting(200, "PATCH", leasePath(lease, `requests/${request.id}`), { as: client, json: { status: "accepted" } });
    await bus.next("lease-request.updated", { requestId: request.id, status: "accepted", updatedBy: client.userId });
    await writes(client, lease, "Bonjour");
    const [mail] = await mailed(notary, 1);
    const [link] = mail.BodyText.match(/http:\S+\/email\/unsubscribe\?\S+/);
    await expecting(200, "POST", link.replace(stack.url, ""), { form: { "List-Unsubscribe": "One-Click" } });
    await bus.next("email.turned-off", { userId: notary.userId, reason: "unsubscribed" });
    await expecting(200, "POST", link.replace(stack.url, ""), { form: { emails: "on" } });
    await bus.next("email.turned-on", { userId: notary.userId });
  });

  test("it hears of notifications, devices, rooms, and of an erased user", async (t) => {
    const [bus, ben] = [await hearFacts(t), person("Ben")];
    const [as, { userId }] = [ben, ben];
    const json = { userId, type: "COMMENT_MENTION", data: { postId: "1" } };
    const { notificationId } = await expecting(201, "POST", "/notifications", { as: service(), json });
    await bus.next("notification.created", { notificationId, userId, notificationType: "COMMENT_MENTION" });
    await expecting(200, "POST", `/notifications/${notificationId}/read`, { as });
    await bus.next("notification.read", { notificationId, userId });
    await expecting(201, "POST", "/notifications", { as: service(), json });
    await expecting(200, "POST", "/notifications/read-all", { as });
    await bus.next("notification.all-read", { userId });
    const token = newId("phone");
    await expecting(200, "POST", "/notifications/device-token", { as, json: { token } });
    const { deviceId } = await bus.next("device.registered", { userId });
    await expecting(200, "DELETE", "/notifications/device-token", { as, json: { token } });
    await bus.next("device.forgotten", { userId, deviceId });
    const bookId = newId("book");
    await expecting(200, "POST", `/rooms/${bookId}/presence`, { as });
    await bus.next("room.joined", { bookId, userId });
    await call("DELETE", `/rooms/${bookId}/presence`, { as });
    await bus.next("room.left", { bookId, userId });
    for (let done = false; !done; ) {
      ({ done } = await expecting(200, "DELETE", `/users/${userId}`, { as: service() }));
    }
    await bus.next("user.erased", { userId });
  });
});
