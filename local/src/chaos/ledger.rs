//! Counts accepted and delivered events, and judges them at the end.
//!
//! Accepted is what a command with a successful response owes. Delivered is what a recipient took: the Pusher server, or, without one, a
//! connection of a client that heard it. All times are from the beginning of the load.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::duties::Duties;
use super::event::{Event, Kind, Position, PusherEvent, RoomUser, Statement, Word};
use super::judgement::{Fate, Judgement};

/// The recipient on a stack with a Pusher server.
pub(super) const PUSHER: &str = "the Pusher server";

/// The books of one run.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) events: HashMap<Event, Entry>,
    /// By row and recipient.
    rows: HashMap<(String, String), Row>,
    /// By recipient.
    pub(super) room_users: HashMap<RoomUser, HashMap<String, LastDelivered>>,
    heard: HashSet<Event>,
    delivered: u64,
}

#[derive(Default)]
pub(super) struct Entry {
    accepted: Option<Duration>,
    /// When it was delivered for the first time.
    pub(super) delivered: Option<Duration>,
    /// How often each recipient took it.
    pub(super) deliveries: HashMap<String, u64>,
    /// Deliveries that came after one of a later event of the row.
    late: u64,
}

/// The times of a row's delivered events.
struct Row {
    newest: String,
    last: String,
}

/// The deliveries about a user in a room, to one recipient.
pub(super) struct LastDelivered {
    pub(super) last: Word,
    /// When, in milliseconds since 1970.
    pub(super) at: f64,
    /// Deliveries that told what the one before had told.
    repeated: u64,
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
}

/// A line of the report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReportLine {
    pub(super) name: &'static str,
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) duplicated: u64,
    /// `None` if events of this kind have no order.
    pub(super) out_of_order: Option<u64>,
    /// Not delivered to whom it had to be, not pending, and no dead letter.
    pub(super) lost: u64,
    /// From acceptance to the first delivery.
    pub(super) longest_wait: Option<Duration>,
}

/// The result of a run.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) lines: Vec<ReportLine>,
    pub(super) rows_owing: usize,
    pub(super) dead_letters: usize,
    /// Rows whose last delivered event is not their newest one.
    pub(super) wrong_last_word: u64,
    /// Delivered, though the command had no successful response.
    pub(super) delivered_unaccepted: u64,
    /// Accepted events that a subscribed client received.
    pub(super) heard: u64,
    /// Without a Pusher server: events that nobody heard, and nobody had to.
    pub(super) unheard: u64,
    /// Without a Pusher server: how many times a connection had to hear an event.
    pub(super) duties: Option<usize>,
    /// Some of what was lost.
    pub(super) examples: Vec<String>,
}

