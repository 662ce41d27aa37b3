/** Carillon refused, or failed at the last attempt. The message is Carillon's, and says what to do. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(
    /** Status code of the response. */
    readonly status: number,
    message: string,
    /** The response's `x-request-id`, by which the logs have it. */
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}
