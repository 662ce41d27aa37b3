import { type RefObject, useInsertionEffect, useRef } from "react";

/**
 * The value of the last rendering. An effect that reads it does not run again for each new value, so an inline callback
 * subscribes once.
 */
export function useLatest<Value>(value: Value): Readonly<RefObject<Value>> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
