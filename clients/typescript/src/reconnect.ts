import { backoff } from "./backoff.js";
import type { Pusher } from "./typed.js";

/** Close code when a user's connections are ended, as Carillon does after a removal from a party. */
export const CONNECTIONS_ENDED = 4009;
/** Close code when the Pusher app has too many connections. */
const OVER_QUOTA = 4004;
const OVER_QUOTA_DELAY_MS = 60_000;
/** A connection that lasted this long was not part of a series of connections that each ended at once. */
const LASTING_MS = 60_000;

/**
 * Connects again after close codes at which pusher-js gives up, although waiting helps:
 *
 * - 4009, "the user's connections are ended": at once, then with growing delays if it comes again. The whole connection is gone,
 *   with channels that the user still may subscribe to; pusher-js subscribes to all of them again, and a refusal is final.
 * - 4004, "over the connection quota": after a minute.
 *
 * Returns a function that ends this. pusher-js itself handles all other close codes.
 */
export function reconnectWhenEnded(pusher: Pusher): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lasting: ReturnType<typeof setTimeout> | undefined;
  let endings = 0;

  const onError = (error: unknown) => {
    const code = closeCode(error);
    if (code !== CONNECTIONS_ENDED && code !== OVER_QUOTA) {
      return;
    }
    clearTimeout(timer);
    // pusher-js reports the error, and then disconnects for good.
    timer = setTimeout(() => pusher.connect(), code === OVER_QUOTA ? OVER_QUOTA_DELAY_MS : delay(endings));
    endings += 1;
  };
  const onState = ({ current }: { current: string }) => {
    clearTimeout(lasting);
    if (current === "connected") {
      lasting = setTimeout(() => (endings = 0), LASTING_MS);
    }
  };
  pusher.connection.bind("error", onError);
  pusher.connection.bind("state_change", onState);
  return () => {
    clearTimeout(timer);
    clearTimeout(lasting);
    pusher.connection.unbind("error", onError);
    pusher.connection.unbind("state_change", onState);
  };
}

const delay = (endings: number) => (endings === 0 ? 0 : backoff(1000, endings));

/** The server's close code, if an error of pusher-js has one. */
function closeCode(error: unknown): number | undefined {
  // pusher-js reports a closing twice: first the server's message, like any other message, and then the end of the connection.
  return (error as Fault | null)?.type === "WebSocketError" ? faultOf(error)?.code : undefined;
}

/** The server's message in an error of pusher-js; it has two shapes. */
export function faultOf(error: unknown): { code?: number; message?: string } | undefined {
  const { data, error: cause } = (error ?? {}) as Fault;
  return data ?? cause?.data;
}

interface Fault {
  type?: string;
  data?: { code?: number; message?: string };
  error?: { data?: { code?: number; message?: string } };
}