/// How many lost events the report names.
const EXAMPLES: usize = 5;

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
        let row = self.rows.entry((row, to.to_owned())).or_insert_with(|| Row { newest: at.clone(), last: at.clone() });
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
        self.accepted().filter(|entry| entry.delivered.is_none()).count()
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

    /// How many accepted events were undelivered from each moment on.
    pub(super) fn backlog(&self) -> Vec<(Duration, i64)> {
        let mut changes: BTreeMap<Duration, i64> = BTreeMap::new();
        for entry in self.events.values() {
            let Some(accepted) = entry.accepted else { continue };
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

    /// The result. `duties` says who had to hear what; without them, the Pusher server had to take everything.
    pub(super) fn judge(&self, remains: &Remains, duties: Option<&Duties>) -> Verdict {
        let judgement = Judgement::new(self, remains, duties);
        let mut verdict = Verdict {
            rows_owing: remains.rows_owing,
            dead_letters: remains.dead_letters,
            wrong_last_word: self.rows.values().map(|row| u64::from(row.last < row.newest)).sum(),
            duties: duties.map(Duties::count),
            ..Verdict::default()
        };
        let mut lines = BTreeMap::new();
        for kind in Kind::ALL {
            let out_of_order = (kind == Kind::Parties).then_some(0);
            lines.insert(kind, ReportLine { name: kind.name(), out_of_order, ..ReportLine::default() });
        }
        let committed: HashSet<_> = remains.committed.iter().collect();
        for (event, entry) in &self.events {
            let Some(line) = lines.get_mut(&event.kind()) else { continue };
            line.duplicated += entry.duplicates();
            line.out_of_order = line.out_of_order.map(|late| late + entry.late);
            if let Some(accepted) = entry.accepted {
                line.accepted += 1;
                verdict.heard += u64::from(self.heard.contains(event));
                if let Some(delivered) = entry.delivered {
                    line.longest_wait = line.longest_wait.max(Some(delivered.saturating_sub(accepted)));
                }
                let fate = judgement.of(event);
                line.delivered += u64::from(fate == Fate::Delivered);
                verdict.count(fate, line, || format!("{event:?}, accepted after {:.1} s", accepted.as_secs_f32()));
            } else {
                verdict.delivered_unaccepted += 1;
                if committed.contains(event) {
                    verdict
                        .count(judgement.of(event), line, || format!("{event:?}, committed without a clear response"));
                }
            }
        }
        for event in committed.into_iter().filter(|event| !self.events.contains_key(*event)) {
            if let Some(line) = lines.get_mut(&event.kind()) {
                verdict.count(judgement.of(event), line, || format!("{event:?}, committed without a clear response"));
            }
        }
        verdict.lines.extend(lines.into_values());
        let mut presence = ReportLine { name: "room presence", ..ReportLine::default() };
        for (room_user, word) in &remains.room_users {
            presence.accepted += 1;
            let of_recipients = self.room_users.get(room_user);
            presence.duplicated +=
                of_recipients.into_iter().flatten().map(|(_, delivered)| delivered.repeated).sum::<u64>();
            let fate = judgement.of_room_user(room_user, *word);
            presence.delivered += u64::from(fate == Fate::Delivered);
            verdict.count(fate, &mut presence, || {
                let last = of_recipients.into_iter().flatten().map(|(to, last)| format!("{:?} to {to}", last.last));
                format!(
                    "{room_user:?} is {word:?} by the table; delivered last: {}",
                    last.collect::<Vec<_>>().join(", ")
                )
            });
        }
        verdict.lines.push(presence);
        verdict.examples.sort();
        verdict.examples.truncate(EXAMPLES);
        verdict
    }
}

impl Entry {
    /// Deliveries to a recipient after the first one.
    fn duplicates(&self) -> u64 {
        self.deliveries.values().map(|count| count.saturating_sub(1)).sum()
    }
}

impl Verdict {
    /// The sum of all lines.
    pub(super) fn total(&self) -> ReportLine {
        let mut total = ReportLine { name: "all", out_of_order: Some(0), ..ReportLine::default() };
        for line in &self.lines {
            total.accepted += line.accepted;
            total.delivered += line.delivered;
            total.duplicated += line.duplicated;
            total.out_of_order = total.out_of_order.zip(line.out_of_order.or(Some(0))).map(|(sum, late)| sum + late);
            total.lost += line.lost;
            total.longest_wait = total.longest_wait.max(line.longest_wait);
        }
        total
    }

    fn count(&mut self, fate: Fate, line: &mut ReportLine, example: impl FnOnce() -> String) {
        match fate {
            Fate::Delivered | Fate::Pending => {}
            Fate::Unheard => self.unheard += 1,
            Fate::Lost => {
                line.lost += 1;
                self.examples.push(example());
            }
        }
    }

    /// Whether nothing was lost, nothing is owed any more, and the last word on every row is right. Where nobody had to hear anything, that
    /// proves nothing.
    pub(super) fn is_good(&self) -> bool {
        let total = self.total();
        let proves = total.accepted == 0 || self.duties.is_none_or(|duties| duties > 0);
        proves && total.lost == 0 && self.rows_owing == 0 && self.wrong_last_word == 0
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

    fn renamed(name: &str, at: &str) -> (Event, PusherEvent) {
        let data =
            json!({ "partyId": "p", "updateType": "settings-changed", "data": { "partyName": name }, "updatedAt": at });
        let message = PusherEvent {
            channel: "private-party-p".to_owned(),
            name: "party-updated".to_owned(),
            data: data.to_string(),
        };
        (Event::Renamed { party: "p".to_owned(), name: name.to_owned() }, message)
    }

    fn presence(name: &str) -> PusherEvent {
        let data = json!({ "userId": "ben" }).to_string();
        PusherEvent { channel: "presence-room-b".to_owned(), name: name.to_owned(), data }
    }

    fn room_user() -> RoomUser {
        RoomUser { book: "b".to_owned(), user: "ben".to_owned() }
    }

    fn line<'a>(verdict: &'a Verdict, name: &str) -> &'a ReportLine {
        verdict.lines.iter().find(|line| line.name == name).unwrap()
    }

    #[test]
    fn an_accepted_event_that_is_never_delivered_is_lost() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.accept(kudos("b").0, SECOND);
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND * 4));
        let verdict = ledger.judge(&Remains::default(), None);
        let expected = ReportLine {
            name: "kudos",
            accepted: 2,
            delivered: 1,
            lost: 1,
            longest_wait: Some(SECOND * 3),
            ..ReportLine::default()
        };
        assert_eq!(*line(&verdict, "kudos"), expected);
        assert!(!verdict.is_good());
        assert_eq!(verdict.examples.len(), 1);
    }

    #[test]
    fn pending_entries_and_dead_letters_are_not_lost() {
        let mut ledger = Ledger::default();
        for session in ["a", "b"] {
            ledger.accept(kudos(session).0, SECOND);
        }
        let remains = Remains {
            owed: vec![kudos("a").1],
            rows_owing: 1,
            dead: vec![kudos("b").1],
            dead_letters: 1,
            ..Remains::default()
        };
        let verdict = ledger.judge(&remains, None);
        assert_eq!(verdict.total().lost, 0);
        assert!(!verdict.is_good(), "a row still owes");
        assert!(ledger.judge(&Remains { rows_owing: 0, ..remains }, None).is_good());
    }

    #[test]
    fn each_delivery_after_the_first_is_a_duplicate() {
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            ledger.deliver(&kudos("a").1, &to_pusher(SECOND));
        }
        // The response came after the event.
        ledger.accept(kudos("a").0, SECOND * 2);
        let verdict = ledger.judge(&Remains::default(), None);
        assert_eq!(line(&verdict, "kudos").duplicated, 2);
        assert_eq!(line(&verdict, "kudos").longest_wait, Some(Duration::ZERO));
        assert!(verdict.is_good());
    }

    #[test]
    fn an_event_of_a_failed_command_may_come_and_may_not() {
        let mut ledger = Ledger::default();
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND));
        let verdict = ledger.judge(&Remains::default(), None);
        assert_eq!((verdict.delivered_unaccepted, verdict.total().accepted), (1, 0));
        assert!(verdict.is_good());
    }

    #[test]
    fn an_event_that_a_failed_command_committed_must_come() {
        let mut ledger = Ledger::default();
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND));
        let committed = |session: &str| Remains { committed: vec![kudos(session).0], ..Remains::default() };
        assert_eq!(ledger.judge(&committed("a"), None).total().lost, 0);
        assert_eq!(ledger.judge(&committed("b"), None).total().lost, 1);
        let owing = Remains { owed: vec![kudos("b").1], ..committed("b") };
        assert_eq!(ledger.judge(&owing, None).total().lost, 0);
    }

    #[test]
    fn an_event_after_a_later_one_of_its_row_is_out_of_order() {
        let mut ledger = Ledger::default();
        ledger.deliver(&renamed("a", "2026-11-20T05:18:15.001Z").1, &to_pusher(SECOND));
        ledger.deliver(&renamed("c", "2026-11-20T05:18:15.003Z").1, &to_pusher(SECOND));
        ledger.deliver(&renamed("b", "2026-11-20T05:18:15.002Z").1, &to_pusher(SECOND));
        let verdict = ledger.judge(&Remains::default(), None);
        assert_eq!(line(&verdict, "party updates").out_of_order, Some(1));
        assert_eq!(verdict.wrong_last_word, 1);
        assert!(!verdict.is_good());
        ledger.deliver(&renamed("c", "2026-11-20T05:18:15.003Z").1, &to_pusher(SECOND));
        let verdict = ledger.judge(&Remains::default(), None);
        assert_eq!((verdict.wrong_last_word, line(&verdict, "party updates").duplicated), (0, 1));
    }

    #[test]
    fn of_presence_the_last_word_counts() {
        let judge = |words: &[&str], by_table: Word| {
            let mut ledger = Ledger::default();
            for word in words {
                ledger.deliver(&presence(word), &to_pusher(SECOND));
            }
            let room_users = BTreeMap::from([(room_user(), by_table)]);
            let verdict = ledger.judge(&Remains { room_users, ..Remains::default() }, None);
            let line = line(&verdict, "room presence");
            (line.delivered, line.lost, line.duplicated)
        };
        assert_eq!(judge(&["room:user-joined", "room:user-left"], Word::Out), (1, 0, 0));
        assert_eq!(judge(&["room:user-joined", "room:user-joined"], Word::In), (1, 0, 1));
        assert_eq!(judge(&["room:user-joined"], Word::Out), (0, 1, 0));
        assert_eq!(judge(&[], Word::Out), (1, 0, 0), "joining and leaving may cancel out");
        assert_eq!(judge(&[], Word::In), (0, 1, 0));
    }

    #[test]
    fn the_backlog_is_what_is_accepted_and_not_delivered() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.accept(kudos("b").0, SECOND * 2);
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND * 3));
        ledger.deliver(&kudos("a").1, &to_pusher(SECOND * 4));
        ledger.deliver(&kudos("never accepted").1, &to_pusher(SECOND * 5));
        assert_eq!(ledger.backlog(), [(SECOND, 1), (SECOND * 2, 2), (SECOND * 3, 1)]);
        assert_eq!((ledger.waiting(), ledger.accepted_so_far(), ledger.deliveries()), (1, 2, 3));
    }

    #[test]
    fn clients_hear_what_was_accepted() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.hear(&kudos("a").1);
        ledger.hear(&kudos("a").1);
        ledger.hear(&presence("room:user-joined"));
        assert_eq!(ledger.judge(&Remains::default(), None).heard, 1);
    }
}
