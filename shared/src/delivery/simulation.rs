//! Every interleaving of writers, the stream's consumer, the retry queue's consumer and kills, on simulated time.
//!
//! The actors here do in single steps what `Dispatcher` does with requests, and decide by the same functions (`plan`, `Append`,
//! `acknowledge::changed`). Between two steps of one actor any step of another may come. Each kill ends an actor between two steps.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::outcome::{Outcome, Outcomes};
use super::plan::{self, Source, due};
use crate::clients::pusher::PusherEvent;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, EntryChanges, Outbox, WriteContext, changed};
use crate::table::Key;

const START: i64 = 1_000_000_000_000;
/// How long after a write the stream's consumer may see it.
const STREAM_DELAY: i64 = 1_500;
/// How long after a kill Lambda brings a batch again, or SQS a message.
const REDELIVERY: i64 = 30_000;

/// A write to the row.
#[derive(Debug, Clone)]
struct Command {
    /// Milliseconds after the one before.
    gap: i64,
    events: usize,
    /// How long its delivery takes, and then its acknowledgement.
    takes: (i64, i64),
    /// After which step its process dies, if it does: 0 for right after the write.
    dies: Option<u8>,
}

#[derive(Debug)]
enum Task {
    Write(usize),
    WriterSends { command: usize, row: Committed },
    WriterAcknowledges { command: usize, row: Committed, sent: bool },
    StreamReads,
    StreamSends { row: Committed, due: Vec<usize> },
    StreamLeaves { row: Committed, outcomes: Outcomes },
    QueueReads { id: String, received: u32 },
    QueueLeaves { id: String, received: u32, row: Committed, outcomes: Outcomes },
}

struct World {
    now: i64,
    commands: Vec<Command>,
    /// The consumer's kills: each visit in turn takes one, and dies after sending if it says so.
    consumer_dies: Vec<bool>,
    visits: usize,
    outage: std::ops::Range<i64>,
    row: Option<Outbox>,
    /// Whether the stream's consumer is at work, and whether a record came meanwhile.
    stream_busy: bool,
    stream_again: bool,
    tasks: BTreeMap<(i64, u64), Task>,
    steps: u64,
    names: usize,
    delivered: Vec<(i64, usize)>,
    killed: bool,
}

fn key() -> Key {
    Key::kudos("row")
}

impl World {
    fn new(commands: Vec<Command>, consumer_dies: Vec<bool>, outage: std::ops::Range<i64>) -> Self {
        let mut world = Self {
            now: START,
            commands,
            consumer_dies,
            visits: 0,
            outage: START + outage.start..START + outage.end,
            row: None,
            stream_busy: false,
            stream_again: false,
            tasks: BTreeMap::new(),
            steps: 0,
            names: 0,
            delivered: Vec::new(),
            killed: false,
        };
        world.at(0, Task::Write(0));
        world
    }

    fn at(&mut self, delay: i64, task: Task) {
        self.steps += 1;
        self.tasks.insert((self.now + delay.max(1), self.steps), task);
    }

    fn committed(&self) -> Option<Committed> {
        self.row.clone().map(|outbox| Committed::new(key(), outbox))
    }

    /// Replaces the row's outbox; each write is a record of the stream.
    fn put(&mut self, outbox: Outbox) {
        if self.row.as_ref() == Some(&outbox) {
            return;
        }
        self.row = (!outbox.entries.is_empty()).then_some(outbox);
        if self.stream_busy {
            self.stream_again = true;
        } else if !self.tasks.values().any(|task| matches!(task, Task::StreamReads)) {
            self.at(STREAM_DELAY, Task::StreamReads);
        }
    }

    fn send(&mut self, row: &Committed, places: &[usize]) -> bool {
        if self.outage.contains(&self.now) {
            return false;
        }
        for place in places {
            let Delivery::Pusher(message) = &row.outbox.entries[*place].delivery else {
                unreachable!("all are events")
            };
            self.delivered.push((self.now, message.name.parse().unwrap()));
        }
        true
    }

    fn dies(&mut self) -> bool {
        self.visits += 1;
        let dies = self.consumer_dies.get(self.visits).copied().unwrap_or(false);
        self.killed |= dies;
        dies
    }

    fn acknowledge(
        &mut self,
        changes: impl Fn(&Outbox) -> EntryChanges,
        queue: impl Fn(&Outbox) -> Option<crate::outbox::Queued>,
    ) -> Outbox {
        let Some(seen) = self.row.clone() else { return Outbox::default() };
        let rest = changed(&seen, &changes(&seen), queue);
        self.put(rest.clone());
        rest
    }

