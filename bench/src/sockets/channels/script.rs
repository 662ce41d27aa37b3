//! The steps that each server goes through, and what is measured of each.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::super::usage;
use super::client::{ChannelClients, Frame, GREETING, KEEP_ALIVE, MEMBER_ADDED, SUBSCRIBED, member};
use super::server::ChannelServer;
use crate::stand_in::POSTS;
use crate::world::World;

/// After this long without news the rest is left to the table's stream. Until then, functions hold leases on what they began.
const OVERDUE: Duration = Duration::from_secs(4);
/// How often the stream is tried.
const VISITS: usize = 10;
/// A connection is kept alive once it is so old (`shared/src/gateway/keep_alive.rs`).
const OPENING: Duration = Duration::from_secs(11);
/// The channel that everybody subscribes to.
const NEWS: &str = "news";
const LOBBY: &str = "presence-lobby";

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChannelSize {
    /// Clients that come one by one, and then subscribe to a channel of their own.
    pub(super) first: usize,
    /// All clients in the end.
    pub(super) clients: usize,
    /// Events to one client each.
    pub(super) events: usize,
    /// Events to all.
    pub(super) news: usize,
    /// Members of the presence channel.
    pub(super) members: usize,
}

impl ChannelSize {
    pub(super) const FULL: Self = Self { first: 200, clients: 1_000, events: 500, news: 20, members: 100 };
    pub(super) const QUICK: Self = Self { first: 20, clients: 80, events: 60, news: 3, members: 20 };
}

/// A step that was measured.
#[derive(Debug, Clone)]
pub(super) struct ChannelStep {
    pub(super) name: String,
    /// The name of what is counted, such as `receipt`, and the number of them.
    pub(super) unit: &'static str,
    pub(super) count: usize,
    /// Milliseconds from send to receipt, of each.
    pub(super) times: Vec<f64>,
    /// Processor time of the server.
    pub(super) server: Duration,
    /// Processor time of this program: the clients and the stand-ins.
    pub(super) rest: Duration,
    /// Requests to DynamoDB.
    pub(super) requests: usize,
    /// Posts to connections.
    pub(super) posts: usize,
    /// Units of DynamoDB.
    pub(super) read_units: f64,
    pub(super) write_units: f64,
}

/// One run.
pub(super) struct ChannelScript<'a> {
    world: &'a World,
    server: &'a ChannelServer,
    size: ChannelSize,
    clients: ChannelClients,
    steps: Vec<ChannelStep>,
    /// Rows that the stream had to deliver.
    pub(super) left_to_the_stream: usize,
    /// When all were greeted.
    greeted: Instant,
}

struct Before {
    server: Duration,
    rest: Duration,
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn own(client: usize) -> String {
    format!("own-{client}")
}

impl<'a> ChannelScript<'a> {
    pub(super) fn new(world: &'a World, server: &'a ChannelServer, size: ChannelSize) -> Self {
        let clients = ChannelClients::new(server.target());
        Self { world, server, size, clients, steps: Vec::new(), left_to_the_stream: 0, greeted: Instant::now() }
    }

    /// Does all steps. The clients stay connected until the script is dropped.
    pub(super) async fn run(&mut self) -> Result<Vec<ChannelStep>> {
        self.come_one_by_one().await?;
        self.subscribe_one_by_one().await?;
        self.come_at_once().await?;
        self.subscribe_at_once().await?;
        self.tell_one().await?;
        self.tell_all().await?;
        self.gather().await?;
        self.keep_alive().await?;
        Ok(std::mem::take(&mut self.steps))
    }

    fn begin(&self) -> Result<Before> {
        self.world.stand_ins.take_counts();
        self.server.take_units();
        Ok(Before { server: self.server.processor_time()?, rest: usage::processor_time("self")? })
    }

    /// Ends a step when all that was left to do after the receipts is done.
    async fn end(&mut self, before: Before, name: &str, unit: &'static str, times: Vec<f64>) -> Result<()> {
        self.server.settle().await?;
        let mut counts = self.world.stand_ins.take_counts();
        let (posts, units) = (counts.remove(POSTS).unwrap_or_default(), self.server.take_units());
        self.steps.push(ChannelStep {
            name: name.to_owned(),
            unit,
            count: times.len(),
            times,
            server: self.server.processor_time()?.saturating_sub(before.server),
            rest: usage::processor_time("self")?.saturating_sub(before.rest),
            requests: counts.values().sum(),
            posts,
            read_units: units.read,
            write_units: units.write,
        });
        Ok(())
    }

    /// Waits until each of these clients has received a frame that `is_it`; returns when each did. `what` names it in an error.
    async fn until(
        &mut self,
        what: &str,
        clients: impl IntoIterator<Item = usize>,
        is_it: impl Fn(&Frame) -> bool,
    ) -> Result<HashMap<usize, Instant>> {
        let mut awaited: HashSet<usize> = clients.into_iter().collect();
        let (mut came, mut visits) = (HashMap::new(), 0);
        while !awaited.is_empty() {
            let Ok(seen) = tokio::time::timeout(OVERDUE, self.clients.next()).await else {
                visits += 1;
                ensure!(
                    visits <= VISITS,
                    "{} clients wait for {what}, such as {:?}",
                    awaited.len(),
                    awaited.iter().next()
                );
                self.left_to_the_stream += self.server.deliver_rest().await?;
                continue;
            };
            let seen = seen?;
            if is_it(&seen.frame) && awaited.remove(&seen.client) {
                came.insert(seen.client, seen.at);
            }
        }
        Ok(came)
    }

