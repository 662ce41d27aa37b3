//! The arguments of `cargo local chaos`.

use std::time::Duration;

use clap::{Args, value_parser};

use crate::state::settings::LocalServer;

#[derive(Args)]
pub(crate) struct Options {
    /// The server that clients of Pusher's protocol connect to. With sockudo, the run freezes and kills sockudo. With gateway, it delays and
    /// refuses posts to WebSockets, and ends clients' connections
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pusher: LocalServer,
    /// How long load and failures last, in seconds
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u64).range(5..))]
    seconds: u64,
    /// The same in minutes
    #[arg(long, conflicts_with = "seconds", value_parser = value_parser!(u64).range(1..))]
    minutes: Option<u64>,
    /// Commands per second
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=1000))]
    pub(crate) rate: u32,
    /// Make nothing fail: load alone, to see how soon nothing is owed
    #[arg(long)]
    pub(crate) calm: bool,
    /// Seed of the load and the failures; a new one each time if absent
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How long to wait, at most, until nothing is owed after the last failure, in seconds. The queue hides a message for 180 seconds
    /// after the function that received it was killed
    #[arg(long, default_value_t = 240)]
    patience: u64,
}

impl Options {
    /// How long load and failures last.
    pub(crate) fn lasting(&self) -> Duration {
        Duration::from_secs(self.minutes.map_or(self.seconds, |minutes| minutes * 60))
    }

    /// How long to wait, at most, until nothing is owed.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}
