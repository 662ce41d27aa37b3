// Users and ids that no other test has.

import { randomUUID } from "node:crypto";

import { token } from "./token.mjs";

/** An id of its own, readable in a failure's message. */
export const newId = (noun) => `${noun}-${randomUUID()}`;

/** Someone with an account. */
export function person(name = "Ada", picture = null) {
  const userId = newId("user");
  const bearer = token({ sub: userId, name, ...(picture && { picture }) });
  return { userId, displayName: name, avatarUrl: picture, token: bearer, ownChannel: `private-user-${userId}` };
}

/** A person as events show them. */
export const shown = ({ userId, displayName, avatarUrl }) => ({ userId, displayName, avatarUrl });

/** Another back end. */
export const service = () => ({ token: token({ sub: newId("service"), roles: ["service"] }) });
