import { parseArgs } from "node:util";

import type { NotificationRequested } from "../generated/asyncapi.js";
import { fetchInTime, refusal } from "../request.js";
import { createBackend } from "../server/backend.js";
import { bearer } from "./bearer.js";
import { Failure, UsageError } from "./failure.js";
import { STACK_OPTIONS, type Settings, settings } from "./settings.js";

const SERVICE = { sub: "carillon-cli", roles: ["service"] };

/** `carillon send`: notifies a user, or sends an event to channels. */
export async function send(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...STACK_OPTIONS,
      "app-id": { type: "string" },
      title: { type: "string" },
      body: { type: "string" },
      type: { type: "string" },
      data: { type: "string" },
      priority: { type: "string" },
      channel: { type: "string", multiple: true },
    },
  });
  const stack = settings(values, env);
  const { channel: channels, title, body, priority } = values;
  if (channels !== undefined) {
    const [event, data, ...more] = positionals;
    if (event === undefined || more.length > 0 || (title ?? body ?? values.type ?? priority) !== undefined) {
      throw new UsageError("Give the event's name and its data: carillon send --channel private-orders-1 shipped '{\"parcel\":7}'");
    }
    await publish(stack, channels, event, parsed("the data", data ?? values.data ?? "null"));
    return;
  }
  const [userId, ...more] = positionals;
  if (userId === undefined || more.length > 0) {
    throw new UsageError("Say whom to notify: carillon send ben --title 'Your parcel' --body 'It arrives on Friday.'");
  }
  if (priority !== undefined && priority !== "high" && priority !== "normal") {
    throw new UsageError("--priority is high or normal");
  }
  const data = values.data === undefined ? undefined : parsed("--data", values.data);
  const notification = { userId, type: values.type ?? "SYSTEM", title, body, priority, data };
  const backend = createBackend({ apiUrl: stack.url, token: () => bearer(stack, SERVICE) });
  // Carillon checks the words, and its message says what is wrong.
  const { notificationId } = await backend.notify(notification as NotificationRequested & { userId: string });
  console.log(`Notified ${userId}: ${notificationId}`);
}

async function publish(stack: Settings, channels: string[], event: string, data: unknown): Promise<void> {
  const { url, isLocal, appId, key, secret } = stack;
  if (appId !== undefined && key !== undefined && secret !== undefined) {
    await createBackend({ apiUrl: url, app: { appId, key, secret } }).publish(channels, event, data);
    console.log(`Sent ${event} to ${channels.join(", ")}`);
    return;
  }
  if (!isLocal) {
    const missing = [["CARILLON_APP_ID", appId], ["CARILLON_KEY", key], ["CARILLON_SECRET", secret]].filter(([, value]) => value === undefined);
    throw new Failure(`The stack's Pusher app signs events: set ${missing.map(([name]) => name).join(", ")}`);
  }
  // The local stack keeps the app's secret to itself, and has a route that needs none.
  for (const channel of channels) {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ channel, event, data }) };
    const response = await fetchInTime(`${url}/pusher/mock-event`, init);
    if (!response.ok) {
      throw await refusal(response);
    }
  }
  console.log(`Sent ${event} to ${channels.join(", ")}, without storing it first: that needs CARILLON_APP_ID, CARILLON_KEY and CARILLON_SECRET`);
}

function parsed(name: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is not JSON: give '{"parcel":7}' in quotes`);
  }
}
