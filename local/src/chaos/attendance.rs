//! Which connections of clients were subscribed to what, and when, by their own words.
//!
//! All times are milliseconds since 1970, by this machine's clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The subscriptions of all connections so far.
#[derive(Default)]
pub(super) struct Attendance {
    /// By channel and connection, the oldest first.
    spans: HashMap<String, BTreeMap<String, Vec<Span>>>,
    /// The socket id of each connection that is open.
    open: BTreeMap<String, String>,
    /// The subscriptions that clients were asked for, by connection and channel.
    asked: BTreeSet<(String, String)>,
    /// Those of them that the server refuses for good.
    refused: BTreeSet<(String, String)>,
    /// How many connections have ended.
    ends: u64,
}

struct Span {
    from: f64,
    /// Absent while it lasts.
    to: Option<f64>,
}

impl Attendance {
    /// A client was connected, with this socket id.
    pub(super) fn connected(&mut self, connection: &str, socket: String) {
        self.open.insert(connection.to_owned(), socket);
    }

    /// The socket ids of all open connections.
    pub(super) fn sockets(&self) -> Vec<String> {
        self.open.values().cloned().collect()
    }

    /// A client was asked to subscribe.
    pub(super) fn asked(&mut self, connection: &str, channel: &str) {
        self.asked.insert((connection.to_owned(), channel.to_owned()));
    }

    /// The server refused a subscription, so the client does not ask again.
    pub(super) fn refused(&mut self, connection: &str, channel: &str) {
        self.refused.insert((connection.to_owned(), channel.to_owned()));
    }

    /// The connections and channels that were asked for and not refused, and are without a subscription now.
    pub(super) fn absent(&self) -> Vec<String> {
        let is_on = |connection: &str, channel: &str| {
            let last = self.spans.get(channel).and_then(|of_channel| of_channel.get(connection)?.last());
            last.is_some_and(|last| last.to.is_none())
        };
        let absent = self.asked.difference(&self.refused).filter(|(connection, channel)| !is_on(connection, channel));
        absent.map(|(connection, channel)| format!("{connection} to {channel}")).collect()
    }

    /// How many connections have ended.
    pub(super) fn ends(&self) -> u64 {
        self.ends
    }

    /// How many subscriptions there are now.
    pub(super) fn count(&self) -> usize {
        let lasts = self.spans.values().flatten().filter_map(|(_, spans)| spans.last());
        lasts.filter(|last| last.to.is_none()).count()
    }

    /// A connection was told that it is subscribed.
    pub(super) fn subscribed(&mut self, connection: &str, channel: &str, at: f64) {
        let spans = self.spans.entry(channel.to_owned()).or_default().entry(connection.to_owned()).or_default();
        if spans.last().is_none_or(|last| last.to.is_some()) {
            spans.push(Span { from: at, to: None });
        }
    }

    /// A client lost its connection, and all subscriptions with it.
    pub(super) fn ended(&mut self, connection: &str, at: f64) {
        self.ends += u64::from(self.open.remove(connection).is_some());
        let spans = self.spans.values_mut().filter_map(|of_channel| of_channel.get_mut(connection)?.last_mut());
        for span in spans {
            span.to.get_or_insert(at);
        }
    }

    /// The connections that were subscribed from the first moment to the second one, and since when.
    pub(super) fn throughout(&self, channel: &str, from: f64, to: f64) -> impl Iterator<Item = (&str, f64)> {
        let of_channel = self.spans.get(channel).into_iter().flatten();
        of_channel.filter_map(move |(connection, spans)| {
            let covers = |span: &&Span| span.from <= from && span.to.is_none_or(|end| end >= to);
            Some((connection.as_str(), spans.iter().find(covers)?.from))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throughout(attendance: &Attendance, from: f64, to: f64) -> Vec<(&str, f64)> {
        attendance.throughout("news", from, to).collect()
    }

    #[test]
    fn a_connection_is_subscribed_from_its_confirmation_to_its_end() {
        let mut attendance = Attendance::default();
        attendance.subscribed("ada/0", "news", 100.0);
        attendance.subscribed("ben/0", "news", 150.0);
        attendance.subscribed("ben/0", "other", 150.0);
        attendance.ended("ada/0", 200.0);
        assert_eq!(throughout(&attendance, 100.0, 200.0), [("ada/0", 100.0)]);
        assert_eq!(throughout(&attendance, 150.0, 199.0), [("ada/0", 100.0), ("ben/0", 150.0)]);
        assert_eq!(throughout(&attendance, 150.0, 201.0), [("ben/0", 150.0)]);
        assert_eq!(throughout(&attendance, 99.0, 100.0), []);
        attendance.subscribed("ada/0", "news", 300.0);
        assert_eq!(throughout(&attendance, 199.0, 301.0), [("ben/0", 150.0)], "a gap is no attendance");
        assert_eq!(throughout(&attendance, 300.0, 900.0), [("ada/0", 300.0), ("ben/0", 150.0)]);
    }

    #[test]
    fn of_two_confirmations_and_of_two_ends_the_first_counts() {
        let mut attendance = Attendance::default();
        attendance.subscribed("ada/0", "news", 100.0);
        attendance.subscribed("ada/0", "news", 200.0);
        assert_eq!(throughout(&attendance, 100.0, 300.0), [("ada/0", 100.0)]);
        attendance.ended("ada/0", 300.0);
        attendance.ended("ada/0", 400.0);
        assert_eq!(throughout(&attendance, 100.0, 301.0), []);
    }

    #[test]
    fn open_connections_and_subscriptions_are_counted() {
        let mut attendance = Attendance::default();
        attendance.connected("ada/0", "1.1".to_owned());
        attendance.connected("ben/0", "1.2".to_owned());
        attendance.subscribed("ada/0", "news", 100.0);
        attendance.subscribed("ben/0", "news", 100.0);
        assert_eq!((attendance.sockets(), attendance.count()), (vec!["1.1".to_owned(), "1.2".to_owned()], 2));
        attendance.ended("ada/0", 200.0);
        assert_eq!((attendance.sockets(), attendance.count()), (vec!["1.2".to_owned()], 1));
    }

    #[test]
    fn each_end_of_an_open_connection_is_counted_once() {
        let mut attendance = Attendance::default();
        attendance.ended("ada/0", 50.0);
        assert_eq!(attendance.ends(), 0, "it was not open");
        attendance.connected("ada/0", "1.1".to_owned());
        attendance.ended("ada/0", 100.0);
        attendance.ended("ada/0", 101.0);
        assert_eq!(attendance.ends(), 1);
        attendance.connected("ada/0", "1.2".to_owned());
        attendance.ended("ada/0", 200.0);
        assert_eq!(attendance.ends(), 2);
    }

    #[test]
    fn a_subscription_that_was_asked_for_and_not_refused_is_absent_until_it_is_confirmed_again() {
        let mut attendance = Attendance::default();
        attendance.asked("ada/0", "news");
        attendance.asked("ben/0", "news");
        assert_eq!(attendance.absent(), ["ada/0 to news", "ben/0 to news"]);
        attendance.refused("ben/0", "news");
        attendance.subscribed("ada/0", "news", 100.0);
        assert!(attendance.absent().is_empty());
        attendance.ended("ada/0", 200.0);
        assert_eq!(attendance.absent(), ["ada/0 to news"]);
        attendance.subscribed("ada/0", "other", 300.0);
        assert_eq!(attendance.absent(), ["ada/0 to news"], "another channel");
        attendance.subscribed("ada/0", "news", 300.0);
        assert!(attendance.absent().is_empty());
    }
}
