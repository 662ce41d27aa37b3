/** A command that cannot be done as it was typed. The message says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A command that was understood, and failed. */
export class Failure extends Error {
  override readonly name = "Failure";
}
