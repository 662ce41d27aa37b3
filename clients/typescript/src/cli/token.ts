import { parseArgs } from "node:util";

import { signed } from "./bearer.js";
import { UsageError } from "./failure.js";
import { settings } from "./settings.js";

/** `carillon token`: prints a token, and nothing else. */
export async function token(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: "string" },
      name: { type: "string" },
      avatar: { type: "string" },
      role: { type: "string", multiple: true },
      channel: { type: "string", multiple: true },
      hours: { type: "string", default: "12" },
      hotel: { type: "string" },
      booking: { type: "string" },
    },
  });
  const { name, avatar: picture, role: roles, channel: channels, hotel, booking } = values;
  const [userId, ...more] = positionals;
  const hours = Number(values.hours);
  if (!Number.isInteger(hours) || hours < 1 || hours > 8784) {
    throw new UsageError(`--hours is ${values.hours}: give 1 to 8784`);
  }
  if (roles?.some((role) => role !== "service")) {
    throw new UsageError("--role knows one role: service");
  }
  const isGuest = hotel !== undefined || booking !== undefined;
  if (more.length > 0 || isGuest === (userId !== undefined) || (isGuest && (hotel === undefined || booking === undefined))) {
    throw new UsageError("Say whose token: a user's id, or --hotel and --booking");
  }
  if (isGuest && (picture ?? roles ?? channels) !== undefined) {
    throw new UsageError("A guest's token has no --avatar, --role and --channel");
  }
  const claims = isGuest
    ? { aud: "guest", hotel, booking, name: name ?? "Guest" }
    : { sub: userId as string, ...(name && { name }), ...(picture && { picture }), ...(roles && { roles }), ...(channels && { channels }) };
  console.log(await signed(settings(values, env), claims, hours));
}
