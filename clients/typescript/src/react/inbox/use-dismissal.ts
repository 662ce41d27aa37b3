import { type RefObject, useEffect } from "react";

import { useLatest } from "../latest.js";

/** Dismisses a panel when a pointer is pressed or the focus goes elsewhere. */
export function useDismissal(root: RefObject<HTMLElement | null>, isOpen: boolean, dismiss: () => void): void {
  const latest = useLatest(dismiss);
  useEffect(() => {
    if (!isOpen) {
      return undefined;
    }
    const onElsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node | null)) {
        latest.current();
      }
    };
    document.addEventListener("pointerdown", onElsewhere);
    document.addEventListener("focusin", onElsewhere);
    return () => {
      document.removeEventListener("pointerdown", onElsewhere);
      document.removeEventListener("focusin", onElsewhere);
    };
  }, [root, isOpen, latest]);
}
