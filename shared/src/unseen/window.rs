//! Whether an e-mail goes now, later or not at all: at most one per window for each conversation and recipient. Decided without
//! touching anything, so that a test can try every order of messages, failures and kills.
//!
//! A **claim** is the row of a conversation and a recipient. An attempt first writes itself there, on the condition that the
//! row is as it was read; so of several that want to send at once, one does. It says whose the last e-mail is, which messages it
//! covers, and whether SES took it. An e-mail that SES did not take is its owner's to send again; after the window it may also
//! be another's, which then covers the same messages, since their rows still have it pending.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chats::Seq;
use crate::contract::time::Millis;
use crate::table::{Condition, eq};

/// The last e-mail about a conversation to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    /// When it was claimed.
    pub(super) sent_at: Millis,
    /// It tells of all messages up to this number.
    pub(super) covered: Seq,
    /// The entry of an outbox that sends it.
    pub(super) token: String,
    /// Whether SES took it.
    pub(super) sent: bool,
    /// Until when its worker may be sending it. Others wait, so that two do not send it at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) busy_until: Option<Millis>,
}

/// Longest attempt, in seconds: as long as the function may take.
pub(super) const ATTEMPT_SECONDS: i64 = 30;

impl Claim {
    /// Whether the row holds this claim.
    pub(super) fn is_stored(&self) -> Condition {
        eq("sent_at", self.sent_at).and(eq("token", &self.token))
    }
}

/// The decision about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another e-mail covered its message.
    Covered,
    /// The window is running until then.
    Later(Millis),
    /// Claim the window, and send.
    Send,
}

