import { type RefObject, useInsertionEffect, useRef } from "react";

/**
 * What was given at the last rendering. An effect that reads it need not run again for each new value, so a callback that is written
 * inline subscribes once.
 */
export function useLatest<Value>(value: Value): Readonly<RefObject<Value>> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
