//! `/console/events`: what happens, as server-sent events, the last of it first.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream;
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::broadcast;

use super::meter::Meter;
use super::seen::{Seen, Way};
use super::traffic::{Traffic, TrafficLine};
use crate::files::journal::{Reader, TRAFFIC};
use crate::services::recorder::{Note, PusherEvent};

/// How often the log of what rows owe is looked at.
const INTERVAL: Duration = Duration::from_millis(40);
/// Events that a page gets of the time before it was opened.
const KEPT: usize = 500;
/// Events that a slow page may be behind before it misses some.
const BEHIND: usize = 2000;

/// Everything that is sent to the pages.
#[derive(Clone)]
pub(super) struct Feed(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    sender: broadcast::Sender<Arc<Told>>,
}

#[derive(Default)]
struct Inner {
    traffic: Traffic,
    meter: Meter,
    /// Events of the Pusher server and of clients since the last look.
    arrived: Vec<Arrival>,
    number: u64,
    kept: VecDeque<Arc<Told>>,
}

enum Arrival {
    Taken(f64, PusherEvent),
    Seen(Seen),
}

/// A server-sent event.
struct Told {
    /// Counts from 1; 0 for what is not sent again.
    number: u64,
    name: &'static str,
    data: String,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self::of(Traffic::default())
    }

    /// Of a stack without a Pusher server.
    pub(super) fn without_server() -> Self {
        Self::of(Traffic::without_server())
    }

    fn of(traffic: Traffic) -> Self {
        let (sender, _) = broadcast::channel(BEHIND);
        Self(Arc::new(Shared { inner: Mutex::new(Inner { traffic, ..Inner::default() }), sender }))
    }

    /// Takes the recorder's notes.
    pub(super) fn note(&self) -> Note {
        let feed = self.clone();
        Arc::new(move |messages| {
            let at = now();
            feed.inner().arrived.extend(messages.into_iter().map(|message| Arrival::Taken(at, message)));
        })
    }

    /// Shows an event that no row owes.
    pub(super) fn show(&self, seen: Seen) {
        self.inner().arrived.push(Arrival::Seen(seen));
    }

    /// Forgets what rows owe, and the events of before: the table is a new one.
    pub(super) fn start_over(&self) {
        let mut inner = self.inner();
        inner.traffic.start_over();
        inner.kept.clear();
    }

    /// Follows the log, and ends the seconds.
    pub(super) async fn follow(&self, logs: &Path) -> Infallible {
        let mut reader = Reader::of(logs, TRAFFIC);
        let mut second = seconds();
        loop {
            // Before the log is read, which then has the writes of all that has arrived.
            let arrived = std::mem::take(&mut self.inner().arrived);
            let lines = reader.read().unwrap_or_default();
            self.take(lines, arrived);
            if seconds() != second {
                second = seconds();
                self.end_second(second);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn take(&self, lines: Vec<TrafficLine>, arrived: Vec<Arrival>) {
        let mut inner = self.inner();
        let mut seen: Vec<_> = lines.into_iter().filter_map(|line| inner.traffic.read(line)).collect();
        seen.append(&mut inner.traffic.take_unheard());
        for arrival in arrived {
            seen.push(match arrival {
                Arrival::Taken(at, message) => inner.traffic.taken(at, message),
                Arrival::Seen(seen) => seen,
            });
        }
        seen.sort_by(|one, other| one.at.total_cmp(&other.at));
        for seen in seen {
            if matches!(seen.way, Way::Pusher | Way::Socket) {
                inner.meter.count(seen.ms);
            }
            inner.number += 1;
            let data = serde_json::to_string(&seen).expect("an event is text and numbers");
            let told = Arc::new(Told { number: inner.number, name: "seen", data });
            inner.kept.push_back(told.clone());
            if inner.kept.len() > KEPT {
                inner.kept.pop_front();
            }
            // Sending fails while no console is open, which is normal.
            let _ = self.0.sender.send(told);
        }
    }

    fn end_second(&self, at: u64) {
        let mut inner = self.inner();
        let owed = inner.traffic.backlog();
        let second = inner.meter.tick(at, owed);
        let data = serde_json::to_string(&second).expect("a second is numbers");
        let _ = self.0.sender.send(Arc::new(Told { number: 0, name: "second", data }));
    }

    /// The events of a request that pages get of the time before, as the pages get them.
    pub(super) fn of_request(&self, id: &str) -> Vec<Value> {
        let inner = self.inner();
        let kept = inner.kept.iter().filter(|told| told.data.contains(id));
        let all = kept.filter_map(|told| serde_json::from_str::<Value>(&told.data).ok());
        all.filter(|seen| seen.get("requestId").and_then(Value::as_str) == Some(id)).collect()
    }

    /// The stream for one page. One that comes back says with `Last-Event-ID` what it has.
    pub(super) fn stream(&self, headers: &HeaderMap) -> Response {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
        let (receiver, before) = {
            // Together, so that nothing is between them.
            let inner = self.inner();
            let seconds = serde_json::to_string(&inner.meter.seconds()).expect("seconds are numbers");
            let mut before = vec![Arc::new(Told { number: 0, name: "seconds", data: seconds })];
            // A number that was not given yet is that of a stack before this one.
            let last = if last > inner.number { 0 } else { last };
            before.extend(inner.kept.iter().filter(|told| told.number > last).cloned());
            (self.0.sender.subscribe(), before)
        };
        let live = stream::unfold(receiver, async |mut receiver| {
            loop {
                match receiver.recv().await {
                    Ok(told) => return Some((told, receiver)),
                    // The page was too slow, and has missed some.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        let events = stream::iter(before).chain(live).map(|told| Ok::<_, Infallible>(told.event()));
        Sse::new(events).keep_alive(KeepAlive::default()).into_response()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn event(&self) -> Event {
        let event = Event::default().event(self.name).data(&self.data);
        if self.number > 0 { event.id(self.number.to_string()) } else { event }
    }
}

/// Milliseconds since 1970, with a digit after the point.
pub(super) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs_f64() * 10_000.0).round() / 10.0
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use serde_json::json;

    fn taken(name: &str) -> Arrival {
        let message = PusherEvent { channel: "c".to_owned(), name: name.to_owned(), data: "{}".to_owned() };
        Arrival::Taken(1005.0, message)
    }

    fn line(value: Value) -> TrafficLine {
        serde_json::from_value(value).unwrap()
    }

    /// The events that a page gets at once.
    fn told(feed: &Feed, last: &str) -> String {
        let headers = HeaderMap::from_iter([("last-event-id".parse().unwrap(), last.parse().unwrap())]);
        let mut body = feed.stream(&headers).into_body().into_data_stream();
        let mut text = String::new();
        while let Some(Some(Ok(bytes))) = body.next().now_or_never() {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn a_page_gets_what_it_does_not_have_yet() {
        let feed = Feed::new();
        feed.take(Vec::new(), vec![taken("one"), taken("two")]);
        let all = told(&feed, "0");
        assert!(all.contains("\"event\":\"one\"") && all.contains("\"event\":\"two\""), "{all}");
        assert!(all.contains("event: seconds") && all.contains("id: 2"), "{all}");
        let rest = told(&feed, "1");
        assert!(!rest.contains("\"event\":\"one\"") && rest.contains("\"event\":\"two\""), "{rest}");
        let of_another_stack = told(&feed, "99");
        assert!(of_another_stack.contains("\"event\":\"one\""), "{of_another_stack}");
    }

    #[test]
    fn the_events_of_a_request_are_found_by_its_id() {
        let feed = Feed::new();
        let entry =
            json!({ "id": "a", "requestId": "r-1", "kind": "pusher", "channel": "c", "name": "n", "data": "{}" });
        let wrote = json!({ "pk": "p", "sk": "s", "was": null, "now": json!({ "owed": [entry] }).to_string() });
        feed.take(vec![line(json!({ "at": 1000.0, "wrote": wrote }))], vec![taken("n"), taken("r-1")]);
        let found = feed.of_request("r-1");
        assert_eq!((found.len(), &found[0]["event"], &found[0]["ms"]), (1, &json!("n"), &json!(5.0)));
        assert_eq!(feed.of_request("r-2"), Vec::<Value>::new());
    }

    #[tokio::test]
    async fn an_event_and_its_write_are_put_together_and_counted() {
        let feed = Feed::new();
        let owed = json!({ "owed": [{ "id": "a", "kind": "pusher", "channel": "c", "name": "n", "data": "{}" }] });
        let wrote = json!({ "pk": "p", "sk": "s", "was": null, "now": owed.to_string() });
        feed.take(vec![line(json!({ "at": 1000.0, "wrote": wrote }))], vec![taken("n")]);
        feed.end_second(1);
        let all = told(&feed, "0");
        assert!(all.contains("\"ms\":5.0"), "{all}");
        assert!(all.contains("{\"at\":1,\"arrived\":1,\"p50\":5.0,\"p99\":5.0,\"owed\":1}"), "{all}");
        feed.start_over();
        feed.end_second(2);
        let after = told(&feed, "0");
        assert!(after.contains("\"at\":2,\"arrived\":0,\"p50\":5.0,\"p99\":5.0,\"owed\":0"), "{after}");
        assert!(!after.contains("event: seen"), "an event of before: {after}");
    }
}
