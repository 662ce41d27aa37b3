//! The steps, the same for both servers.
//!
//! 250 users connect one after the other, and all who are connected hear of each (`user_status`), so a connect costs as much as an
//! announcement. Then 500 further tabs of theirs connect at once, and 250 more, up to the last of the namespace's 1,000 places, where
//! a free one is hard to guess. Twenty announcements go to all 1,000. Direct messages go between pairs, one at a time and then one
//! from each user at once. At last everybody is pinged, and each client's pong invokes `socket-message`. A client counts as connected
//! when `connected` has arrived.
//!
//! The storm is of further tabs, because 500 new users would cause 500 announcements: 500 × 1,000 posts. That follows from
//! `user_status`, not from the functions.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::json;

use super::client::Clients;
use super::packet::Packet;
use super::server::Server;
use super::usage;
use crate::event::{token, user};
use crate::stand_in::POSTS;
use crate::world::World;

/// After this long without news the rest is left to the table's stream. Until then, functions hold leases on what they began.
const OVERDUE: Duration = Duration::from_secs(4);
/// How often the stream is tried.
const VISITS: usize = 10;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Users; an even number, since they are pairs. Each has up to four connections.
    pub(super) users: usize,
    /// Connections of the storm.
    pub(super) storm: usize,
    /// All connections in the end.
    pub(super) clients: usize,
    pub(super) announcements: usize,
    /// Direct messages, one at a time.
    pub(super) messages: usize,
}

impl Size {
    /// A namespace has 1,000 places, so the last connection takes the last one.
    pub(super) const FULL: Self = Self { users: 250, storm: 500, clients: 1_000, announcements: 20, messages: 1_000 };
    pub(super) const QUICK: Self = Self { users: 20, storm: 40, clients: 80, announcements: 3, messages: 60 };
}

/// A step that was measured.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    /// The name of the delivered events, such as `receipt`, and their number.
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
}

/// One run.
pub(super) struct Script<'a> {
    world: &'a World,
    server: &'a Server,
    size: Size,
    clients: Clients,
    steps: Vec<Step>,
    /// Rows that the stream had to deliver.
    pub(super) left_to_the_stream: usize,
}

struct Before {
    server: Duration,
    rest: Duration,
}

/// The events to wait for: who receives them, and their name.
type Awaited = HashSet<(usize, String)>;

