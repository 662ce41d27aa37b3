// The types must refuse the lines with an expected error, and accept all others.

import { type AnyEvents, type CarillonPusher, connect, createApi, type EventsOn, type MemberOn, type NotificationRequested } from "carillon";

declare module "carillon" {
  interface AppEvents {
    "shelf:changed": { shelfId: string };
  }
}

declare const pusher: CarillonPusher;
declare const someName: string;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_Holds extends true>() => {};

const user = pusher.subscribe("private-user-ada");
// @ts-expect-error: a misspelt name
user.bind("kudos:recieved", () => {});
// @ts-expect-error: an event of another channel
user.bind("party-updated", () => {});
// @ts-expect-error: a field that the payload does not have
user.bind("kudos:received", ({ from }) => from);
// @ts-expect-error: a private channel has no members
user.members;
// @ts-expect-error: only client events are sent
user.trigger("kudos:received", {});
user.bind("client-typing", (data) => {
  // @ts-expect-error: payloads of client events have no description
  data.isTyping;
});
user.trigger("client-typing", { isTyping: true });
user.bind("shelf:changed", ({ shelfId }) => shelfId.trim());

same<Same<MemberOn<"presence-room-1">["info"]["isAuthor"], boolean>>();
same<Same<MemberOn<"private-user-1">, never>>();
same<Same<EventsOn<"private-party-1">["party-updated"]["updateType"], "member-joined" | "member-left" | "settings-changed">>();
same<Same<AnyEvents["room:user-left"]["userId"], string>>();

pusher.subscribe("private-party-1").bind("party-updated", (update) => {
  if (update.updateType === "member-left") {
    const by: string | null = update.data.removedBy;
    return by;
  }
  // @ts-expect-error: only a member who has left can have been removed
  return update.data.removedBy;
});

// A channel with an unknown name carries any event; documented events are typed.
const some = pusher.subscribe(someName);
some.bind("notification:new", ({ message }) => message.trim());
some.bind("of-your-own", (data) => {
  // @ts-expect-error: its payload is unknown
  data.field;
});
pusher.bind("pusher:signin_success", ({ user_data }) => user_data.trim());
pusher.bind("of-your-own", () => {});
// @ts-expect-error: pusher-js emits it on the channel alone, so this would never be called
pusher.bind("pusher:subscription_succeeded", () => {});
// @ts-expect-error: the same
pusher.bind("pusher:member_added", () => {});
some.bind("pusher:subscription_succeeded", () => {});

const requested: NotificationRequested = { userId: "ada", type: "MESSAGE", data: { senderName: "Ben" }, priority: "high" };
// @ts-expect-error: no such type
requested.type = "MESAGE";
const own: NotificationRequested = { userId: "ada", type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday." };
// @ts-expect-error: a type of your own has no words, so it needs a title and a body
const wordless: NotificationRequested = { userId: "ada", type: "ORDER_SHIPPED" };
const several: NotificationRequested = { userIds: ["ada", "ben"], type: "SYSTEM", push: { link: "https://app.example", silent: true } };
// @ts-expect-error: nobody is notified
const toNobody: NotificationRequested = { type: "SYSTEM", push: several.push };
// @ts-expect-error: a push has no such field
own.push = { badge: 7 };
some.bind("notification:new", ({ type }) => type === "ORDER_SHIPPED" || type === wordless.type || type === toNobody.type);

const api = createApi({ apiUrl: "", token: "" });
export async function routes() {
  const { data } = await api.GET("/parties/{partyId}", { params: { path: { partyId: "1" } } });
  data?.members[0]?.username.trim();
  await api.POST("/kudos", {
    params: { header: { "Idempotency-Key": "1" } },
    body: { receiverId: "ben", sessionId: "s", bookTitle: "t" },
  });
  const { data: notified } = await api.POST("/notifications", {
    body: { userIds: ["ada", "ben"], type: "SYSTEM", push: { image: "https://cdn.example/a.png", clickAction: "OPEN_NEWS" } },
  });
  if (notified && "results" in notified) {
    for (const result of notified.results) {
      const told: string = result.status === "created" ? result.notificationId : `${result.error}: ${result.message}`;
      console.log(result.userId, told);
    }
  } else {
    notified?.notificationId.trim();
  }
  // @ts-expect-error: whom?
  await api.POST("/notifications", { body: { type: "SYSTEM" } });
  // @ts-expect-error: no such route
  await api.GET("/party/{partyId}");
  // @ts-expect-error: the book's title is missing
  await api.POST("/kudos", { body: { receiverId: "ben", sessionId: "s" } });
  // @ts-expect-error: the path needs its parameter
  await api.GET("/parties/{partyId}");
}

// @ts-expect-error: Carillon's address is missing
connect({ appKey: "key", token: "" });
