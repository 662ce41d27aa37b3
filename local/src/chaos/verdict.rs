//! The result of a run: a line for each kind of event, and whether all is well.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::duties::Duties;
use super::event::Kind;
use super::judgement::{Fate, Judgement};
use super::ledger::{Ledger, Remains};

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

impl Ledger {
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
    use super::super::event::{Event, PusherEvent, RoomUser, Word};
    use super::super::ledger::{Delivery, PUSHER};
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
    fn clients_hear_what_was_accepted() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.hear(&kudos("a").1);
        ledger.hear(&kudos("a").1);
        ledger.hear(&presence("room:user-joined"));
        assert_eq!(ledger.judge(&Remains::default(), None).heard, 1);
    }
}
