import { type RefObject, useEffect } from "react";

/** Between the panel and the bell, the room that a header's line needs, too. */
const GAP_PX = 14;
/** Between the panel and the edge of the window. */
const MARGIN_PX = 8;
/** The panel opens above the bell only where less than this is free below it. */
const ENOUGH_PX = 320;

/** Keeps an open panel at its bell and within the window, wherever the bell is; `inbox` is what the panel's position is relative to. */
export function usePlace(
  { inbox, bell, panel }: { [Element in "inbox" | "bell" | "panel"]: RefObject<HTMLElement | null> },
  isOpen: boolean,
  align: "start" | "end",
): void {
  useEffect(() => {
    if (!isOpen) {
      return undefined;
    }
    const place = () => {
      if (inbox.current !== null && bell.current !== null && panel.current !== null) {
        placeAt(inbox.current, bell.current, panel.current, align);
      }
    };
    place();
    window.addEventListener("resize", place);
    return () => window.removeEventListener("resize", place);
  }, [inbox, bell, panel, isOpen, align]);
}

function placeAt(inbox: HTMLElement, bell: HTMLElement, panel: HTMLElement, align: "start" | "end"): void {
  const [within, at] = [inbox.getBoundingClientRect(), bell.getBoundingClientRect()];
  const { clientWidth, clientHeight } = document.documentElement;
  const [below, above] = [clientHeight - at.bottom - GAP_PX - MARGIN_PX, at.top - GAP_PX - MARGIN_PX];
  const isAbove = below < ENOUGH_PX && above > below;

  const width = panel.offsetWidth;
  const last = clientWidth - MARGIN_PX - width;
  const isAtLeft = (align === "start") === (window.getComputedStyle(bell).direction !== "rtl");
  const [left, other] = isAtLeft ? [at.left, at.right - width] : [at.right - width, at.left];
  const fits = (x: number) => x >= MARGIN_PX && x <= last;
  const x = fits(left) || !fits(other) ? Math.max(Math.min(left, last), MARGIN_PX) : other;

  const places = {
    left: `${x - within.left}px`,
    top: isAbove ? "auto" : `${at.bottom + GAP_PX - within.top}px`,
    bottom: isAbove ? `${within.bottom - at.top + GAP_PX}px` : "auto",
    room: `${Math.max(isAbove ? above : below, ENOUGH_PX / 2)}px`,
  };
  for (const [name, value] of Object.entries(places)) {
    panel.style.setProperty(`--_${name}`, value);
  }
}
