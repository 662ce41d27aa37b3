// The app's own server that gets the stack's webhooks (`--pusher gateway`): a stand-in of `cargo local test`, which keeps all requests.

import assert from "node:assert/strict";

import { server } from "./server.mjs";
import { stack } from "./stack.mjs";

const at = (path) => new URL(path, stack.webhookUrl);

export const receiver = {
  /** Answers all webhooks with this status from now on. */
  async answer(status) {
    const answer = await fetch(at("/status"), { method: "POST", body: String(status) });
    assert.equal(answer.status, 200);
  },
  /** The webhooks so far, as the official library reads them, and the status of each answer. */
  async webhooks() {
    const received = await (await fetch(at("/received"))).json();
    return received.map(({ key, signature, contentType, body, status }) => {
      const headers = { "x-pusher-key": key, "x-pusher-signature": signature, "content-type": contentType };
      return { webhook: server.webhook({ headers, rawBody: body }), status };
    });
  },
};
