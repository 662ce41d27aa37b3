//! Which connections of clients were subscribed to what, and when, by their own words.
//!
//! All times are milliseconds since 1970, by this machine's clock.

use std::collections::{BTreeMap, HashMap};

/// The subscriptions of all connections so far.
#[derive(Default)]
pub(super) struct Attendance {
    /// By channel and connection, the oldest first.
    spans: HashMap<String, BTreeMap<String, Vec<Span>>>,
    /// The socket id of each connection that is open.
    open: BTreeMap<String, String>,
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
        self.open.remove(connection);
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
}
