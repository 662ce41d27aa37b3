// How pusher-js connects to a stack, whichever server of Pusher's protocol it has: `new Pusher(stack.pusher.key, connectionOf(stack))`.

/** The options of a connection, without those that authorize. `stack` is the stack's state file. */
export const connectionOf = ({ pusher: { cluster, host, port, tls } }) => ({
  cluster,
  wsHost: host,
  wsPort: port,
  wssPort: port,
  forceTLS: tls,
  enabledTransports: tls ? ["ws", "wss"] : ["ws"],
  enableStats: false,
});
