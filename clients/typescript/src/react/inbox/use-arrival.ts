import { useCallback, useEffect, useState } from "react";

import type { InboxStrings } from "./strings.js";

const RINGING_MS = 1_000;

/** Lets the bell ring when a notification comes, and screen readers announce it. */
export function useArrival(strings: InboxStrings) {
  const [isRinging, setRinging] = useState(false);
  const [said, setSaid] = useState({ text: "", count: 0 });

  useEffect(() => {
    if (!isRinging) {
      return undefined;
    }
    const timer = setTimeout(() => setRinging(false), RINGING_MS);
    return () => clearTimeout(timer);
  }, [isRinging]);

  const say = useCallback((text: string) => setSaid(({ count }) => ({ text, count: count + 1 })), []);
  const arrived = useCallback(
    (message: string) => {
      setRinging(true);
      say(strings.arrived(message));
    },
    [strings, say],
  );
  return { isRinging, said, say, arrived };
}
