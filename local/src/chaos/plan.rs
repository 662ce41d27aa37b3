//! The failures and their times, drawn from a seed before the run, so that a run can be repeated.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::state::settings::LocalServer;

/// How often a client is cut off, about.
const CUT_SECONDS: f64 = 1.5;

/// A step of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    /// The Pusher server hangs: connections stay open, nothing is answered.
    FreezePusher,
    ThawPusher,
    /// The Pusher server is gone.
    KillPusher,
    StartPusher,
    /// Posts to WebSockets are late.
    HoldPosts,
    /// API Gateway refuses this share of the posts to WebSockets.
    RefusePosts {
        share: f64,
    },
    FreePosts,
    /// API Gateway ends a client's connection, as it does after two hours.
    CutClient,
    /// This share of the requests to these services is refused.
    Throttle {
        services: Services,
        share: f64,
    },
    Unthrottle,
    /// The table's stream comes as AWS may bring it: each shard by itself, and with these probabilities its next batch is late, or
    /// it goes back by some records.
    DisturbStream {
        late: f64,
        repeats: f64,
    },
    SettleStream,
    /// S3 refuses the share `refused` of its requests, and answers the share `late` of them after the functions' time-out.
    DisturbFiles {
        refused: f64,
        late: f64,
    },
    SettleFiles,
    /// A process of a function is gone.
    KillFunction,
    /// Webhooks come twice and in the wrong order.
    Webhooks,
}

/// Which of AWS's services are throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Services {
    Table,
    Queues,
    Both,
}

impl Services {
    const IN_TURN: [Self; 3] = [Self::Table, Self::Queues, Self::Both];

    pub(super) fn has_table(self) -> bool {
        self != Self::Queues
    }

    pub(super) fn has_queues(self) -> bool {
        self != Self::Table
    }
}

/// The steps of a run, by the time since its beginning. All that is stopped is started again before its end.
pub(super) fn draw(random: &mut StdRng, lasting: Duration, pusher: LocalServer) -> Vec<(Duration, Action)> {
    let mut plan = Vec::new();
    let hangs_first = random.random_bool(0.5);
    for (turn, (from, to)) in spells(random, lasting, lasting.div_f64(4.0)).into_iter().enumerate() {
        let hangs = hangs_first == turn.is_multiple_of(2);
        let (begin, end) = match (pusher, hangs) {
            (LocalServer::Sockudo, true) => (Action::FreezePusher, Action::ThawPusher),
            (LocalServer::Sockudo, false) => (Action::KillPusher, Action::StartPusher),
            (LocalServer::Gateway, true) => (Action::HoldPosts, Action::FreePosts),
            (LocalServer::Gateway, false) => {
                (Action::RefusePosts { share: random.random_range(0.5..1.0) }, Action::FreePosts)
            }
        };
        plan.extend([(from, begin), (to, end)]);
    }
    let first = random.random_range(0..Services::IN_TURN.len());
    for (turn, (from, to)) in spells(random, lasting, lasting.div_f64(5.0)).into_iter().enumerate() {
        let services = Services::IN_TURN[(first + turn) % Services::IN_TURN.len()];
        let share = random.random_range(0.3..0.9);
        plan.extend([(from, Action::Throttle { services, share }), (to, Action::Unthrottle)]);
    }
    for (from, to) in spells(random, lasting, lasting.div_f64(3.0)) {
        let (late, repeats) = (random.random_range(0.3..0.9), random.random_range(0.3..0.9));
        plan.extend([(from, Action::DisturbStream { late, repeats }), (to, Action::SettleStream)]);
    }
    plan.extend(steps(moments(random, lasting, 0.7), Action::KillFunction));
    plan.extend(match pusher {
        LocalServer::Sockudo => steps(moments(random, lasting, 1.0), Action::Webhooks),
        LocalServer::Gateway => steps(moments(random, lasting, CUT_SECONDS), Action::CutClient),
    });
    for (from, to) in spells(random, lasting, lasting.div_f64(3.0)) {
        let (refused, late) = (random.random_range(0.2..0.6), random.random_range(0.2..0.5));
        plan.extend([(from, Action::DisturbFiles { refused, late }), (to, Action::SettleFiles)]);
    }
    plan.sort_by_key(|(at, _)| *at);
    plan
}

/// One spell in each slot of about this length, with healthy time before and after.
fn spells(random: &mut StdRng, lasting: Duration, slot: Duration) -> Vec<(Duration, Duration)> {
    const LONGEST_SLOT: f64 = 12.0;
    let slots = (lasting.as_secs_f64() / slot.as_secs_f64().min(LONGEST_SLOT)).round().max(1.0);
    let slot = lasting.div_f64(slots);
    let mut spells = Vec::new();
    let mut begin = Duration::ZERO;
    while begin + slot.mul_f64(0.99) <= lasting {
        let from = begin + slot.mul_f64(random.random_range(0.1..0.3));
        spells.push((from, from + slot.mul_f64(random.random_range(0.15..0.55))));
        begin += slot;
    }
    spells
}

