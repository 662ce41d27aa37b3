import { useCallback, useEffect, useState } from "react";

import type { InboxStrings } from "./strings.js";

const RINGING_MS = 1_000;

/** Lets the bell ring when a notification comes, and screen readers announce it. */
export function useArrival(strings: InboxStrings) {
  const [isRinging, setRinging] = useState(false);
  const [said, say] = useState("");

  useEffect(() => {
    if (!isRinging) {
      return undefined;
    }
    const timer = setTimeout(() => setRinging(false), RINGING_MS);
    return () => clearTimeout(timer);
  }, [isRinging]);

  const arrived = useCallback(
    (message: string) => {
      setRinging(true);
      say(strings.arrived(message));
    },
    [strings],
  );
  return { isRinging, said, say, arrived };
}
