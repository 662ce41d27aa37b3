import { parseArgs } from "node:util";

import { type ConnectOptions, connect } from "../connect.js";
import { RefusedError } from "../refused.js";
import { fetchInTime, refusal } from "../request.js";
import { mayPass } from "../resubscribe.js";
import { bearer } from "./bearer.js";
import { Failure, UsageError } from "./failure.js";
import { STACK_OPTIONS, type Settings, settings } from "./settings.js";

/** `carillon listen`: a pusher-js client that prints what it receives, until Ctrl-C. */
export async function listen(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...STACK_OPTIONS,
      channel: { type: "string", multiple: true, default: [] },
    },
  });
  const [userId, ...more] = positionals;
  if (userId === undefined || more.length > 0) {
    throw new UsageError("Say who listens: carillon listen ben");
  }
  const stack = settings(values, env);
  const own = values.channel.filter((name) => /^(private|presence)-/.test(name));
  const token = await bearer(stack, { sub: userId, ...(own.length > 0 && { channels: own }) });
  let end: (error: Error) => void = () => {};
  const onError = (error: Error, channel?: string) => {
    if (channel === undefined && error instanceof RefusedError && isFinal(error.status)) {
      end(new Failure(`The connection is refused: ${error.message}`));
    } else if (channel === undefined) {
      console.error(`error: ${error.message}`);
    }
  };
  const { pusher } = connect({ ...(await channelsOf(stack)), apiUrl: stack.url, token, onError });

  // In Node, pusher-js throws at API Gateway's frame about a function that failed. It connects again.
  process.on("uncaughtException", (error) => console.error(`error: ${error.message}`));
  pusher.connection.bind("state_change", ({ current }: { current: string }) => print("connection", current));
  await new Promise<never>((_, reject) => {
    end = reject;
    for (const name of [`private-user-${userId}`, ...values.channel]) {
      const channel = pusher.subscribe(name);
      channel.bind_global((event: string, data: unknown) => print(name, event, data));
      channel.bind("pusher:subscription_error", () => {
        reasonOf(stack, token, pusher.connection.socket_id, name).then((reason) => {
          if (reason !== null) {
            reject(new Failure(`${name} is refused: ${reason}`));
          }
        }, console.error);
      });
    }
    console.log("Ctrl-C ends this.");
  }).finally(() => pusher.disconnect());
}

/** Whether a close code ends the connection for good, such as that of a wrong key. After 4004, too many connections, it is made again. */
const isFinal = (code: number) => code >= 4000 && code < 4100 && code !== 4004;

const print = (channel: string, event: string, data?: unknown) =>
  console.log(`${new Date().toISOString()}  ${channel}  ${event}  ${JSON.stringify(data ?? null)}`);

/** How clients reach the channels. The local stack says so itself. */
async function channelsOf({ url, isLocal, key, cluster }: Settings): Promise<Pick<ConnectOptions, "appKey" | "cluster" | "wsHost" | "wsPort" | "forceTLS">> {
  if (key !== undefined) {
    return { appKey: key, cluster };
  }
  if (!isLocal) {
    throw new Failure("Set CARILLON_KEY to the key of the stack's Pusher app, and CARILLON_CLUSTER to its cluster if Pusher serves its channels");
  }
  const response = await fetchInTime(`${url}/console/session`, {});
  if (!response.ok) {
    throw await refusal(response);
  }
  const { pusher } = (await response.json()) as { pusher: { key: string; cluster: string; host: string; port: number; tls: boolean } };
  return pusher.host.endsWith("pusher.com")
    ? { appKey: pusher.key, cluster: pusher.cluster }
    : { appKey: pusher.key, wsHost: pusher.host, wsPort: pusher.port, forceTLS: pusher.tls };
}

/** Why a subscription is refused for good; null if `connect` tries it again. */
async function reasonOf({ url }: Settings, token: string, socketId: string, channel: string): Promise<string | null> {
  const response = await fetchInTime(`${url}/pusher/auth`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ socket_id: socketId, channel_name: channel }),
  }).catch(() => null);
  return response === null || response.ok || mayPass(response.status) ? null : (await refusal(response)).message;
}