    async fn come_one_by_one(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for _ in 0..self.size.first {
            let client = self.clients.connect();
            let came = self.until("a greeting", [client], |frame| frame.event == GREETING).await?;
            times.push(milliseconds(came[&client] - self.clients.began[client]));
        }
        self.end(before, "greeting, one at a time", "connect", times).await
    }

    async fn come_at_once(&mut self) -> Result<()> {
        let before = self.begin()?;
        let rest: Range<usize> = self.size.first..self.size.clients;
        for _ in rest.clone() {
            self.clients.connect();
        }
        let came = self.until("a greeting", rest.clone(), |frame| frame.event == GREETING).await?;
        self.greeted = Instant::now();
        let times = came.iter().map(|(client, at)| milliseconds(*at - self.clients.began[*client])).collect();
        self.end(before, &format!("greeting, {} at once", rest.len()), "connect", times).await
    }

    /// Each to a channel that nobody is in.
    async fn subscribe_one_by_one(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for client in 0..self.size.first {
            let channel = own(client);
            let began = self.clients.subscribe(client, &channel);
            let came = self
                .until("its own channel", [client], |frame| frame.event == SUBSCRIBED && frame.channel == channel)
                .await?;
            times.push(milliseconds(came[&client] - began));
        }
        self.end(before, "subscribe to an empty channel, one at a time", "subscription", times).await
    }

    async fn subscribe_at_once(&mut self) -> Result<()> {
        let (before, began) = (self.begin()?, Instant::now());
        for client in 0..self.size.clients {
            self.clients.subscribe(client, NEWS);
        }
        let came = self
            .until("the news channel", 0..self.size.clients, |frame| frame.event == SUBSCRIBED && frame.channel == NEWS)
            .await?;
        let times = came.values().map(|at| milliseconds(*at - began)).collect();
        self.end(before, &format!("subscribe to one channel, {} at once", self.size.clients), "subscription", times)
            .await
    }

    /// Each on the channel that only this client is in.
    async fn tell_one(&mut self) -> Result<()> {
        let mut events = Vec::new();
        for n in 0..self.size.events {
            let client = n % self.size.first;
            events.push((n, client, self.server.event(&own(client), &json!({ "n": n, "price": "12.50" }))?));
        }
        let (server, before, mut times) = (self.server, self.begin()?, Vec::new());
        for (n, client, event) in events {
            let began = Instant::now();
            let is_it = |frame: &Frame| frame.event == "stock" && frame.data["n"] == n;
            let ((), came) = tokio::try_join!(server.trigger(event), self.until("an event to one", [client], is_it))?;
            times.push(milliseconds(came[&client] - began));
        }
        self.end(before, "event to one, one at a time", "receipt", times).await
    }

    async fn tell_all(&mut self) -> Result<()> {
        let mut events = Vec::new();
        for n in 0..self.size.news {
            events.push((n, self.server.event(NEWS, &json!({ "n": n, "price": "12.50" }))?));
        }
        let (server, before, mut times) = (self.server, self.begin()?, Vec::new());
        for (n, event) in events {
            let began = Instant::now();
            let is_it = |frame: &Frame| frame.event == "stock" && frame.data["n"] == n;
            let ((), came) =
                tokio::try_join!(server.trigger(event), self.until("an event to all", 0..self.size.clients, is_it))?;
            times.extend(came.values().map(|at| milliseconds(*at - began)));
        }
        self.end(before, &format!("event to {}", self.size.clients), "receipt", times).await
    }

    /// Each member joins, is shown the others, and is shown to them.
    async fn gather(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for client in 0..self.size.members {
            let began = self.clients.subscribe(client, LOBBY);
            let name = member(client);
            let came = self
                .until("a member", 0..=client, |frame| {
                    let is_told = frame.event == MEMBER_ADDED && frame.data["user_id"] == name;
                    frame.channel == LOBBY && (frame.event == SUBSCRIBED || is_told)
                })
                .await?;
            times.push(milliseconds(came[&client] - began));
        }
        self.end(before, &format!("join a presence channel, up to {}, one at a time", self.size.members), "join", times)
            .await
    }

    /// A keep-alive to everybody, by a process that has its connections open from the one before, as a minute later on AWS.
    async fn keep_alive(&mut self) -> Result<()> {
        tokio::time::sleep(OPENING.saturating_sub(self.greeted.elapsed())).await;
        if !self.server.keep_alive().await? {
            return Ok(());
        }
        let is_it = |frame: &Frame| frame.event == KEEP_ALIVE;
        self.until("a keep-alive", 0..self.size.clients, is_it).await?;
        self.server.settle().await?;
        let (before, began) = (self.begin()?, Instant::now());
        self.server.keep_alive().await?;
        let came = self.until("a keep-alive", 0..self.size.clients, is_it).await?;
        let times = came.values().map(|at| milliseconds(*at - began)).collect();
        self.end(before, "keep-alive of all", "connection", times).await
    }
}
