// How values are written.

/** A moment, in milliseconds since 1970, as the time of day. */
export function timeOfDay(at) {
  const moment = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

/** How long something took. */
export function duration(ms) {
  if (ms < 10) {
    return `${ms.toFixed(1)} ms`;
  }
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** JSON text with line breaks. Any other text stays as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** In how many seconds something is due. */
export function distance(seconds) {
  const whole = Math.round(seconds);
  if (whole <= 0) {
    return "now";
  }
  return whole < 90 ? `in ${whole} s` : `in ${Math.round(whole / 60)} min`;
}

/** A word of a shell, quoted. */
export const quoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

/** A request as a command. */
export function curl({ method, url, headers = {}, body }) {
  const words = ["curl", ...(method === "GET" ? [] : ["-X", method]), quoted(url)];
  for (const [name, value] of Object.entries(headers)) {
    words.push("-H", quoted(`${name}: ${value}`));
  }
  if (body !== undefined) {
    words.push("--data-raw", quoted(body));
  }
  return words.join(" ");
}