fn steps(moments: Vec<Duration>, action: Action) -> Vec<(Duration, Action)> {
    moments.into_iter().map(|at| (at, action)).collect()
}

/// Moments at distances of about so many seconds.
fn moments(random: &mut StdRng, lasting: Duration, seconds: f64) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += Duration::from_secs_f64(seconds * random.random_range(0.3..1.7));
        if at >= lasting {
            return moments;
        }
        moments.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn plan(seed: u64, seconds: u64) -> Vec<(Duration, Action)> {
        plan_with(LocalServer::Sockudo, seed, seconds)
    }

    fn plan_with(pusher: LocalServer, seed: u64, seconds: u64) -> Vec<(Duration, Action)> {
        draw(&mut StdRng::seed_from_u64(seed), Duration::from_secs(seconds), pusher)
    }

    #[test]
    fn without_a_pusher_server_posts_fail_and_are_free_again_and_clients_are_cut_off() {
        for (seed, seconds) in (0..200).flat_map(|seed| [5, 30, 600].map(|seconds| (seed, seconds))) {
            let (mut hindered, mut hindrances) = (false, Vec::new());
            let plan = plan_with(LocalServer::Gateway, seed, seconds);
            for (_, action) in &plan {
                match action {
                    Action::HoldPosts | Action::RefusePosts { .. } => {
                        assert!(!std::mem::replace(&mut hindered, true));
                        hindrances.push(*action);
                    }
                    Action::FreePosts => assert!(std::mem::replace(&mut hindered, false)),
                    Action::FreezePusher | Action::KillPusher | Action::ThawPusher | Action::StartPusher => panic!(),
                    Action::Webhooks => panic!("nobody sends any"),
                    _ => {}
                }
            }
            assert!(!hindered && hindrances.contains(&Action::HoldPosts), "seed {seed}");
            assert!(hindrances.iter().any(|action| matches!(action, Action::RefusePosts { .. })), "seed {seed}");
            let cuts = plan.iter().filter(|(_, action)| *action == Action::CutClient).count();
            assert!(cuts > 0, "seed {seed}");
        }
    }

    #[test]
    fn a_seed_always_draws_the_same_plan() {
        assert_eq!(plan(7, 30), plan(7, 30));
        assert_ne!(plan(7, 30), plan(8, 30));
    }

    #[test]
    fn everything_fails_and_is_healed_again() {
        for (seed, seconds) in (0..200).flat_map(|seed| [5, 30, 600].map(|seconds| (seed, seconds))) {
            let (mut pusher, mut throttled, mut disturbed, mut files) = (None, false, false, false);
            let plan = plan(seed, seconds);
            for (at, action) in &plan {
                assert!(*at < Duration::from_secs(seconds));
                match action {
                    Action::FreezePusher | Action::KillPusher => {
                        assert_eq!(pusher.replace(*action), None);
                    }
                    Action::ThawPusher => assert_eq!(pusher.take(), Some(Action::FreezePusher)),
                    Action::StartPusher => assert_eq!(pusher.take(), Some(Action::KillPusher)),
                    Action::Throttle { share, .. } => {
                        assert!((0.3..0.9).contains(share));
                        assert!(!std::mem::replace(&mut throttled, true));
                    }
                    Action::Unthrottle => assert!(std::mem::replace(&mut throttled, false)),
                    Action::DisturbStream { late, repeats } => {
                        assert!([late, repeats].into_iter().all(|share| (0.3..0.9).contains(share)));
                        assert!(!std::mem::replace(&mut disturbed, true));
                    }
                    Action::SettleStream => assert!(std::mem::replace(&mut disturbed, false)),
                    Action::DisturbFiles { refused, late } => {
                        assert!((0.2..0.6).contains(refused) && (0.2..0.5).contains(late));
                        assert!(!std::mem::replace(&mut files, true));
                    }
                    Action::SettleFiles => assert!(std::mem::replace(&mut files, false)),
                    Action::KillFunction | Action::Webhooks => {}
                    Action::HoldPosts | Action::RefusePosts { .. } | Action::FreePosts | Action::CutClient => panic!(),
                }
            }
            assert!(pusher.is_none() && !throttled && !disturbed && !files);
            let has = |wanted: fn(&Action) -> bool| plan.iter().any(|(_, action)| wanted(action));
            assert!(has(|action| *action == Action::FreezePusher), "seed {seed}");
            assert!(has(|action| *action == Action::KillPusher), "seed {seed}");
            assert!(has(|action| *action == Action::KillFunction), "seed {seed}");
            assert!(has(|action| matches!(action, Action::DisturbStream { .. })), "seed {seed}");
            assert!(has(|action| matches!(action, Action::DisturbFiles { .. })), "seed {seed}");
            assert!(has(|action| matches!(action, Action::Throttle { services, .. } if services.has_table())));
            assert!(has(|action| matches!(action, Action::Throttle { services, .. } if services.has_queues())));
        }
    }
}
