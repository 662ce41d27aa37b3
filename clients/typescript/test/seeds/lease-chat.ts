// The events of the notary guide.

import { connect } from "carillon";

declare const bailId: string;
declare function show(text: string | undefined): void;

const { pusher } = connect({ apiUrl: "http://localhost:3000", appKey: "key", cluster: "eu", token: () => "jwt" });

const channel = pusher.subscribe(`presence-bail-${bailId}`);
channel.bind("pusher:member_added", ({ id, info }) => show(id + info.name + info.role));
channel.bind("pusher:member_removed", ({ id }) => show(id));
channel.bind("new-message", (message) => show(message.id + message.seq + message.content));
channel.bind("message-deleted", ({ messageId }) => show(messageId));
channel.bind("request-updated", (request) => show(request.id + request.status));
channel.bind("client-typing", (event) => show(JSON.stringify(event)));
channel.trigger("client-typing", {});
