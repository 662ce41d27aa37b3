import PusherJs, { type Options } from "pusher-js";

import { type Authorizer, authorization, isPassing } from "./authorize.js";
import { backoff } from "./backoff.js";
import { type OnError, problems } from "./problem.js";
import { reconnectWhenEnded } from "./reconnect.js";
import { subscribeAgain } from "./resubscribe.js";
import { tellFaults } from "./tell-faults.js";
import { type CarillonPusher, type Pusher, typed } from "./typed.js";

/** The wait after the attempts of one authorization, which take some seconds themselves. */
const AGAIN_MS = 5_000;

/** pusher-js's class, of any of its builds. */
export type PusherClass = new (appKey: string, options: Options) => Pusher;

/** How to reach Carillon and Pusher. */
export interface ConnectOptions extends Authorizer {
  /** Key of the Pusher app. It is public. */
  appKey: string;
  /**
   * Cluster of the Pusher app, such as `eu`. Without it and without `wsHost`, channels are served at the host of `apiUrl`: by the local
   * stack, or with `Channels=gateway` at `EdgeDomain`.
   */
  cluster?: string | undefined;
  /** Host, port and TLS of another server of Pusher's protocol. */
  wsHost?: string | undefined;
  wsPort?: number | undefined;
  forceTLS?: boolean | undefined;
  /**
   * Whether to sign the connection in, so that Carillon can end it when the user is removed from a party. On unless `false`; a guest's
   * connection has no user to sign in.
   */
  signIn?: boolean | undefined;
  /**
   * Called with the reason when Carillon refuses the connection, a channel (its name is the second argument) or the sign-in, and when there is
   * no connection. pusher-js alone shows none of them. By default the console does.
   */
  onError?: OnError | undefined;
  /** Any other option of pusher-js. */
  options?: Partial<Omit<Options, "authorizer" | "channelAuthorization" | "userAuthentication">> | undefined;
  /** Another build of pusher-js: that of `pusher-js/react-native`, `pusher-js/worker` or `pusher-js/with-encryption`. */
  Pusher?: unknown;
}

/** A connection, and how to end it. */
export interface Connection {
  pusher: CarillonPusher;
  /** Ends the connection for good. */
  close(): void;
}

/**
 * Connects to Pusher, with Carillon to authorize channels and users. Asks again while Carillon cannot be reached, fails or asks
 * to wait, and connects again after close code 4009.
 */
export function connect(options: ConnectOptions): Connection {
  const Client = (options.Pusher ?? PusherJs) as PusherClass;
  const { tell, mended } = problems(() => options.onError);
  const pusher: Pusher = new Client(options.appKey, pusherOptions(options, () => pusher, tell));
  const stop = [reconnectWhenEnded(pusher), tellFaults(pusher, { tell, mended })];
  if (options.signIn !== false) {
    pusher.signin();
  }
  return {
    pusher: typed(pusher),
    close() {
      stop.forEach((end) => end());
      pusher.unbind_all();
      pusher.disconnect();
    },
  };
}

function pusherOptions(options: ConnectOptions, pusher: () => Pusher, tell: OnError): Options {
  const failures = new WeakMap<object, number>();
  const { cluster } = options;
  const isElsewhere = [cluster, options.wsHost, options.options?.cluster, options.options?.wsHost].some((named) => named !== undefined);
  const { wsHost, wsPort, forceTLS } = isElsewhere ? options : hostOf(options.apiUrl);
  return {
    ...(wsHost !== undefined && { enabledTransports: ["ws", "wss"], wsHost, cluster: "mt1" }),
    ...(wsPort !== undefined && { wsPort, wssPort: wsPort }),
    ...(forceTLS !== undefined && { forceTLS }),
    ...options.options,
    ...(cluster !== undefined && { cluster }),
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const body = { socket_id: socketId, channel_name: channelName };
        const isWanted = isCurrent(pusher, socketId);
        const channel = pusher().channel(channelName);
        answer(authorization(options, "/pusher/auth", body, isWanted), isWanted, (error, granted) => {
          callback(error, granted);
          if (error) {
            tell(error, channelName);
          }
          // pusher-js asks once for each connection, so a channel would stay refused after a failure.
          if (error && isPassing(error) && channel) {
            const failed = (failures.get(channel) ?? 0) + 1;
            failures.set(channel, failed);
            setTimeout(() => isWanted() && subscribeAgain(pusher(), channel), backoff(AGAIN_MS, failed));
          } else if (channel) {
            failures.delete(channel);
          }
        });
      },
    },
    userAuthentication: {
      customHandler: ({ socketId }, callback) => {
        const isWanted = isCurrent(pusher, socketId);
        // No limit on attempts: pusher-js would not ask again on this connection, and no page waits for the sign-in.
        answer(authorization(options, "/pusher/user-auth", { socket_id: socketId }, isWanted, Number.POSITIVE_INFINITY), isWanted, (error, granted) => {
          callback(error, granted);
          if (error) {
            tell(error);
          }
        });
      },
    },
  } as Options;
}

/** The host of a stack that serves its channels itself. */
function hostOf(apiUrl: string): Pick<ConnectOptions, "wsHost" | "wsPort" | "forceTLS"> {
  const { hostname, port, protocol } = new URL(apiUrl);
  const forceTLS = protocol === "https:";
  return { wsHost: hostname, wsPort: port === "" ? (forceTLS ? 443 : 80) : Number(port), forceTLS };
}

/**
 * Whether the connection that asked is still open. pusher-js asks again for a new connection, and would send it the signature of the
 * old one; Pusher then closes the connection.
 */
const isCurrent = (pusher: () => Pusher, socketId: string) => () => {
  const { state, socket_id } = pusher().connection;
  return state === "connected" && socket_id === socketId;
};

function answer<Granted>(
  asked: Promise<Granted | undefined>,
  isWanted: () => boolean,
  callback: (error: Error | null, granted: Granted | null) => void,
): void {
  asked.then(
    (granted) => {
      if (granted !== undefined && isWanted()) {
        callback(null, granted);
      }
    },
    (error: unknown) => {
      if (isWanted()) {
        callback(error instanceof Error ? error : new Error(String(error)), null);
      }
    },
  );
}
