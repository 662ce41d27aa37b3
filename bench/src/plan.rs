//! The plan of a run: what it measures, the programs that it needs, and about how long it takes.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::system::System;
use crate::work::{self, Work};

/// The name by which `--only` chooses WebSockets.
pub(crate) const SOCKETS: &str = "sockets";
/// The name by which `--only` chooses Pusher's protocol.
pub(crate) const CHANNELS: &str = "channels";
/// The name by which `--only` chooses the fan-out of `delivery` with several memory sizes.
pub(crate) const MEMORY: &str = "memory";
/// Carillon's functions behind WebSockets.
const SOCKET_FUNCTIONS: [&str; 6] =
    ["dashboard", "delivery", "socket-connect", "socket-disconnect", "socket-heartbeat", "socket-message"];
/// Carillon's functions for clients of Pusher.
const CHANNEL_FUNCTIONS: [&str; 6] =
    ["delivery", "pusher-api", "socket-connect", "socket-disconnect", "socket-heartbeat", "socket-message"];
/// The work of `--quick` without `--only`: it needs neither the table nor the second floor, so it is built soonest.
const QUICK_WORK: &str = "private-user";
/// Processes of each system, and of a quick run.
const ROUNDS: usize = 21;
const QUICK_ROUNDS: usize = 7;
/// Most runs of each WebSocket server: one takes a minute or so, and has thousands of samples.
const MOST_SOCKET_ROUNDS: usize = 3;
/// Most processes of each memory size.
const MOST_MEMORY_ROUNDS: usize = 15;

/// Seconds on two cores, for the estimate at the start. A quick run from nothing took 493 in all: 88 for this program, and 390 for what it
/// measures.
mod seconds {
    /// All systems' processes of one piece of work, in one round.
    pub(super) const ROUND: usize = 3;
    /// Counting the instructions of one piece of work.
    pub(super) const INSTRUCTIONS: usize = 30;
    /// One run of both WebSocket servers; with few clients.
    pub(super) const SOCKETS: usize = 100;
    pub(super) const QUICK_SOCKETS: usize = 20;
    /// One run of both servers of Pusher's protocol; with few clients.
    pub(super) const CHANNELS: usize = 60;
    pub(super) const QUICK_CHANNELS: usize = 30;
    /// One process of each memory size.
    pub(super) const MEMORY: usize = 12;
    /// Builds from nothing: each floor, the crates below all of Carillon's functions, one function, the peers.
    pub(super) const FLOOR: usize = 40;
    pub(super) const FLOOR_WITH_SDK: usize = 40;
    pub(super) const CRATES: usize = 180;
    pub(super) const FUNCTION: usize = 40;
    pub(super) const NATURAL_RUST: usize = 120;
    pub(super) const NODE: usize = 20;
    pub(super) const SOCKUDO: usize = 600;
}

/// The work and the systems of a run.
pub(crate) struct Plan {
    pub(crate) works: Vec<Work>,
    /// Whether WebSockets are measured.
    pub(crate) sockets: bool,
    /// Whether Pusher's protocol is measured.
    pub(crate) channels: bool,
    /// Whether the fan-out of `delivery` is measured with several memory sizes.
    pub(crate) memory: bool,
    /// Processes started of each system for each piece of work.
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    /// Whether another build of Carillon's functions is measured beside this one, instead of the peers.
    variant: bool,
}

/// The programs that a plan starts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NeededPrograms {
    pub(crate) floor: bool,
    pub(crate) floor_with_sdk: bool,
    /// Carillon's functions.
    pub(crate) functions: BTreeSet<&'static str>,
    pub(crate) natural_rust: bool,
    pub(crate) node: bool,
    pub(crate) sockudo: bool,
}

