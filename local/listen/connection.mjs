// How pusher-js connects to a stack, whichever server of Pusher's protocol it has: `new Pusher(stack.pusher.key, connectionOf(stack))`.
// Pages import this file as /examples/connection.js.

/** The options of a connection, without those that authorize. `stack` is the stack's state file, or the session of a page. */
export const connectionOf = ({ pusher: { cluster, host, port, tls } }) => ({
  cluster,
  wsHost: host,
  wsPort: port,
  wssPort: port,
  forceTLS: tls,
  enabledTransports: tls ? ["ws", "wss"] : ["ws"],
  enableStats: false,
});
