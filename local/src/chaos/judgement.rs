//! Judges single events at the end of a run: delivered, pending, lost, or unheard, because no connection had to hear it.

use std::collections::HashSet;

use super::duties::{Duties, OfEvent};
use super::event::{Event, PusherEvent, RoomUser, Statement, Word};
use super::ledger::{Ledger, PUSHER, Remains};

/// The end of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    /// A row owes it, or it is a dead letter.
    Pending,
    Lost,
    /// No connection heard it, and none had to.
    Unheard,
}

/// Judges single events.
pub(super) struct Judgement<'a> {
    ledger: &'a Ledger,
    duties: Option<&'a Duties>,
    pending: HashSet<Event>,
    pending_users: HashSet<RoomUser>,
}

impl<'a> Judgement<'a> {
    pub(super) fn new(ledger: &'a Ledger, remains: &Remains, duties: Option<&'a Duties>) -> Self {
        let (pending, pending_users) = stated(remains.owed.iter().chain(&remains.dead));
        Self { ledger, duties, pending, pending_users }
    }

    pub(super) fn of(&self, event: &Event) -> Fate {
        let entry = self.ledger.events.get(event);
        let is_delivered = entry.is_some_and(|entry| entry.delivered.is_some());
        let took = |to: &String| entry.is_some_and(|entry| entry.deliveries.contains_key(to));
        let took_all = |of_it: &OfEvent| !of_it.is_open && of_it.listeners.iter().all(took);
        let of_it = self.duties.map(|duties| duties.of_event(event));
        let had_to_and_did = of_it.is_none_or(|of_it| of_it.is_some_and(took_all));
        let is_pending = self.pending.contains(event);
        match of_it {
            _ if is_delivered && had_to_and_did => Fate::Delivered,
            _ if is_pending => Fate::Pending,
            // A row owed it until each subscriber had been posted to, and there was none.
            Some(Some(_)) if had_to_and_did => Fate::Unheard,
            Some(_) | None => Fate::Lost,
        }
    }

    /// How many connections had to hear the last word about a user in a room, which is the table's; `None` with a Pusher server.
    pub(super) fn duties_of_room_user(&self, room_user: &RoomUser, word: Word) -> Option<usize> {
        let of_it = self.duties?.of_room_user(room_user).filter(|of_it| of_it.word == word);
        Some(of_it.map_or(0, |of_it| of_it.listeners.len()))
    }

    /// `word` is the table's.
    pub(super) fn of_room_user(&self, room_user: &RoomUser, word: Word) -> Fate {
        let last = |to: &str| self.ledger.room_users.get(room_user)?.get(to);
        let right_or = |is_right: bool, wrong: Fate| if is_right { Fate::Delivered } else { wrong };
        if self.pending_users.contains(room_user) {
            return Fate::Pending;
        }
        let of_it = match self.duties {
            // Without any event, clients see the user as absent.
            None => return right_or(last(PUSHER).map_or(Word::Out, |last| last.last) == word, Fate::Lost),
            Some(duties) => duties.of_room_user(room_user),
        };
        let Some(of_it) = of_it else { return right_or(word == Word::Out, Fate::Lost) };
        let (mut heard, mut wrong) = (false, false);
        for (listener, since) in &of_it.listeners {
            match last(listener).filter(|last| last.at >= *since) {
                Some(last) => {
                    heard = true;
                    wrong |= last.last != word;
                }
                // The last event says what the table says, so nothing has cancelled it.
                None => wrong |= of_it.word == word,
            }
        }
        // A row that does not owe it, and of which no line says so, has lost it.
        let unheard = if of_it.is_open { Fate::Lost } else { Fate::Unheard };
        if wrong { Fate::Lost } else { right_or(heard, unheard) }
    }
}

