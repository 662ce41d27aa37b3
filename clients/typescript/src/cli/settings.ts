import { isLocal } from "../server/local-token.js";
import { UsageError } from "./failure.js";

/** The flags that name a stack, for `parseArgs`. */
export const STACK_OPTIONS = {
  url: { type: "string" },
  key: { type: "string" },
  cluster: { type: "string" },
} as const;

/** Flags of every command, as typed. */
export interface StackFlags {
  url?: string | undefined;
  key?: string | undefined;
  cluster?: string | undefined;
  "app-id"?: string | undefined;
}

/** Where the stack is, and what the environment says of it. Secrets come from there alone. */
export interface Settings {
  url: string;
  isLocal: boolean;
  key: string | undefined;
  cluster: string | undefined;
  appId: string | undefined;
  secret: string | undefined;
  jwtSecret: string | undefined;
  token: string | undefined;
  /** Claims of every token that is signed. */
  claims: Record<string, string>;
}

export function settings(flags: StackFlags, env: NodeJS.ProcessEnv): Settings {
  const of = (name: string) => env[`CARILLON_${name}`] || undefined;
  const url = (flags.url ?? of("URL") ?? "http://localhost:3000").replace(/\/+$/, "");
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(`${JSON.stringify(url)} is no address: take the stack's output ApiUrl, or http://localhost:3000`);
  }
  const [issuer, audience] = [of("JWT_ISSUER"), of("JWT_AUDIENCE")];
  return {
    url,
    isLocal: isLocal(url),
    key: flags.key ?? of("KEY"),
    cluster: flags.cluster ?? of("CLUSTER"),
    appId: flags["app-id"] ?? of("APP_ID"),
    secret: of("SECRET"),
    jwtSecret: of("JWT_SECRET"),
    token: of("TOKEN"),
    claims: { ...(issuer && { iss: issuer }), ...(audience && { aud: audience }) },
  };
}
