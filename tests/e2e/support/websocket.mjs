// WebSockets frame by frame: plain JSON as a page's own WebSocket speaks it, and Engine.IO as it is on the wire.

import { WebSocket } from "ws";

import { cleanUp } from "./cleanup.mjs";
import { met, SOCKETS } from "./sockets.mjs";
import { until } from "./wait.mjs";

/** The address of a namespace for plain JSON. */
export const addressIn = (namespace, { userId, token }, more = "") => `${SOCKETS}/${namespace}?userId=${userId}&token=${token}${more}`;

/** The address that socket.io-client asks for; `query` is the rest of it. */
export const engineAddress = ({ token }, query = "EIO=4&transport=websocket") => `${SOCKETS}/socket.io/?${query}&token=${token}`;

/** The status with which a handshake is refused; fails if it is not. */
export function refusal(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
    socket.on("open", () => {
      socket.terminate();
      reject(new Error(`${url.split("?")[0]} let it in`));
    });
    socket.on("error", () => {});
  });
}

/** A WebSocket with all frames that came; `onFrame` gets each. */
export async function open(t, url, onFrame = () => {}) {
  const socket = new WebSocket(url);
  const frames = [];
  let code;
  socket.on("message", (data) => {
    frames.push(String(data));
    onFrame(String(data));
  });
  socket.on("close", (closed) => (code = closed));
  cleanUp(t, () => socket.terminate());
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
    socket.on("unexpected-response", (_, { statusCode }) => reject(new Error(`refused with ${statusCode}`)));
  });
  return {
    socket,
    frames,
    send: (frame) => socket.send(frame),
    /** The first frame that fits, from the `from`th on. */
    frame: (fits, from = 0) => until(`a frame like ${fits}`, () => frames.slice(from).find((frame) => fits(frame))),
    /** The code with which it ended. */
    closed: () => until("the end of the connection", () => code),
    isOpen: () => socket.readyState === WebSocket.OPEN,
  };
}

/** A client of plain JSON in a namespace. Its events are held against docs/asyncapi.yaml. */
export async function plain(t, namespace, person, more) {
  const events = [];
  const onFrame = (text) => {
    const { event, data } = JSON.parse(text);
    // The two that keep a connection open are the framing's, not the namespace's.
    if (!["ping", "pong"].includes(event)) {
      met(namespace, event, data);
    }
    events.push({ event, data });
  };
  const connection = await open(t, addressIn(namespace, person, more), onFrame);
  const named = (name) => events.filter(({ event }) => event === name).map(({ data }) => data);
  return {
    ...connection,
    events,
    named,
    say: (event, data) => connection.send(JSON.stringify({ event, data })),
    /** The first event of this name that fits. */
    next: (name, fits = () => true) => until(`${name} in /${namespace}`, () => named(name).find(fits)),
  };
}

/** A connection of Engine.IO that has got its open packet; `told` is what that holds. */
export async function engine(t, person, query) {
  const connection = await open(t, engineAddress(person, query));
  const first = await connection.frame((frame) => frame.startsWith("0"));
  return { ...connection, told: JSON.parse(first.slice(1)) };
}

/** The same in a namespace. */
export async function joined(t, person, namespace) {
  const connection = await engine(t, person);
  connection.send(`40/${namespace},`);
  await connection.frame((frame) => frame.startsWith(`40/${namespace},`));
  return connection;
}
