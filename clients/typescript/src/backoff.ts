/** Milliseconds to wait after `failures` failures: twice as long each time, with jitter, so that clients do not retry together. */
export function backoff(firstMs: number, failures: number, mostMs = 60_000): number {
  const ms = Math.min(mostMs, firstMs * 2 ** (failures - 1));
  return ms * (0.5 + Math.random() / 2);
}
