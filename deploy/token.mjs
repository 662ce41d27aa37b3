// Prints a token that `cargo local smoke` may use, signed with the stack's own JWT_SECRET, which is taken from the environment:
//
//     JWT_SECRET=… node deploy/token.mjs <user> <role> <seconds until it expires>

import { createHmac } from "node:crypto";

const [user, role, seconds] = process.argv.slice(2);
const { JWT_SECRET } = process.env;
if (!JWT_SECRET || !user || !role || !Number.isInteger(Number(seconds))) {
  console.error("Set JWT_SECRET, and give a user, a role and the seconds until the token expires: smoke member 600");
  process.exit(1);
}
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { sub: user, roles: [role], exp: Math.floor(Date.now() / 1000) + Number(seconds) };
const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
console.log(`${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`);
