//! The result of a run: a line for each kind of event, and whether all is well.

use std::collections::{BTreeMap, HashSet};

use super::duties::Duties;
use super::event::{Event, Kind};
use super::files::FilesVerdict;
use super::judgement::{Fate, Judgement};
use super::ledger::{Ledger, Remains};
use super::report_line::ReportLine;

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
    /// Without a Pusher server: the events that no connection heard, and none had to.
    pub(super) unheard: HashSet<Event>,
    /// Without a Pusher server: connections that ended, beyond those that were cut off.
    pub(super) unplanned_ends: u64,
    /// Whether nothing was made to fail. Otherwise the ends are reported only: those that a failure caused are not told apart.
    pub(super) is_calm: bool,
    /// Without a Pusher server: subscriptions that were not confirmed again after a connection had ended.
    pub(super) absent: Vec<String>,
    /// Some of what was lost.
    pub(super) examples: Vec<String>,
    pub(super) files: FilesVerdict,
}

/// How many lost events the report names.
pub(super) const EXAMPLES: usize = 5;

impl Ledger {
    /// The result. `duties` says who had to hear what; without them, the Pusher server had to take everything.
    pub(super) fn judge(&self, remains: &Remains, duties: Option<&Duties>) -> Verdict {
        let judgement = Judgement::new(self, remains, duties);
        let mut verdict = Verdict {
            rows_owing: remains.rows_owing,
            dead_letters: remains.dead_letters,
            wrong_last_word: self.rows.values().map(|row| u64::from(row.last < row.newest)).sum(),
            ..Verdict::default()
        };
        let mut lines = BTreeMap::new();
        for kind in Kind::ALL {
            let out_of_order = (kind == Kind::Parties).then_some(0);
            let (of_kind, unheard) = (duties.map(|duties| duties.count(kind)), duties.map(|_| 0));
            let line =
                ReportLine { name: kind.name(), out_of_order, duties: of_kind, unheard, ..ReportLine::default() };
            lines.insert(kind, line);
        }
        let committed: HashSet<_> = remains.committed.iter().collect();
        for (event, entry) in &self.events {
            let Some(line) = lines.get_mut(&event.kind()) else { continue };
            // By the table, the command that would have withdrawn it did nothing, or it did.
            if entry.is_withdrawn && !committed.contains(event) {
                continue;
            }
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
                if fate == Fate::Unheard {
                    verdict.unheard.insert(event.clone());
                }
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
        let zero = duties.map(|_| 0);
        let mut presence = ReportLine { name: "room presence", duties: zero, ..ReportLine::default() };
        presence.unheard = duties.map(|_| 0);
        for (room_user, word) in &remains.room_users {
            presence.accepted += 1;
            let of_recipients = self.room_users.get(room_user);
            presence.duplicated +=
                of_recipients.into_iter().flatten().map(|(_, delivered)| delivered.repeated).sum::<u64>();
            let fate = judgement.of_room_user(room_user, *word);
            presence.delivered += u64::from(fate == Fate::Delivered);
            let of_it = judgement.duties_of_room_user(room_user, *word);
            presence.duties = presence.duties.zip(of_it).map(|(sum, of_it)| sum + of_it);
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
            total.unheard = total.unheard.zip(line.unheard).map(|(sum, of_it)| sum + of_it).or(line.unheard);
            total.duties = total.duties.zip(line.duties).map(|(sum, of_it)| sum + of_it).or(line.duties);
            total.longest_wait = total.longest_wait.max(line.longest_wait);
        }
        total
    }

    fn count(&mut self, fate: Fate, line: &mut ReportLine, example: impl FnOnce() -> String) {
        match fate {
            Fate::Delivered | Fate::Pending => {}
            Fate::Unheard => line.unheard = Some(line.unheard.unwrap_or_default() + 1),
            Fate::Lost => {
                line.lost += 1;
                self.examples.push(example());
            }
        }
    }

    /// Why the run is not good: the faults that it found, and the reasons for which it proves nothing. Empty if it is good.
    pub(super) fn faults(&self) -> Vec<String> {
        let total = self.total();
        let mut faults = Vec::new();
        let mut find = |count: u64, of: &str| {
            if count > 0 {
                faults.push(format!("{of}: {count}"));
            }
        };
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        find(total.lost, "events lost");
        find(self.files.line.lost, "files lost, or left of deleted messages");
        find(self.files.expiring, "files of messages that the bucket is going to delete");
        find(count(self.rows_owing), "rows that still owe events");
        find(self.wrong_last_word, "rows with a wrong last word");
        if total.duties.is_some() {
            // With a Pusher server, its outage may last longer than the retries.
            find(count(self.dead_letters), "dead letters");
            find(if self.is_calm { self.unplanned_ends } else { 0 }, "connections that ended without being cut off");
            find(count(self.absent.len()), "subscriptions that were not confirmed again");
        }
        if total.accepted == 0 {
            faults.push("no event was accepted, so this run proves nothing".to_owned());
        }
        let unproved = self.lines.iter().filter(|line| line.accepted > 0 && line.duties == Some(0));
        faults.extend(unproved.map(|line| format!("no client had to hear any of the {}", line.name)));
        faults
    }

    /// Whether the run proves something, nothing was lost, nothing is owed any more, and the last word on every row is right.
    pub(super) fn is_good(&self) -> bool {
        self.faults().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, PusherEvent, RoomUser, Word};
    use super::super::ledger::{Delivery, PUSHER};
    use super::*;
    use serde_json::json;
    use std::time::Duration;

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
        assert_eq!(verdict.faults(), ["no event was accepted, so this run proves nothing"]);
        ledger.accept(kudos("b").0, SECOND);
        ledger.deliver(&kudos("b").1, &to_pusher(SECOND));
        assert!(ledger.judge(&Remains::default(), None).is_good());
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
    fn an_event_that_a_later_command_withdrew_need_not_come_unless_its_row_is_there() {
        let mut ledger = Ledger::default();
        ledger.accept(kudos("a").0, SECOND);
        ledger.withdraw(kudos("a").0);
        assert_eq!(ledger.judge(&Remains::default(), None).total().accepted, 0);
        let committed = Remains { committed: vec![kudos("a").0], ..Remains::default() };
        assert_eq!(ledger.judge(&committed, None).total().lost, 1, "the later command did nothing");
    }

    #[test]
    fn a_lost_file_and_one_that_is_going_to_be_deleted_fail_the_run() {
        let faults = |change: fn(&mut FilesVerdict)| {
            let mut verdict = of_clients(1);
            change(&mut verdict.files);
            verdict.faults()
        };
        assert_eq!(faults(|files| files.line.lost = 1), ["files lost, or left of deleted messages: 1"]);
        let expiring = faults(|files| files.expiring = 2);
        assert_eq!(expiring, ["files of messages that the bucket is going to delete: 2"]);
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

    /// A verdict without a Pusher server, on one line with `duties`.
    fn of_clients(duties: usize) -> Verdict {
        let line = |name, accepted, duties| ReportLine {
            name,
            accepted,
            delivered: accepted,
            duties: Some(duties),
            unheard: Some(0),
            ..ReportLine::default()
        };
        Verdict {
            lines: vec![line("kudos", 9, 9), line("party updates", 3, duties), line("invitations", 0, 0)],
            ..Verdict::default()
        }
    }

    #[test]
    fn each_kind_with_accepted_events_needs_a_client_that_had_to_hear_one() {
        assert_eq!(of_clients(1).faults(), Vec::<String>::new());
        assert_eq!(of_clients(0).faults(), ["no client had to hear any of the party updates"]);
        assert!(!of_clients(0).is_good());
    }

    #[test]
    fn without_a_pusher_server_a_dead_letter_an_unplanned_end_and_an_absent_subscription_each_fail_the_run() {
        let faults = |change: fn(&mut Verdict)| {
            let mut verdict = of_clients(1);
            change(&mut verdict);
            verdict.faults()
        };
        assert_eq!(faults(|verdict| verdict.dead_letters = 1), ["dead letters: 1"]);
        assert!(faults(|verdict| verdict.unplanned_ends = 2).is_empty(), "a failure may have caused them");
        let calm = |verdict: &mut Verdict| (verdict.is_calm, verdict.unplanned_ends) = (true, 2);
        assert_eq!(faults(calm), ["connections that ended without being cut off: 2"]);
        let absent = faults(|verdict| verdict.absent = vec!["ben/0 to news".to_owned()]);
        assert_eq!(absent, ["subscriptions that were not confirmed again: 1"]);
    }

    /// ministack's lines of one row that owed these messages for a second.
    fn owed(messages: &[&PusherEvent]) -> Vec<super::super::duties::Line> {
        let entry = |(id, message): (usize, &&PusherEvent)| {
            let PusherEvent { channel, name, data } = message;
            json!({ "id": id.to_string(), "kind": "pusher", "channel": channel, "name": name, "data": data })
        };
        let entries: Vec<_> = messages.iter().enumerate().map(entry).collect();
        let outbox = json!({ "owed": entries }).to_string();
        let lines = [
            json!({ "at": 1_000.0, "wrote": { "pk": "A", "sk": "B", "was": null, "now": outbox } }),
            json!({ "at": 2_000.0, "wrote": { "pk": "A", "sk": "B", "was": outbox, "now": null } }),
        ];
        lines.into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
    }

    #[test]
    fn a_channel_and_a_room_that_refuse_everybody_fail_the_run() {
        let (kudos, party, joined) =
            (kudos("a"), renamed("n", "2026-11-20T05:18:15.001Z"), presence("room:user-joined"));
        let mut ledger = Ledger::default();
        ledger.accept(kudos.0.clone(), SECOND);
        ledger.accept(party.0.clone(), SECOND);
        ledger.deliver(&kudos.1, &Delivery { to: "ben/0", at: SECOND * 2, clock: 1_500.0 });
        let remains = Remains { room_users: [(room_user(), Word::In)].into(), ..Remains::default() };
        let judge = |ledger: &Ledger, channels: &[&str]| {
            let mut attendance = super::super::attendance::Attendance::default();
            for channel in channels {
                attendance.subscribed("ben/0", channel, 1.0);
            }
            let duties = Duties::of(owed(&[&kudos.1, &party.1, &joined]), &attendance);
            ledger.judge(&remains, Some(&duties))
        };
        let verdict = judge(&ledger, &["private-user-ben"]);
        let expected = ["party updates", "room presence"].map(|of| format!("no client had to hear any of the {of}"));
        assert_eq!(verdict.faults(), expected);
        assert_eq!((line(&verdict, "party updates").unheard, verdict.total().unheard), (Some(1), Some(2)));
        assert_eq!(verdict.unheard, [party.0.clone()].into());
        let later = Delivery { to: "ben/0", at: SECOND * 2, clock: 1_500.0 };
        ledger.deliver(&party.1, &later);
        ledger.deliver(&joined, &later);
        let verdict = judge(&ledger, &["private-user-ben", "private-party-p", "presence-room-b"]);
        assert_eq!((verdict.faults(), verdict.total().unheard), (Vec::new(), Some(0)));
    }
}