fn stated<'a>(messages: impl Iterator<Item = &'a PusherEvent>) -> (HashSet<Event>, HashSet<RoomUser>) {
    let (mut events, mut room_users) = (HashSet::new(), HashSet::new());
    for statement in messages.filter_map(PusherEvent::statement) {
        match statement {
            Statement::Event { event, .. } => drop(events.insert(event)),
            Statement::Presence { room_user, .. } => drop(room_users.insert(room_user)),
        }
    }
    (events, room_users)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::attendance::Attendance;
    use super::super::ledger::Delivery;
    use super::*;
    use serde_json::{Value, json};

    /// A run without a Pusher server: what rows owed, and who heard what.
    #[derive(Default)]
    struct Run {
        lines: Vec<Value>,
        attendance: Attendance,
        ledger: Ledger,
        remains: Remains,
    }

    const BEN: &str = "private-user-ben";
    const ROOM: &str = "presence-room-b";

    fn kudos() -> (Event, PusherEvent) {
        let message = message(BEN, "kudos:received", &json!({ "sessionId": "s" }));
        (Event::Kudos { session: "s".to_owned() }, message)
    }

    fn word(name: &str) -> PusherEvent {
        message(ROOM, name, &json!({ "userId": "ben" }))
    }

    fn message(channel: &str, name: &str, data: &Value) -> PusherEvent {
        PusherEvent { channel: channel.to_owned(), name: name.to_owned(), data: data.to_string() }
    }

    impl Run {
        /// A row owes a message from one moment to another.
        fn owes(&mut self, message: &PusherEvent, from: f64, to: f64) {
            let PusherEvent { channel, name, data } = message;
            let entry =
                json!({ "id": format!("{from}"), "kind": "pusher", "channel": channel, "name": name, "data": data });
            let outbox = json!({ "owed": [entry] }).to_string();
            let row = |was: Option<&str>, now: Option<&str>| json!({ "pk": "A", "sk": "B", "was": was, "now": now });
            self.lines.push(json!({ "at": from, "wrote": row(None, Some(&outbox)) }));
            if to.is_finite() {
                self.lines.push(json!({ "at": to, "wrote": row(Some(&outbox), None) }));
            }
        }

        fn hears(&mut self, listener: &str, message: &PusherEvent, clock: f64) {
            self.ledger.deliver(message, &Delivery { to: listener, at: Duration::ZERO, clock });
        }

        fn fate<T>(&self, judge: impl FnOnce(&Judgement<'_>) -> T) -> T {
            let lines = self.lines.iter().map(|line| serde_json::from_value(line.clone()).unwrap());
            let duties = Duties::of(lines, &self.attendance);
            judge(&Judgement::new(&self.ledger, &self.remains, Some(&duties)))
        }

        fn of_kudos(&self) -> Fate {
            self.fate(|judgement| judgement.of(&kudos().0))
        }

        fn of_room_user(&self, by_table: Word) -> Fate {
            let room_user = RoomUser { book: "b".to_owned(), user: "ben".to_owned() };
            self.fate(|judgement| judgement.of_room_user(&room_user, by_table))
        }
    }

    #[test]
    fn an_event_is_lost_if_one_of_those_who_had_to_hear_it_did_not() {
        let mut run = Run::default();
        run.attendance.subscribed("ben/0", BEN, 1.0);
        run.attendance.subscribed("ben/1", BEN, 1.0);
        run.owes(&kudos().1, 1_000.0, 2_000.0);
        assert_eq!(run.of_kudos(), Fate::Lost);
        run.hears("ben/0", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Lost, "the other one did not");
        run.hears("ben/1", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Delivered);
    }

    #[test]
    fn an_event_that_nobody_had_to_hear_is_not_lost_and_one_that_no_row_owed_is() {
        let mut run = Run::default();
        assert_eq!(run.of_kudos(), Fate::Lost);
        run.owes(&kudos().1, 1_000.0, 2_000.0);
        assert_eq!(run.of_kudos(), Fate::Unheard);
        run.attendance.subscribed("ben/0", BEN, 1.0);
        run.attendance.ended("ben/0", 1_900.0);
        assert_eq!(run.of_kudos(), Fate::Unheard, "its client was cut off");
        run.hears("ben/0", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Delivered, "it heard it all the same");
    }

    #[test]
    fn a_dead_letter_is_delivered_once_all_who_had_to_hear_it_did() {
        let mut run = Run::default();
        run.attendance.subscribed("ben/0", BEN, 1.0);
        run.attendance.subscribed("ben/1", BEN, 1.0);
        run.owes(&kudos().1, 1_000.0, 2_000.0);
        run.remains.dead = vec![kudos().1];
        run.hears("ben/0", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Pending, "the other one waits for it");
        run.hears("ben/1", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Delivered);
    }

    #[test]
    fn an_event_that_its_row_seems_to_owe_and_does_not_is_lost() {
        let mut run = Run::default();
        run.owes(&kudos().1, 1_000.0, f64::INFINITY);
        assert_eq!(run.of_kudos(), Fate::Lost);
        run.hears("ben/0", &kudos().1, 1_500.0);
        assert_eq!(run.of_kudos(), Fate::Lost, "others may have had to hear it");
        run.remains.owed = vec![kudos().1];
        assert_eq!(run.of_kudos(), Fate::Pending);
        let joined = word("room:user-joined");
        run.owes(&joined, 1_000.0, f64::INFINITY);
        assert_eq!(run.of_room_user(Word::In), Fate::Lost);
        run.remains.owed.push(joined);
        assert_eq!(run.of_room_user(Word::In), Fate::Pending);
    }

    #[test]
    fn the_last_word_about_a_user_in_a_room_is_the_tables_for_all_who_had_to_hear_it() {
        let (joined, left) = (word("room:user-joined"), word("room:user-left"));
        let mut run = Run::default();
        assert_eq!((run.of_room_user(Word::Out), run.of_room_user(Word::In)), (Fate::Delivered, Fate::Lost));
        run.attendance.subscribed("ada/0", ROOM, 1.0);
        run.attendance.subscribed("eve/0", ROOM, 1.0);
        run.owes(&joined, 1_000.0, 1_100.0);
        assert_eq!(run.of_room_user(Word::In), Fate::Lost);
        run.hears("ada/0", &joined, 1_050.0);
        assert_eq!(run.of_room_user(Word::In), Fate::Lost, "eve did not hear it");
        run.hears("eve/0", &joined, 1_050.0);
        assert_eq!(run.of_room_user(Word::In), Fate::Delivered);
        run.owes(&left, 2_000.0, 2_100.0);
        run.hears("ada/0", &left, 2_050.0);
        assert_eq!(run.of_room_user(Word::Out), Fate::Lost, "eve heard the first one alone");
        run.hears("eve/0", &left, 2_050.0);
        assert_eq!(run.of_room_user(Word::Out), Fate::Delivered);
    }

    #[test]
    fn a_word_that_a_later_change_cancelled_had_not_to_be_heard() {
        let joined = word("room:user-joined");
        let mut run = Run::default();
        run.attendance.subscribed("ada/0", ROOM, 1.0);
        // The departure took the arrival back before it was sent.
        run.owes(&joined, 1_000.0, 1_100.0);
        assert_eq!(run.of_room_user(Word::Out), Fate::Unheard);
        run.hears("ada/0", &joined, 1_050.0);
        assert_eq!(run.of_room_user(Word::Out), Fate::Lost, "it was sent all the same");
    }

    #[test]
    fn an_earlier_subscription_of_a_connection_says_nothing() {
        let (joined, left) = (word("room:user-joined"), word("room:user-left"));
        let mut run = Run::default();
        run.attendance.subscribed("ada/0", ROOM, 1.0);
        run.owes(&left, 1_000.0, 1_100.0);
        run.hears("ada/0", &left, 1_050.0);
        run.attendance.ended("ada/0", 2_000.0);
        run.attendance.subscribed("ada/0", ROOM, 3_000.0);
        // Cancelled: the table says that the user is in the room.
        run.owes(&left, 4_000.0, 4_100.0);
        assert_eq!(run.of_room_user(Word::In), Fate::Unheard);
        run.owes(&joined, 5_000.0, 5_100.0);
        assert_eq!(run.of_room_user(Word::In), Fate::Lost);
    }
}
