import type { OnError } from "./problem.js";
import { CONNECTIONS_ENDED, faultOf } from "./reconnect.js";
import { RefusedError } from "./refused.js";
import type { Pusher } from "./typed.js";

/** From this code on, pusher-js connects again by itself. */
const AGAIN = 4100;

/**
 * Tells what pusher-js only passes to handlers that few pages have: the server's errors, and that there is no connection. Returns a function
 * that ends this.
 */
export function tellFaults(pusher: Pusher, { tell, mended }: { tell: OnError; mended(): void }): () => void {
  const onError = (error: unknown) => {
    const { code, message } = faultOf(error) ?? {};
    const passes = code === CONNECTIONS_ENDED || (code ?? 0) >= AGAIN;
    if (message !== undefined && !passes) {
      tell(new RefusedError(code ?? 400, message));
    }
  };
  const onState = ({ current }: { current: string }) => {
    if (current === "connected") {
      mended();
    } else if (current === "unavailable") {
      tell(new Error("No connection for channels, which is tried again: check the network, and wsHost, wsPort, forceTLS or the cluster"));
    } else if (current === "failed") {
      tell(new Error("There is no WebSocket here, or enabledTransports allows none: channels cannot be connected to"));
    }
  };
  pusher.connection.bind("error", onError);
  pusher.connection.bind("state_change", onState);
  return () => {
    pusher.connection.unbind("error", onError);
    pusher.connection.unbind("state_change", onState);
  };
}
