const UNITS: [Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const A_WEEK_S = 7 * 86_400;

/** "5 minutes ago" in the user's language; after a week, the date. */
export function relativeTime(time: string, now: number, locale: string | undefined): string {
  const at = new Date(time);
  const seconds = (at.getTime() - now) / 1000;
  if (-seconds > A_WEEK_S) {
    return at.toLocaleDateString(locale, { day: "numeric", month: "short", year: "numeric" });
  }
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  const [unit, size] = UNITS.find(([, size]) => -seconds >= size) ?? (["second", 0] as const);
  // A clock that is late shows no notification of the future.
  return size === 0 ? format.format(0, "second") : format.format(Math.round(seconds / size), unit);
}
