// Hearing of news over Pusher, and what to do for as long as Pusher does not bring them.

const POLL_MS = 2_000;
const SETTLE_MS = 3_000;
const PATIENCE_MS = 3_000;
const MOST_MS = 60_000;

/** How long to wait after so many failures: twice as long each time, and never all pages at once. */
const backoff = (firstMs, failures) => Math.min(MOST_MS, firstMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether another try may succeed: no response, a time-out, a limit, a failure of the server. */
export const mayPass = (status) => !status || status === 408 || status === 429 || status >= 500;

/** Does something, and again, later each time, where it failed in a way that may pass. Fails when the last try does. */
export async function persist(act, { tries = 6, firstMs = 500 } = {}) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried >= tries || !mayPass(error.status)) {
        throw error;
      }
      await pause(backoff(firstMs, tried));
    }
  }
}

/** Reads until what is read is as new as the event that it is read for: an index may be a moment behind the event. */
export async function readUntil(read, isNewEnough, { tries = 7, firstMs = 250 } = {}) {
  for (let tried = 1; ; tried += 1) {
    const value = await persist(read);
    if (tried >= tries || isNewEnough(value)) {
      return value;
    }
    await pause(backoff(firstMs, tried));
  }
}

/**
 * Keeps a channel subscribed. pusher-js asks for its authorization once per connection: after one 500 or 429 a page would be connected and hear
 * nothing. A refusal, such as 403, is final; it goes to `refused`.
 */
export function keepSubscribed(pusher, channel, refused) {
  let failures = 0;
  channel.bind("pusher:subscription_error", (error) => {
    if (!mayPass(error.status)) {
      refused(error);
      return;
    }
    failures += 1;
    setTimeout(() => {
      // On a new connection, pusher-js asks by itself.
      const isWanted = pusher.channel(channel.name) === channel && pusher.connection.state === "connected";
      if (isWanted && !channel.subscribed && !channel.subscriptionPending) {
        channel.subscribe();
      }
    }, backoff(1_000, failures));
  });
  channel.bind("pusher:subscription_succeeded", () => (failures = 0));
}

/**
 * Keeps a page up to date. It is live when Pusher is connected **and every channel is subscribed**: events between the two are not heard.
 * Each time that it comes to be live, `catchUp` reads what was missed, and once more a moment later, since an index may be behind; while it
 * is not live, `poll` asks whether anything is new. A read that fails is tried again. It calls `say(state, error)` at each change:
 * "connecting", "live", "polling"; with the error of a read that failed, or of a refused subscription.
 */
export function stayLive(pusher, channels, { catchUp, poll, say }) {
  let timer = null;
  let turn = 0;
  let failures = 0;
  let wasLive = null;
  let refusal = null;
  const isLive = () => pusher.connection.state === "connected" && channels.every((channel) => channel.subscribed);
  const later = (ms, act) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };

  async function run(read, then) {
    const mine = (turn += 1);
    let failure = null;
    try {
      await read();
    } catch (error) {
      failure = error;
    }
    if (mine !== turn) {
      // The state has changed meanwhile, and something else reads.
      return;
    }
    failures = failure ? failures + 1 : 0;
    say(isLive() ? "live" : "polling", failure ?? refusal);
    if (failure) {
      later(backoff(POLL_MS, failures), () => run(read, then));
    } else {
      then();
    }
  }
  const catchUpTwice = () => run(catchUp, () => later(SETTLE_MS, () => run(catchUp, () => {})));
  const pollOn = () => run(poll, () => later(POLL_MS, pollOn));

  const look = () => {
    if (isLive() === wasLive) {
      return;
    }
    const isFirst = wasLive === null;
    wasLive = isLive();
    if (wasLive) {
      refusal = null;
      say("live");
      later(0, catchUpTwice);
    } else {
      say(isFirst ? "connecting" : "polling");
      // A page that has just been opened has read everything; it may take a moment to connect.
      later(isFirst ? PATIENCE_MS : 0, pollOn);
    }
  };
  pusher.connection.bind("state_change", look);
  for (const channel of channels) {
    // On the channel: pusher-js emits neither of these on the client.
    channel.bind("pusher:subscription_succeeded", look);
    channel.bind("pusher:subscription_error", look);
    keepSubscribed(pusher, channel, (error) => {
      refusal = error;
      later(0, pollOn);
    });
  }
  look();
}
