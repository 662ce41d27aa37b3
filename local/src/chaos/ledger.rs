//! Counts accepted and delivered events.
//!
//! Accepted is what a command with a successful response owes. Delivered is what a recipient took: the Pusher server, or, without one, a
//! connection of a client that heard it. All times are from the beginning of the load.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::event::{Event, Position, PusherEvent, RoomUser, Statement, Word};
use super::files::Stored;

/// The recipient on a stack with a Pusher server.
pub(super) const PUSHER: &str = "the Pusher server";

/// The books of one run.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) events: HashMap<Event, Entry>,
    /// By row and recipient.
    pub(super) rows: HashMap<(String, String), DeliveredTimes>,
    /// By recipient.
    pub(super) room_users: HashMap<RoomUser, HashMap<String, LastDelivered>>,
    pub(super) heard: HashSet<Event>,
    delivered: u64,
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) accepted: Option<Duration>,
    /// When it was delivered for the first time.
    pub(super) delivered: Option<Duration>,
    /// How often each recipient took it.
    pub(super) deliveries: HashMap<String, u64>,
    /// Deliveries that came after one of a later event of the row.
    pub(super) late: u64,
    /// Whether its row may owe it no more, because of a later command.
    pub(super) is_withdrawn: bool,
}

/// The times of a row's delivered events.
pub(super) struct DeliveredTimes {
    pub(super) newest: String,
    pub(super) last: String,
}

/// The deliveries about a user in a room, to one recipient.
pub(super) struct LastDelivered {
    pub(super) last: Word,
    /// When, in milliseconds since 1970.
    pub(super) at: f64,
    /// Deliveries that told what the one before had told.
    pub(super) repeated: u64,
}

/// The state at the end of a run.
#[derive(Default)]
pub(super) struct Remains {
    /// Users in rooms, by the table.
    pub(super) room_users: BTreeMap<RoomUser, Word>,
    /// Events of rows in the table, also of commands without a successful response.
    pub(super) committed: Vec<Event>,
    /// Entries that are left in outboxes.
    pub(super) owed: Vec<PusherEvent>,
    pub(super) rows_owing: usize,
    /// Messages of the dead-letter queue.
    pub(super) dead: Vec<PusherEvent>,
    pub(super) dead_letters: usize,
    pub(super) files: Stored,
}

/// To whom an event was delivered, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) to: &'a str,
    pub(super) at: Duration,
    /// In milliseconds since 1970.
    pub(super) clock: f64,
}

impl Ledger {
    /// A command with a successful response owes this event.
    pub(super) fn accept(&mut self, event: Event, at: Duration) {
        self.events.entry(event).or_default().accepted.get_or_insert(at);
    }

    /// A command is about to be sent after which the row does not owe this event.
    pub(super) fn withdraw(&mut self, event: Event) {
        self.events.entry(event).or_default().is_withdrawn = true;
    }

    /// A recipient took this event.
    pub(super) fn deliver(&mut self, message: &PusherEvent, delivery: &Delivery<'_>) {
        let Delivery { to, at, clock } = *delivery;
        match message.statement() {
            None => {}
            Some(Statement::Presence { room_user, word }) => {
                self.delivered += 1;
                let of_recipients = self.room_users.entry(room_user).or_default();
                let repeats = |before: &LastDelivered| u64::from(before.last == word);
                let repeated = of_recipients.get(to).map_or(0, |before| before.repeated + repeats(before));
                of_recipients.insert(to.to_owned(), LastDelivered { last: word, at: clock, repeated });
            }
            Some(Statement::Event { event, position }) => {
                self.delivered += 1;
                let is_late = position.is_some_and(|position| self.is_late(position, to));
                let entry = self.events.entry(event).or_default();
                entry.delivered.get_or_insert(at);
                *entry.deliveries.entry(to.to_owned()).or_default() += 1;
                entry.late += u64::from(is_late);
            }
        }
    }

    /// Whether the recipient took a later event of the row before.
    fn is_late(&mut self, Position { row, at }: Position, to: &str) -> bool {
        let row = self
            .rows
            .entry((row, to.to_owned()))
            .or_insert_with(|| DeliveredTimes { newest: at.clone(), last: at.clone() });
        row.last.clone_from(&at);
        let is_late = at < row.newest;
        if !is_late {
            row.newest = at;
        }
        is_late
    }

    /// A subscribed client received this event.
    pub(super) fn hear(&mut self, message: &PusherEvent) {
        if let Some(Statement::Event { event, .. }) = message.statement() {
            self.heard.insert(event);
        }
    }

    /// How many events are accepted and not delivered now.
    pub(super) fn waiting(&self) -> usize {
        self.accepted().filter(|entry| entry.delivered.is_none() && !entry.is_withdrawn).count()
    }

    /// How many events were accepted.
    pub(super) fn accepted_so_far(&self) -> usize {
        self.accepted().count()
    }

    /// How many events were taken, repetitions included.
    #[cfg(test)]
    pub(super) fn deliveries(&self) -> u64 {
        self.delivered
    }

    fn accepted(&self) -> impl Iterator<Item = &Entry> {
        self.events.values().filter(|entry| entry.accepted.is_some())
    }

    /// How many accepted events were undelivered from each moment on, without those that no connection had to hear, and none did.
    pub(super) fn backlog(&self, unheard: &HashSet<Event>) -> Vec<(Duration, i64)> {
        let mut changes: BTreeMap<Duration, i64> = BTreeMap::new();
        for (_, entry) in self.events.iter().filter(|(event, _)| !unheard.contains(event)) {
            let Some(accepted) = entry.accepted.filter(|_| !entry.is_withdrawn) else { continue };
            *changes.entry(accepted).or_default() += 1;
            if let Some(delivered) = entry.delivered {
                // The recipient may have the event before the harness has the command's response.
                *changes.entry(delivered.max(accepted)).or_default() -= 1;
            }
        }
        let mut waiting = 0;
        changes
            .into_iter()
            .map(|(at, change)| {
                waiting += change;
                (at, waiting)
            })
            .collect()
    }
}

impl Entry {
    /// Deliveries to a recipient after the first one.
    pub(super) fn duplicates(&self) -> u64 {
        self.deliveries.values().map(|count| count.saturating_sub(1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECOND: Duration = Duration::from_secs(1);

    fn to_pusher(at: Duration) -> Delivery<'static> {
        Delivery { to: PUSHER, at, clock: 0.0 }
    }

    fn kudos(session: &str) -> (Event, PusherEvent) {
        let data = json!({ "sessionId": session }).to_string();
        let message = PusherEvent { channel: "private-user-ben".to_owned(), name: "kudos:received".to_owned(), data };
        (Event::Kudos { session: session.to_owned() }, message)
    }

    #[test]
    fn the_backlog_is_what_is_accepted_and_not_delivered() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.accept(kudos("b").0, SECOND * 2);
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND * 3));
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND * 4));
        ledger.deliver(&kudos("never accepted").1, &to_pusher(SECOND * 5));
        ledger.accept(kudos("unheard").0, SECOND * 2);
        ledger.accept(kudos("withdrawn").0, SECOND * 2);
        ledger.withdraw(kudos("withdrawn").0);
        let unheard = [kudos("unheard").0].into();
        assert_eq!(ledger.backlog(&unheard), [(SECOND, 1), (SECOND * 2, 2), (SECOND * 3, 1)]);
        assert_eq!((ledger.waiting(), ledger.accepted_so_far(), ledger.deliveries()), (2, 4, 3));
    }
}
