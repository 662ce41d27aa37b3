import { backoff } from "./backoff.js";
import type { Sockets } from "./generated/asyncapi.js";
import { type OnError, problems, refusalOf } from "./problem.js";
import { type Token, tokenNow } from "./token.js";

const FIRST_DELAY_MS = 1_000;
/** A connection that lasted this long was not part of a series that each ended at once. */
const LASTING_MS = 60_000;
/** Carillon sends something at least once a minute. After this silence the connection is asked, and then made again. */
const SILENCE_MS = 75_000;
const ANSWER_MS = 10_000;
/** A connection that asks for the reason of a refusal receives it within this time of its opening. */
const VERDICT_MS = 1_000;

const PATHS = { dashboard: "dashboard", directMessages: "ws" } as const satisfies Record<keyof Sockets, string>;

/** `connecting` also between two attempts; `closed` after `close()` alone. */
export type SocketState = "connecting" | "connected" | "closed";

export interface SocketOptions {
  /** Address of the WebSocket API: `wss://{SocketApiId}.execute-api.{region}.amazonaws.com`, or `ws://localhost:3000`. */
  socketUrl: string;
  token: Token;
  /** Which of an event's two names comes on `/ws`; by default both. */
  names?: "lower" | "upper" | undefined;
  /** Called when the connection opens and ends. */
  onState?: ((state: SocketState) => void) | undefined;
  /** Called with the reason when Carillon refuses the connection or cannot be reached; further attempts follow. By default the console shows it. */
  onError?: OnError | undefined;
  /** A WebSocket class, where there is no global one: in Node before 22, that of the package `ws`. */
  WebSocket?: unknown;
}

export interface SocketConnection<Namespace extends keyof Sockets> {
  readonly state: SocketState;
  /** Calls back for each event of this name. Returns a function that ends this. */
  on<Event extends keyof Sockets[Namespace]["heard"]>(event: Event, callback: (data: Sockets[Namespace]["heard"][Event]) => void): () => void;
  /** Sends an event. Returns false without a connection: then it is not sent, now or later. */
  send<Event extends keyof Sockets[Namespace]["sent"]>(event: Event, data: Sockets[Namespace]["sent"][Event]): boolean;
  /** Ends the connection for good. */
  close(): void;
}

/**
 * Connects to a namespace of the WebSocket API, without Socket.IO: `dashboard`, or `directMessages` for `/ws`. Connects again with growing
 * delays, with the token of that moment, also after the hour or two that API Gateway keeps a connection. Events of the time between do not
 * arrive: read what is missing each time that `onState` says `connected`.
 */
export function connectSocket<Namespace extends keyof Sockets>(namespace: Namespace, options: SocketOptions): SocketConnection<Namespace> {
  const Client = (options.WebSocket ?? globalThis.WebSocket) as typeof WebSocket | undefined;
  if (Client === undefined) {
    throw new Error("There is no WebSocket here: give connectSocket that of the package ws, as `WebSocket`");
  }
  const callbacks = new Map<string, Set<(data: never) => void>>();
  let socket: WebSocket | undefined;
  let state: SocketState = "connecting";
  let failures = 0;
  let again: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  // A browser hides the reason of a refused handshake, so the next attempt asks for an event with it.
  let asksWhy = false;
  const { tell, mended } = problems(() => options.onError);

  const isClosed = () => state === "closed";
  const show = (now: SocketState) => {
    if (state !== now && !isClosed()) {
      state = now;
      options.onState?.(now);
    }
  };

  async function open(): Promise<void> {
    let address: string;
    try {
      const query = new URLSearchParams({
        token: await tokenNow(options.token),
        ...(options.names && { names: options.names }),
        ...(asksWhy && { refusal: "event" }),
      });
      address = `${options.socketUrl.replace(/^http/, "ws").replace(/\/+$/, "")}/${PATHS[namespace]}?${query}`;
    } catch {
      // The token may be available in a moment.
      retry();
      return;
    }
    if (isClosed()) {
      return;
    }
    const opened = new Client!(address);
    socket = opened;
    let [hasOpened, isAccepted] = [false, false];
    let lasting: ReturnType<typeof setTimeout> | undefined;
    let verdict: ReturnType<typeof setTimeout> | undefined;
    const accept = () => {
      clearTimeout(verdict);
      if (!isAccepted && socket === opened) {
        [isAccepted, asksWhy] = [true, false];
        mended();
        lasting = setTimeout(() => (failures = 0), LASTING_MS);
        show("connected");
      }
    };
    opened.onopen = () => {
      hasOpened = true;
      listenForSilence(opened);
      if (asksWhy) {
        verdict = setTimeout(accept, VERDICT_MS);
      } else {
        accept();
      }
    };
    opened.onmessage = ({ data }) => {
      listenForSilence(opened);
      const heard = read(data);
      if (!isAccepted && heard?.event === "error") {
        clearTimeout(verdict);
        tell(refusalOf(heard.data));
        return;
      }
      accept();
      hear(heard);
    };
    // The end follows. The package `ws` throws an error that nobody handles.
    opened.onerror = () => {};
    opened.onclose = () => {
      clearTimeout(lasting);
      clearTimeout(verdict);
      if (socket === opened) {
        if (asksWhy && !hasOpened) {
          tell(new Error(`No connection to ${address.split("?")[0]}: check the address and the network`));
        }
        asksWhy = !isAccepted;
        retry();
      }
    };
  }

  function retry(): void {
    clearTimeout(silence);
    socket = undefined;
    if (isClosed()) {
      return;
    }
    show("connecting");
    failures += 1;
    again = setTimeout(open, backoff(FIRST_DELAY_MS, failures));
  }

  /** A network that vanished ends no connection by itself. */
  function listenForSilence(opened: WebSocket): void {
    clearTimeout(silence);
    silence = setTimeout(() => {
      opened.send(JSON.stringify({ event: "ping" }));
      silence = setTimeout(() => {
        // The closing handshake would wait for the network, too.
        opened.onclose = null;
        opened.close();
        retry();
      }, ANSWER_MS);
    }, SILENCE_MS);
  }

  function hear(heard: Frame | undefined): void {
    for (const callback of callbacks.get(String(heard?.event)) ?? []) {
      callback(heard?.data as never);
    }
  }

  void open();
  return {
    get state() {
      return state;
    },
    on(event, callback) {
      const name = String(event);
      const those = callbacks.get(name) ?? new Set();
      callbacks.set(name, those);
      those.add(callback);
      return () => {
        those.delete(callback);
      };
    },
    send(event, data) {
      if (socket === undefined || state !== "connected") {
        return false;
      }
      socket.send(JSON.stringify({ event, data }));
      return true;
    },
    close() {
      clearTimeout(again);
      clearTimeout(silence);
      const ended = socket;
      socket = undefined;
      show("closed");
      ended?.close(1000);
    },
  };
}

interface Frame {
  event?: unknown;
  data?: unknown;
}

function read(frame: unknown): Frame | undefined {
  try {
    return JSON.parse(String(frame)) as Frame;
  } catch {
    return undefined;
  }
}