    fn step(&mut self, task: Task) {
        match task {
            Task::Write(n) => self.write(n),
            Task::WriterSends { command, row } => {
                if self.commands[command].dies == Some(0) {
                    self.killed = true;
                    return;
                }
                let leased = (0..row.outbox.entries.len()).filter(|place| row.outbox.entries[*place].lease.is_some());
                let leased: Vec<_> = leased.collect();
                let sent = self.send(&row, &leased);
                let takes = self.commands[command].takes.1;
                self.at(takes, Task::WriterAcknowledges { command, row, sent });
            }
            Task::WriterAcknowledges { command, row, sent } => {
                if self.commands[command].dies == Some(1) {
                    self.killed = true;
                    return;
                }
                if sent {
                    let sent = |_: &Outbox| row.outbox.entries.iter().map(|entry| (entry.id.clone(), None)).collect();
                    self.acknowledge(sent, |rest| rest.queue.clone());
                }
            }
            Task::StreamReads => {
                (self.stream_busy, self.stream_again) = (true, false);
                let visit =
                    self.committed().and_then(|row| Some((due(&row.outbox, Source::Stream, Millis(self.now))?, row)));
                match visit {
                    Some((due, row)) => self.at(20, Task::StreamSends { row, due }),
                    None => self.stream_rests(),
                }
            }
            Task::StreamSends { row, due } => {
                let outcomes = self.attempt(&row, &due);
                self.at(20, Task::StreamLeaves { row, outcomes });
            }
            Task::StreamLeaves { row, outcomes } => self.stream_leaves(&row, &outcomes),
            Task::QueueReads { id, received } => {
                let visit = self
                    .committed()
                    .and_then(|row| Some((due(&row.outbox, Source::Queue(&id), Millis(self.now))?, row)));
                if let Some((due, row)) = visit {
                    let outcomes = self.attempt(&row, &due);
                    self.at(20, Task::QueueLeaves { id, received, row, outcomes });
                }
            }
            Task::QueueLeaves { id, received, row, outcomes } => self.queue_leaves(id, received, &row, &outcomes),
        }
    }

    fn write(&mut self, n: usize) {
        let command = self.commands[n].clone();
        let writer = WriteContext { delivers: true, posts: true, ..WriteContext::without_delivery(&n.to_string()) };
        let event = |name: usize| {
            Delivery::Pusher(PusherEvent { channel: "c".into(), name: name.to_string(), data: "{}".into() })
        };
        let events: Vec<_> = (self.names..self.names + command.events).map(event).collect();
        self.names += command.events;
        let append = Append::new(key(), self.committed(), events, &writer, Millis(self.now)).unwrap();
        let outbox = append.committed().outbox.clone();
        self.put(outbox);
        if let Some(row) = append.deliverable() {
            self.at(command.takes.0, Task::WriterSends { command: n, row });
        }
        if n + 1 < self.commands.len() {
            let gap = self.commands[n + 1].gap;
            self.at(gap, Task::Write(n + 1));
        }
    }

    fn attempt(&mut self, row: &Committed, due: &[usize]) -> Outcomes {
        let outcome = if self.send(row, due) { Outcome::Delivered } else { Outcome::UNSENT };
        due.iter().map(|place| (row.outbox.entries[*place].id.clone(), outcome.clone())).collect()
    }

    fn stream_leaves(&mut self, row: &Committed, outcomes: &Outcomes) {
        if self.dies() {
            // Lambda brings the batch again.
            self.stream_busy = false;
            self.at(REDELIVERY, Task::StreamReads);
            return;
        }
        let changes = |seen: &Outbox| plan::changes(seen, outcomes);
        let now = Millis(self.now);
        match plan::next_visit(&row.outbox, outcomes, Duration::from_secs(2), now) {
            None => {
                self.acknowledge(changes, |rest| rest.queue.clone());
            }
            Some(delay) => {
                self.steps += 1;
                let id = format!("q{}", self.steps);
                let millis = i64::try_from(delay.as_millis()).unwrap();
                self.at(millis, Task::QueueReads { id: id.clone(), received: 1 });
                self.acknowledge(changes, |_| Some(plan::queued(&id, delay, now)));
            }
        }
        self.stream_rests();
    }

    fn stream_rests(&mut self) {
        self.stream_busy = false;
        if self.stream_again {
            self.at(STREAM_DELAY, Task::StreamReads);
        }
    }