/// Decides about the entry with this token, for the message with this number.
pub(super) fn decide(claim: Option<&Claim>, token: &str, seq: Seq, now: Millis, window: Duration) -> Decision {
    let Some(claim) = claim else {
        return Decision::Send;
    };
    let end = Millis(claim.sent_at.0.saturating_add(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)));
    let busy_until = claim.busy_until.filter(|until| !claim.sent && now < *until);
    match () {
        () if claim.sent && claim.covered >= seq => Decision::Covered,
        // Once its worker is no longer busy, it was killed, or SES did not take it.
        () if !claim.sent && claim.token == token => busy_until.map_or(Decision::Send, Decision::Later),
        () if now < end => Decision::Later(busy_until.map_or(end, |until| until.max(end))),
        () => busy_until.map_or(Decision::Send, Decision::Later),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);

    fn claim(sent_at: i64, covered: u64, token: &str, sent: bool) -> Claim {
        Claim { sent_at: Millis(sent_at), covered: Seq(covered), token: token.to_owned(), sent, busy_until: None }
    }

    #[test]
    fn the_first_goes_at_once_and_what_comes_within_the_window_at_its_end() {
        let decide = |claim: Option<&Claim>, token, seq, now| decide(claim, token, Seq(seq), Millis(now), WINDOW);
        assert_eq!(decide(None, "a", 1, 0), Decision::Send);
        let first = claim(0, 1, "a", true);
        assert_eq!(decide(Some(&first), "b", 2, 1_000), Decision::Later(Millis(300_000)));
        assert_eq!(decide(Some(&first), "b", 2, 300_000), Decision::Send);
        assert_eq!(decide(Some(&first), "a", 1, 1_000), Decision::Covered, "what SES took does not go again");
        let summary = claim(300_000, 4, "b", true);
        assert_eq!(decide(Some(&summary), "c", 3, 300_001), Decision::Covered);
        let unsent = claim(0, 4, "a", false);
        assert_eq!(decide(Some(&unsent), "a", 1, 1_000), Decision::Send, "its owner tries again");
        assert_eq!(decide(Some(&unsent), "b", 2, 1_000), Decision::Later(Millis(300_000)), "others wait for it");
        assert_eq!(decide(Some(&unsent), "b", 2, 300_000), Decision::Send, "and then do it themselves");
        let busy = Claim { busy_until: Some(Millis(30_000)), ..unsent };
        assert_eq!(decide(Some(&busy), "a", 1, 1_000), Decision::Later(Millis(30_000)), "its owner may be sending it");
        assert_eq!(decide(Some(&busy), "a", 1, 30_000), Decision::Send, "and was killed");
        let late = Claim { busy_until: Some(Millis(310_000)), ..busy };
        assert_eq!(decide(Some(&late), "b", 2, 300_000), Decision::Later(Millis(310_000)), "others wait for it, too");
        assert_eq!(decide(Some(&late), "b", 2, 1_000), Decision::Later(Millis(310_000)), "without a visit in between");
        assert_eq!(decide(Some(&Claim { sent: true, covered: Seq(1), ..late }), "b", 2, 300_000), Decision::Send);
    }

    /// The end of an attempt.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Attempt {
        Sent,
        /// SES did not take it.
        Refused,
        /// The process died after claiming.
        DiedBefore,
        /// The process died after SES took it.
        DiedAfter,
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Messages come at any time; each attempt ends in any way. E-mails cover every message; without failures, no two are within
        /// a window, and no two cover the same message.
        #[test]
        fn every_message_is_covered_and_a_window_has_one_e_mail(
            gaps in proptest::collection::vec(0_i64..200_000, 1..20),
            attempts in proptest::collection::vec(
                prop_oneof![3 => Just(Attempt::Sent), 1 => Just(Attempt::Refused), 1 => Just(Attempt::DiedBefore), 1 => Just(Attempt::DiedAfter)],
                0..20,
            ),
        ) {
            let mut attempts = attempts.into_iter();
            let mut failed = false;
            // The time at which each message's entry is visited next.
            let mut owed: BTreeMap<u64, i64> = BTreeMap::new();
            let mut arrivals = BTreeMap::new();
            let mut time = 0;
            for (n, gap) in gaps.iter().enumerate() {
                time += gap;
                arrivals.insert(u64::try_from(n).unwrap() + 1, time);
            }
            let (mut row, mut mails): (Option<Claim>, Vec<(i64, Vec<u64>)>) = (None, Vec::new());
            owed.extend(arrivals.iter().map(|(seq, at)| (*seq, *at + 1_000)));
            for _ in 0..10_000 {
                let Some((seq, now)) = owed.iter().map(|(seq, at)| (*seq, *at)).min_by_key(|(seq, at)| (*at, *seq)) else { break };
                let token = seq.to_string();
                match decide(row.as_ref(), &token, Seq(seq), Millis(now), WINDOW) {
                    Decision::Covered => { owed.remove(&seq); }
                    Decision::Later(then) => { owed.insert(seq, then.0); }
                    Decision::Send => {
                        let there = |seq: &u64| arrivals[seq] < now;
                        let after = row.as_ref().filter(|row| row.sent).map_or(0, |row| row.covered.0);
                        let told: Vec<u64> = owed.keys().copied().filter(|seq| *seq > after).filter(there).collect();
                        let newest = arrivals.keys().copied().filter(there).max().unwrap();
                        let busy_until = Some(Millis(now).plus_seconds(ATTEMPT_SECONDS));
                        row = Some(Claim { busy_until, ..claim(now, newest, &token, false) });
                        let attempt = attempts.next().unwrap_or(Attempt::Sent);
                        failed |= attempt != Attempt::Sent;
                        if matches!(attempt, Attempt::Sent | Attempt::DiedAfter) {
                            mails.push((now, told));
                        }
                        match attempt {
                            Attempt::Sent => {
                                row.as_mut().unwrap().sent = true;
                                owed.remove(&seq);
                            }
                            Attempt::Refused => {
                                row.as_mut().unwrap().busy_until = None;
                                owed.insert(seq, now + 2_000);
                            }
                            _ => { owed.insert(seq, now + 2_000); }
                        }
                    }
                }
            }
            prop_assert!(owed.is_empty(), "never comes to rest: {owed:?}");
            for seq in arrivals.keys() {
                let times = mails.iter().filter(|(_, told)| told.contains(seq)).count();
                prop_assert!(times >= 1, "nobody was told of {seq}: {mails:?}");
                prop_assert!(failed || times == 1, "{seq} was told {times} times: {mails:?}");
            }
            if !failed {
                prop_assert!(mails.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 300_000), "{mails:?}");
            }
        }
    }
}