fn awaited(clients: Range<usize>, name: &str) -> Awaited {
    clients.map(|client| (client, name.to_owned())).collect()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl<'a> Script<'a> {
    pub(super) fn new(world: &'a World, server: &'a Server, size: Size) -> Self {
        let clients = Clients::new(server.place());
        Self { world, server, size, clients, steps: Vec::new(), left_to_the_stream: 0 }
    }

    /// Does all steps. The clients stay connected until the script is dropped.
    pub(super) async fn run(&mut self) -> Result<Vec<Step>> {
        let Size { users, storm, clients, .. } = self.size;
        self.come_one_by_one().await?;
        self.storm(&format!("storm of {storm} connects"), storm).await?;
        self.storm(&format!("storm of {}, to the last place", clients - users - storm), clients - users - storm)
            .await?;
        self.enter_messages().await?;
        self.announce().await?;
        self.write_one_by_one().await?;
        self.write_all_at_once().await?;
        self.ping().await?;
        Ok(std::mem::take(&mut self.steps))
    }

    fn begin(&self) -> Result<Before> {
        self.world.stand_ins.take_counts();
        Ok(Before { server: self.server.processor_time()?, rest: usage::processor_time("self")? })
    }

    /// Ends a step when all that was left to do after the receipts is done.
    async fn end(&mut self, before: Before, name: &str, unit: &'static str, times: Vec<f64>) -> Result<()> {
        self.server.settle().await?;
        let mut counts = self.world.stand_ins.take_counts();
        let posts = counts.remove(POSTS).unwrap_or_default();
        self.steps.push(Step {
            name: name.to_owned(),
            unit,
            count: times.len(),
            times,
            server: self.server.processor_time()?.saturating_sub(before.server),
            rest: usage::processor_time("self")?.saturating_sub(before.rest),
            requests: counts.values().sum(),
            posts,
        });
        Ok(())
    }

    /// Waits until all of these have come; returns when each did.
    async fn until(
        &mut self,
        mut awaited: Awaited,
        is_it: impl Fn(&Packet) -> bool,
    ) -> Result<HashMap<(usize, String), Instant>> {
        let (mut came, mut visits) = (HashMap::new(), 0);
        while !awaited.is_empty() {
            let Ok(seen) = tokio::time::timeout(OVERDUE, self.clients.seen.recv()).await else {
                visits += 1;
                ensure!(visits <= VISITS, "{} were not received, such as {:?}", awaited.len(), awaited.iter().next());
                self.left_to_the_stream += self.server.deliver_rest().await?;
                continue;
            };
            let Some(seen) = seen else { bail!("all clients have ended") };
            if let Packet::Refused(reason) = &seen.packet {
                bail!("client {} was refused: {reason}", seen.client);
            }
            let key = (seen.client, seen.packet.name().to_owned());
            if is_it(&seen.packet) && awaited.remove(&key) {
                came.insert(key, seen.at);
            }
        }
        Ok(came)
    }

    /// Each user's first connection, which is told to everybody who is there.
    async fn come_one_by_one(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for n in 0..self.size.users {
            let client = self.clients.connect(&token(n));
            let mut all = awaited(0..client + 1, "user_status");
            let connected = (client, "connected".to_owned());
            all.insert(connected.clone());
            let came = self.until(all, |packet| packet.field("userId") == Some(&user(n))).await?;
            times.push(milliseconds(came[&connected] - self.clients.began[client]));
        }
        self.end(before, "connect, one at a time, told to all", "connect", times).await
    }

    /// Further connections of the users, all at once. They change no status, so they cause no event.
    async fn storm(&mut self, name: &str, size: usize) -> Result<()> {
        let before = self.begin()?;
        let first = self.clients.count();
        for client in first..first + size {
            self.clients.connect(&token(client % self.size.users));
        }
        let came = self.until(awaited(first..first + size, "connected"), |_| true).await?;
        let times = came.iter().map(|((client, _), at)| milliseconds(*at - self.clients.began[*client])).collect();
        self.end(before, name, "connect", times).await
    }

    /// Each user's first connection enters `/ws` too, all at once.
    async fn enter_messages(&mut self) -> Result<()> {
        let (before, began) = (self.begin()?, Instant::now());
        for client in 0..self.size.users {
            self.clients.send(client, "40/ws,".to_owned());
        }
        let came = self.until(awaited(0..self.size.users, "/ws"), |_| true).await?;
        let times = came.values().map(|at| milliseconds(*at - began)).collect();
        self.end(before, "enter a second namespace, all at once", "entry", times).await
    }

    async fn announce(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for n in 0..self.size.announcements {
            let n = n.to_string();
            let data = json!({ "title": "System maintenance", "body": "Tonight from two to three.", "n": n });
            let began = Instant::now();
            self.server.announce(&data).await?;
            let all = awaited(0..self.size.clients, "announcement");
            let came = self.until(all, |packet| packet.field("n") == Some(&n)).await?;
            times.extend(came.values().map(|at| milliseconds(*at - began)));
        }
        let name = format!("announcement to {}", self.size.clients);
        self.end(before, &name, "receipt", times).await
    }

    /// Sends a direct message to the sender's partner; returns what it says.
    fn write(&self, sender: usize, n: usize) -> String {
        let content = format!("Shall we meet at {n}?");
        let data =
            json!({ "receiverId": user(partner(sender)), "content": content, "clientMessageId": format!("m-{n}") });
        self.clients.send(sender, format!("42/ws,{n}{}", json!(["sendMessage", data])));
        content
    }

    async fn write_one_by_one(&mut self) -> Result<()> {
        let (before, mut times) = (self.begin()?, Vec::new());
        for n in 0..self.size.messages {
            let sender = n % self.size.users;
            let began = Instant::now();
            let content = self.write(sender, n);
            let is_it =
                |packet: &Packet| *packet == Packet::Acknowledged || packet.field("content") == Some(content.as_str());
            let came = self.until(of_message(sender), is_it).await?;
            times.push(milliseconds(came[&(partner(sender), "message:new".to_owned())] - began));
        }
        self.end(before, "direct message, one at a time", "message", times).await
    }

    async fn write_all_at_once(&mut self) -> Result<()> {
        let (before, began) = (self.begin()?, Instant::now());
        let mut all = Awaited::new();
        for sender in 0..self.size.users {
            self.write(sender, self.size.messages + sender);
            all.extend(of_message(sender));
        }
        let came = self.until(all, |_| true).await?;
        let received = came.iter().filter(|((_, name), _)| name == "message:new");
        let times = received.map(|(_, at)| milliseconds(*at - began)).collect();
        let name = format!("{} direct messages at once", self.size.users);
        self.end(before, &name, "message", times).await
    }

    /// A ping to everybody, which every client answers.
    async fn ping(&mut self) -> Result<()> {
        let (before, began) = (self.begin()?, Instant::now());
        if !self.server.ping().await? {
            return Ok(());
        }
        let came = self.until(awaited(0..self.size.clients, "ping"), |_| true).await?;
        let times = came.values().map(|at| milliseconds(*at - began)).collect();
        self.end(before, "heartbeat: a ping and its pong", "connection", times).await
    }
}

/// With whom a user talks.
fn partner(user: usize) -> usize {
    user ^ 1
}

/// The effects of a direct message.
fn of_message(sender: usize) -> Awaited {
    let receiver = partner(sender);
    let all = [(receiver, "message:new"), (sender, "message:sent"), (sender, "acknowledged")];
    all.into_iter().map(|(client, name)| (client, name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_has_a_partner_and_at_most_four_connections_and_no_place_is_wanted_twice() {
        for Size { users, storm, clients, messages, .. } in [Size::FULL, Size::QUICK] {
            assert!((0..users).all(|user| partner(user) < users && partner(partner(user)) == user));
            assert!(clients <= 4 * users && clients <= 1_000 && users + storm < clients);
            // 100 messages a minute of a user are permitted.
            assert!(messages / users + 4 < 100);
        }
    }

    #[test]
    fn a_message_reaches_its_receiver_and_its_sender_twice() {
        let all = of_message(4);
        assert_eq!(all.len(), 3);
        assert!(all.contains(&(5, "message:new".to_owned())) && all.contains(&(4, "acknowledged".to_owned())));
    }
}