impl Plan {
    /// Of the work whose name and transport hold `only`; a quick run takes the first of it.
    ///
    /// # Errors
    /// Names all work where none matches.
    pub(crate) fn new(only: Option<&str>, quick: bool, rounds: Option<usize>, variant: bool) -> Result<Self> {
        let only = only.unwrap_or(if quick { QUICK_WORK } else { "" });
        let mut works: Vec<_> = work::all().into_iter().filter(|work| work.title().contains(only)).collect();
        let [mut sockets, mut channels, mut memory] = [SOCKETS, CHANNELS, MEMORY].map(|name| name.contains(only));
        if quick {
            works.truncate(1);
            sockets &= works.is_empty();
            channels &= works.is_empty() && !sockets;
            memory &= works.is_empty() && !sockets && !channels;
        }
        let all: Vec<_> = work::all().iter().map(Work::title).collect();
        let is_known = !works.is_empty() || sockets || channels || memory;
        ensure!(is_known, "--only {only:?} is in none of: {}, {SOCKETS}, {CHANNELS}, {MEMORY}", all.join(", "));
        let rounds = rounds.unwrap_or(if quick { QUICK_ROUNDS } else { ROUNDS });
        ensure!(rounds > 0, "--rounds must be at least 1");
        Ok(Self { works, sockets, channels, memory, rounds, quick, variant })
    }

    /// The systems that do this work.
    pub(crate) fn systems(&self, work: &Work) -> Vec<System> {
        let is_peer = |system: &System| matches!(system, System::NaturalRust | System::Node);
        let own = work.systems.iter().copied().filter(|system| !(self.variant && is_peer(system)));
        own.chain(self.variant.then_some(System::Variant)).collect()
    }

    /// The WebSocket servers.
    pub(crate) fn socket_systems(&self) -> [System; 2] {
        [System::Carillon, if self.variant { System::Variant } else { System::Node }]
    }

    /// The servers of Pusher's protocol.
    pub(crate) fn channel_systems(&self) -> [System; 2] {
        [System::Carillon, if self.variant { System::Variant } else { System::Sockudo }]
    }

    /// Runs of each WebSocket server.
    pub(crate) fn socket_rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.min(MOST_SOCKET_ROUNDS) }
    }

    /// Processes of each memory size.
    pub(crate) fn memory_rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.min(MOST_MEMORY_ROUNDS) }
    }

    /// The programs that it starts.
    pub(crate) fn programs(&self) -> NeededPrograms {
        let mut programs = NeededPrograms::default();
        for work in &self.works {
            for system in self.systems(work) {
                match system {
                    System::Floor => programs.floor = true,
                    System::FloorWithSdk => programs.floor_with_sdk = true,
                    System::Carillon | System::CarillonReading => _ = programs.functions.insert(work.function),
                    System::NaturalRust => programs.natural_rust = true,
                    System::Node => programs.node = true,
                    System::Variant | System::Sockudo => {}
                }
            }
        }
        if self.memory {
            programs.functions.insert("delivery");
        }
        if self.sockets {
            programs.functions.extend(SOCKET_FUNCTIONS);
            programs.node |= self.socket_systems().contains(&System::Node);
        }
        if self.channels {
            programs.functions.extend(CHANNEL_FUNCTIONS);
            programs.sockudo = self.channel_systems().contains(&System::Sockudo);
        }
        programs
    }

    /// The work by name, and about how long it takes.
    pub(crate) fn summary(&self, built: bool) -> String {
        let mut names: Vec<_> = self.works.iter().map(Work::title).collect();
        names.extend(self.sockets.then(|| SOCKETS.to_owned()));
        names.extend(self.channels.then(|| CHANNELS.to_owned()));
        names.extend(self.memory.then(|| MEMORY.to_owned()));
        let building = if built {
            String::new()
        } else {
            let build = minutes(self.programs().seconds());
            format!("Building takes about {build} from nothing, and a moment where everything is current. ")
        };
        format!("{building}Measuring takes about {}: {}.", minutes(self.seconds()), names.join(", "))
    }

    fn seconds(&self) -> usize {
        let instructions = if self.quick { 0 } else { seconds::INSTRUCTIONS };
        let sockets = if self.quick { seconds::QUICK_SOCKETS } else { seconds::SOCKETS };
        let channels = if self.quick { seconds::QUICK_CHANNELS } else { seconds::CHANNELS };
        self.works.len() * (self.rounds * seconds::ROUND + instructions)
            + usize::from(self.sockets) * self.socket_rounds() * sockets
            + usize::from(self.channels) * self.socket_rounds() * channels
            + usize::from(self.memory) * self.memory_rounds() * seconds::MEMORY
    }
}

