/** Milliseconds to wait before the try after `failures` failures: twice as long each time, and never all clients at once. */
export function backoff(firstMs: number, failures: number, mostMs = 60_000): number {
  const ms = Math.min(mostMs, firstMs * 2 ** (failures - 1));
  return ms * (0.5 + Math.random() / 2);
}