    fn queue_leaves(&mut self, id: String, received: u32, row: &Committed, outcomes: &Outcomes) {
        if self.dies() {
            self.at(REDELIVERY, Task::QueueReads { id, received: received + 1 });
            return;
        }
        let now = Millis(self.now);
        let pause = Duration::from_secs(2_u64.saturating_pow(received).min(900));
        let delay = plan::next_visit(&row.outbox, outcomes, pause, now);
        let changes = |seen: &Outbox| plan::changes(seen, outcomes);
        let noted = delay.unwrap_or(Duration::from_secs(1));
        let rest = self.acknowledge(changes, |_| Some(plan::queued(&id, noted, now)));
        let seen = |id: &str| row.outbox.entries.iter().any(|entry| entry.id == id);
        let is_more_owed = rest.entries.iter().any(|entry| !seen(&entry.id));
        if let Some(delay) = delay.or(is_more_owed.then_some(Duration::from_secs(1))) {
            let millis = i64::try_from(delay.as_millis()).unwrap();
            self.at(millis, Task::QueueReads { id, received: received + 1 });
        }
    }

    fn run(&mut self) {
        for _ in 0..20_000 {
            let Some(((time, _), task)) = self.tasks.pop_first() else { return };
            self.now = time;
            self.step(task);
        }
        panic!("it never comes to rest");
    }
}

fn command() -> impl Strategy<Value = Command> {
    let dies = prop_oneof![6 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(1))];
    (1_i64..4_000, 1_usize..3, (1_i64..1_900, 1_i64..100), dies).prop_map(|(gap, events, takes, dies)| Command {
        gap,
        events,
        takes,
        dies,
    })
}

fn without_kills() -> impl Strategy<Value = Command> {
    command().prop_map(|command| Command { dies: None, ..command })
}

/// The first time that each event was delivered, in the order of their commits.
fn first_deliveries(world: &World) -> Vec<Option<i64>> {
    let first = |name: usize| world.delivered.iter().find(|(_, other)| *other == name).map(|(time, _)| *time);
    (0..world.names).map(first).collect()
}

/// A few thousand events; `PROPTEST_CASES=140000` makes it a million.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(2_000) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everything_is_delivered_in_order_whatever_dies(
        commands in proptest::collection::vec(command(), 1..14),
        consumer_dies in proptest::collection::vec(proptest::bool::weighted(0.15), 0..12),
        outage in (0_i64..20_000, 0_i64..60_000),
    ) {
        let mut world = World::new(commands, consumer_dies, outage.0..outage.0 + outage.1);
        world.run();
        let first = first_deliveries(&world);
        prop_assert!(first.iter().all(Option::is_some), "lost: {first:?}");
        prop_assert!(first.is_sorted(), "out of order: {first:?}");
        prop_assert!(world.row.is_none(), "still owed: {:?}", world.row);
        let last = first.last().copied().flatten().unwrap();
        prop_assert!(last < world.outage.end.max(START + 60_000) + 10 * 60_000, "late: {last}");
    }

    #[test]
    fn nothing_is_delivered_twice_where_nothing_dies(
        commands in proptest::collection::vec(without_kills(), 1..14),
        outage in (0_i64..20_000, 0_i64..60_000),
    ) {
        let mut world = World::new(commands, Vec::new(), outage.0..outage.0 + outage.1);
        world.run();
        prop_assert!(!world.killed);
        prop_assert_eq!(world.delivered.len(), world.names, "{:?}", world.delivered);
    }

    /// A party that is joined all the time, presence that never rests: each event arrives soon, however busy the row is.
    #[test]
    fn a_busy_row_is_delivered_while_it_is_busy(gaps in proptest::collection::vec(100_i64..1_500, 40), dies in any::<bool>()) {
        let command = |gap| Command { gap, events: 1, takes: (50, 20), dies: None };
        let mut commands: Vec<_> = gaps.into_iter().map(command).collect();
        commands[0].dies = dies.then_some(0);
        let mut world = World::new(commands, Vec::new(), 0..0);
        world.run();
        let first: Vec<_> = first_deliveries(&world).into_iter().flatten().collect();
        let mut committed = START;
        for (n, delivered) in first.iter().enumerate() {
            committed += if n == 0 { 1 } else { world.commands[n].gap };
            prop_assert!(delivered - committed < 12_000, "event {n} took {} ms", delivered - committed);
        }
    }
}