impl NeededPrograms {
    fn seconds(&self) -> usize {
        let parts = [
            (self.floor, seconds::FLOOR),
            (self.floor_with_sdk, seconds::FLOOR_WITH_SDK),
            (!self.functions.is_empty(), seconds::CRATES + self.functions.len() * seconds::FUNCTION),
            (self.natural_rust, seconds::NATURAL_RUST),
            (self.node, seconds::NODE),
            (self.sockudo, seconds::SOCKUDO),
        ];
        parts.iter().filter(|(needed, _)| *needed).map(|(_, seconds)| seconds).sum()
    }
}

fn minutes(seconds: usize) -> String {
    match seconds.div_ceil(60) {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_builds_one_function_its_floor_and_its_peers() {
        let plan = Plan::new(None, true, None, false).unwrap();
        assert_eq!(plan.works.iter().map(Work::title).collect::<Vec<_>>(), ["private-user"]);
        let functions = BTreeSet::from(["pusher-auth"]);
        let programs =
            NeededPrograms { floor: true, functions, natural_rust: true, node: true, ..NeededPrograms::default() };
        assert_eq!(plan.programs(), programs);
        assert!(!plan.sockets);
        // Ten minutes from nothing, less what the measuring program itself takes to build.
        assert!(programs.seconds() + plan.seconds() <= 9 * 60, "{}", plan.summary(false));
    }

    #[test]
    fn a_quick_run_takes_the_first_work_of_a_name_and_sockets_alone() {
        let plan = Plan::new(Some("kudos"), true, None, false).unwrap();
        assert_eq!((plan.works[0].title().as_str(), plan.works.len(), plan.sockets), ("kudos TLS", 1, false));
        let sockets = Plan::new(Some("sockets"), true, None, false).unwrap();
        assert_eq!((sockets.works.len(), sockets.socket_rounds()), (0, 1));
        let programs = sockets.programs();
        assert_eq!((programs.functions.len(), programs.node, programs.floor), (6, true, false));
        let channels = Plan::new(Some("channels"), true, None, false).unwrap();
        assert_eq!(
            (channels.channels, channels.sockets, channels.memory, channels.works.len()),
            (true, false, false, 0)
        );
        let programs = channels.programs();
        assert_eq!((programs.functions, programs.sockudo, programs.node), (CHANNEL_FUNCTIONS.into(), true, false));
        let memory = Plan::new(Some("memory"), true, None, false).unwrap();
        assert_eq!((memory.memory, memory.memory_rounds(), memory.sockets), (true, 1, false));
        assert_eq!(memory.programs().functions, BTreeSet::from(["delivery"]));
    }

    #[test]
    fn a_whole_run_builds_and_measures_everything() {
        let plan = Plan::new(None, false, None, false).unwrap();
        assert_eq!((plan.works.len(), plan.sockets, plan.rounds), (work::all().len(), true, 21));
        let programs = plan.programs();
        assert!(programs.floor && programs.floor_with_sdk && programs.natural_rust && programs.node);
        assert!(programs.functions.is_superset(&SOCKET_FUNCTIONS.into()));
        assert!(plan.channels && programs.sockudo && programs.functions.is_superset(&CHANNEL_FUNCTIONS.into()));
        assert!(plan.works.iter().all(|work| programs.functions.contains(work.function)));
        let summary = plan.summary(false);
        assert!(summary.contains("from nothing") && summary.contains("kudos TLS, kudos plain"), "{summary}");
        assert!(plan.summary(true).starts_with("Measuring takes about"));
    }

    #[test]
    fn a_variant_is_measured_in_place_of_the_peers() {
        let plan = Plan::new(Some("kudos"), true, Some(3), true).unwrap();
        assert_eq!(plan.systems(&plan.works[0]), [System::Floor, System::Carillon, System::Variant]);
        let programs = plan.programs();
        assert!(programs.floor && !programs.natural_rust && !programs.node);
        assert_eq!(plan.socket_systems(), [System::Carillon, System::Variant]);
        let channels = Plan::new(Some("channels"), true, None, true).unwrap();
        assert_eq!(channels.channel_systems(), [System::Carillon, System::Variant]);
        assert!(!channels.programs().sockudo);
    }

    #[test]
    fn a_name_that_no_work_has_is_refused_with_those_that_there_are() {
        let refused = Plan::new(Some("kudo s"), false, None, false).err().unwrap().to_string();
        assert!(refused.contains("kudos TLS") && refused.contains(SOCKETS), "{refused}");
        assert!(Plan::new(None, false, Some(0), false).is_err());
    }
}
