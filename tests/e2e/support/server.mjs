// Another back end of the same Pusher app, with the official server library.

import Pusher from "pusher";

import { stack } from "./stack.mjs";

const { appId, key, secret, host, port, encryptionMasterKeyBase64 } = stack.pusher;

/** The official library, set up as such a back end would. */
export const server = new Pusher({ appId, key, secret, host, port: String(port), useTLS: false, encryptionMasterKeyBase64 });
