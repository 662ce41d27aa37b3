//! The load: commands over HTTP, as the apps of many users send them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{Method, Request, StatusCode};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::books::Books;
use super::chat::{ChatCommand, Chats, LEASES, RESPONSE_TIMEOUT, lease_id, parties_of};
use super::crowd::{Subscription, Subscriptions};
use super::event::{Event, RoomUser};
use super::files::{FilesVerdict, Stored};
use crate::net::relay::Relay;
use crate::state::State;
use crate::state::token;

/// Everybody is in one lease.
const PEOPLE: usize = 2 * LEASES;
const ROOMS: usize = 5;
/// Parties that are founded at most; each by another person, so that no inviter meets the limit of invitations.
const PARTIES: usize = PEOPLE;
/// People whom a party may invite.
const CANDIDATES: usize = 6;
/// Commands without a response that are in flight at most. Beyond that, the load slows down.
const MAX_IN_FLIGHT: usize = 200;

/// A user with an account.
struct Person {
    id: String,
    token: String,
}

/// A party as far as the responses tell.
struct Party {
    id: String,
    owner: usize,
    /// Not invited yet.
    candidates: Vec<usize>,
    /// Invited, and not on their way in.
    invited: Vec<usize>,
    members: Vec<usize>,
}

/// A request that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Command {
    Kudos { giver: usize, receiver: usize, session: String },
    Notify { user: usize },
    Enter { user: usize, room: usize },
    Leave { user: usize, room: usize },
    Found { owner: usize },
    Invite { party: usize, invitee: usize },
    Accept { party: usize, invitee: usize },
    Quit { party: usize, member: usize },
    Rename { party: usize, name: String },
    Chat(ChatCommand),
}

/// Responses, by outcome.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) sent: u64,
    pub(super) accepted: u64,
    /// By status (4xx).
    pub(super) refused: BTreeMap<u16, u64>,
    /// 5xx, or no response: the command may have been done and may not.
    pub(super) unclear: u64,
}

/// The world that the load takes place in.
#[derive(Clone)]
pub(super) struct Load(Arc<Inner>);

struct Inner {
    relay: Relay,
    books: Books,
    subscriptions: Subscriptions,
    people: Vec<Person>,
    service: String,
    parties: Mutex<Vec<Party>>,
    chats: Chats,
    commands: Mutex<Commands>,
}

impl Load {
    pub(super) fn new(state: &State, front_door: &str, books: Books, subscriptions: Subscriptions) -> Result<Self> {
        let person = |number| {
            let id = format!("user-{number:02}");
            let token = token::of_person(state, &id, &format!("User {number}"), None)?;
            Ok(Person { id, token })
        };
        Ok(Self(Arc::new(Inner {
            relay: Relay::to(front_door),
            books,
            subscriptions,
            people: (0..PEOPLE).map(person).collect::<Result<_>>()?,
            service: token::of_person(state, "billing", "Billing", Some("service"))?,
            parties: Mutex::default(),
            chats: Chats::new(front_door),
            commands: Mutex::default(),
        })))
    }

    /// Every user of the load in each room.
    pub(super) fn room_users(&self) -> Vec<RoomUser> {
        let people = self.0.people.iter();
        people
            .flat_map(|person| (0..ROOMS).map(|room| RoomUser { book: book(room), user: person.id.clone() }))
            .collect()
    }

    /// How many people there are.
    pub(super) fn people(&self) -> usize {
        self.0.people.len()
    }

    /// Has everybody been here, so that they can be invited, makes the leases, and subscribes everybody to their own channel, to a room and to
    /// their lease. Returns the number of subscriptions.
    pub(super) async fn introduce(&self) -> Result<usize> {
        for (number, person) in self.0.people.iter().enumerate() {
            let Some((status, body)) = self.0.send(Method::GET, "/party-invitations", &person.token, None).await else {
                bail!("The stack does not respond");
            };
            if !status.is_success() {
                bail!("The stack responded with {status} to the first request: {body}");
            }
            self.0.subscribe(number, format!("private-user-{}", person.id));
            self.0.subscribe(number, format!("presence-room-{}", book(number % ROOMS)));
        }
        for lease in 0..LEASES {
            let [client, notary] = parties_of(lease).map(|user| self.0.id_of(user));
            let body = json!({ "clientId": client, "notaryId": notary, "title": format!("Lease {lease}") });
            let (path, token) = (format!("/leases/{}", lease_id(lease)), &self.0.service);
            let Some((StatusCode::OK, _)) = self.0.send(Method::PUT, &path, token, Some(body)).await else {
                bail!("The stack did not take a lease");
            };
            for user in parties_of(lease) {
                self.0.subscribe(user, format!("presence-bail-{}", lease_id(lease)));
            }
        }
        Ok(3 * self.0.people.len())
    }

    /// Sends commands at this rate for this duration, and waits for their responses.
    pub(super) async fn run(&self, random: &mut StdRng, rate: u32, lasting: Duration) -> Result<()> {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / rate);
        let mut in_flight = JoinSet::new();
        let mut number = 0;
        while self.0.books.now() < lasting {
            beat.tick().await;
            let command = self.draw(random, number);
            number += 1;
            in_flight.spawn(self.clone().execute(command));
            while in_flight.len() >= MAX_IN_FLIGHT || in_flight.try_join_next().is_some() {
                if in_flight.len() >= MAX_IN_FLIGHT {
                    in_flight.join_next().await;
                }
            }
        }
        while let Some(done) = in_flight.join_next().await {
            done.context("A command of the load ended badly")?;
        }
        Ok(())
    }

    pub(super) fn commands(&self) -> MutexGuard<'_, Commands> {
        self.0.commands.lock().expect("nothing panics while it holds the counts")
    }

    /// The next command. A user who is taken off a list returns to one after the response.
    fn draw(&self, random: &mut StdRng, number: u64) -> Command {
        let user = random.random_range(0..PEOPLE);
        match random.random_range(0..100) {
            0..28 => {
                let receiver = (user + random.random_range(1..PEOPLE)) % PEOPLE;
                Command::Kudos { giver: user, receiver, session: format!("session-{number}") }
            }
            28..43 => Command::Notify { user },
            43..55 => Command::Enter { user, room: random.random_range(0..ROOMS) },
            55..65 => Command::Leave { user, room: random.random_range(0..ROOMS) },
            65..82 => Command::Chat(self.0.chats.draw(random, user, number)),
            _ => draw_party(&mut self.0.parties(), random, number),
        }
    }

    async fn execute(self, command: Command) {
        self.commands().sent += 1;
        if let Command::Chat(command) = command {
            let token = self.0.token_of(command.author());
            self.count(&self.0.chats.execute(&self.0.books, token, command).await);
            return;
        }
        let response = self.0.request(&command).await;
        if let Some(body) = self.count(&response) {
            self.0.accepted(command, body);
        }
    }

    /// Counts the response to a command; returns its body if it was accepted.
    fn count<'a>(&self, response: &'a Option<(StatusCode, Value)>) -> Option<&'a Value> {
        let mut commands = self.commands();
        match response {
            Some((status, body)) if status.is_success() => {
                commands.accepted += 1;
                return Some(body);
            }
            Some((status, _)) if status.is_client_error() => {
                *commands.refused.entry(status.as_u16()).or_default() += 1;
            }
            _ => commands.unclear += 1,
        }
        None
    }

    /// Reads the files of all messages, and compares them with what was uploaded.
    pub(super) async fn judge_files(&self, stored: &Stored) -> FilesVerdict {
        self.0.chats.judge_files(stored, |user| self.0.token_of(user)).await
    }
}

impl Inner {
    fn parties(&self) -> MutexGuard<'_, Vec<Party>> {
        self.parties.lock().expect("nothing panics while it holds the parties")
    }

    fn token_of(&self, user: usize) -> &str {
        self.people.get(user).map_or("", |person| &person.token)
    }

    fn id_of(&self, user: usize) -> String {
        self.people.get(user).map(|person| person.id.clone()).unwrap_or_default()
    }

    /// Sends a command of any kind but those of chats; `None` without a response.
    async fn request(&self, command: &Command) -> Option<(StatusCode, Value)> {
        let token_of = |user: usize| self.token_of(user);
        let (method, path, token, body) = match command {
            Command::Kudos { giver, receiver, session } => {
                let body =
                    json!({ "receiverId": self.id_of(*receiver), "sessionId": session, "bookTitle": "The Tide" });
                (Method::POST, "/kudos".to_owned(), token_of(*giver), Some(body))
            }
            Command::Notify { user } => {
                let body = json!({ "userId": self.id_of(*user), "type": "SYSTEM" });
                (Method::POST, "/notifications".to_owned(), self.service.as_str(), Some(body))
            }
            Command::Enter { user, room } => (Method::POST, presence(*room), token_of(*user), None),
            Command::Leave { user, room } => (Method::DELETE, presence(*room), token_of(*user), None),
            Command::Found { owner } => {
                let body = json!({ "partyName": format!("Party of {}", self.id_of(*owner)) });
                (Method::POST, "/parties".to_owned(), token_of(*owner), Some(body))
            }
            Command::Invite { party, invitee } => {
                let (id, owner) = self.party(*party);
                let body = json!({ "userId": self.id_of(*invitee) });
                (Method::POST, format!("/parties/{id}/invitations"), token_of(owner), Some(body))
            }
            Command::Accept { party, invitee } => {
                let (id, _) = self.party(*party);
                (Method::POST, format!("/parties/{id}/invitations/accept"), token_of(*invitee), None)
            }
            Command::Quit { party, member } => {
                let (id, _) = self.party(*party);
                (Method::DELETE, format!("/parties/{id}/members/{}", self.id_of(*member)), token_of(*member), None)
            }
            Command::Rename { party, name } => {
                let (id, owner) = self.party(*party);
                (Method::PATCH, format!("/parties/{id}"), token_of(owner), Some(json!({ "partyName": name })))
            }
            Command::Chat(_) => return None,
        };
        self.send(method, &path, token, body).await
    }

    /// The id of a party and its owner.
    fn party(&self, party: usize) -> (String, usize) {
        self.parties().get(party).map(|party| (party.id.clone(), party.owner)).unwrap_or_default()
    }

    /// The status and the body, as far as it is JSON; `None` without a response.
    async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Option<(StatusCode, Value)> {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let request = if body.is_some() { request.header("content-type", "application/json") } else { request };
        let (parts, ()) = request.body(()).ok()?.into_parts();
        let sent = self.relay.send(parts, body.map(|body| body.to_string()).unwrap_or_default().into());
        let response = tokio::time::timeout(RESPONSE_TIMEOUT, sent).await.ok()?.ok()?;
        Some((response.status(), serde_json::from_slice(response.body()).unwrap_or_default()))
    }

    /// Notes what an accepted command owes, and what can be done next.
    fn accepted(&self, command: Command, response: &Value) {
        let text = |name: &str| response.get(name).and_then(Value::as_str).map(str::to_owned);
        match command {
            Command::Kudos { session, .. } => self.books.accept(Event::Kudos { session }),
            Command::Notify { .. } => {
                if let Some(id) = text("notificationId") {
                    self.books.accept(Event::Notification { id });
                }
            }
            // The table says in the end what should have been delivered.
            Command::Enter { .. } | Command::Leave { .. } => {}
            Command::Found { owner } => {
                if let Some(id) = text("partyId") {
                    self.subscribe(owner, format!("private-party-{id}"));
                    let candidates = (1..=CANDIDATES).map(|distance| (owner + distance) % PEOPLE).collect();
                    self.parties().push(Party { id, owner, candidates, invited: Vec::new(), members: Vec::new() });
                }
            }
            Command::Invite { party, invitee } => {
                self.books.accept(Event::Invitation { party: self.party(party).0, invitee: self.id_of(invitee) });
                if let Some(party) = self.parties().get_mut(party) {
                    party.invited.push(invitee);
                }
            }
            Command::Accept { party, invitee } => {
                let id = self.party(party).0;
                self.subscribe(invitee, format!("private-party-{id}"));
                self.books.accept(Event::MemberJoined { party: id, user: self.id_of(invitee) });
                if let Some(party) = self.parties().get_mut(party) {
                    party.members.push(invitee);
                }
            }
            Command::Quit { party, member } => {
                self.books.accept(Event::MemberLeft { party: self.party(party).0, user: self.id_of(member) });
            }
            Command::Rename { party, name } => self.books.accept(Event::Renamed { party: self.party(party).0, name }),
            Command::Chat(_) => {}
        }
    }

    fn subscribe(&self, user: usize, channel: String) {
        if let Some(Person { id, token }) = self.people.get(user) {
            self.books.attendance().asked(id, &channel);
            // Without clients there is nobody to tell, and the run ends for that.
            let _ = self.subscriptions.send(Subscription { user: id.clone(), token: token.clone(), channel });
        }
    }
}

/// The next command about a party.
fn draw_party(parties: &mut [Party], random: &mut StdRng, number: u64) -> Command {
    let found = Command::Found { owner: parties.len() % PEOPLE };
    let may_found = parties.len() < PARTIES;
    if may_found && (parties.is_empty() || random.random_bool(0.15)) {
        return found;
    }
    let Some(party) = (0..parties.len()).collect::<Vec<_>>().choose(random).copied() else { return found };
    let Some(Party { candidates, invited, members, .. }) = parties.get_mut(party) else { return found };
    for list in [&mut *candidates, &mut *invited, &mut *members] {
        list.shuffle(random);
    }
    match random.random_range(0..10) {
        0..4 if !candidates.is_empty() => candidates.pop().map(|invitee| Command::Invite { party, invitee }),
        4..7 if !invited.is_empty() => invited.pop().map(|invitee| Command::Accept { party, invitee }),
        7 if !members.is_empty() => members.pop().map(|member| Command::Quit { party, member }),
        _ => None,
    }
    .unwrap_or_else(|| Command::Rename { party, name: format!("Name {number}") })
}

fn book(room: usize) -> String {
    format!("book-{room}")
}

fn presence(room: usize) -> String {
    format!("/rooms/{}/presence", book(room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    #[test]
    fn a_party_is_founded_filled_and_left_and_no_command_is_drawn_twice() {
        let mut random = StdRng::seed_from_u64(3);
        let mut parties = Vec::new();
        let mut seen = HashSet::new();
        for number in 0..1000 {
            let command = draw_party(&mut parties, &mut random, number);
            if !matches!(command, Command::Found { .. }) {
                assert!(seen.insert(format!("{command:?}")), "{command:?} is drawn again");
            }
            match command {
                Command::Found { owner } => parties.push(Party {
                    id: owner.to_string(),
                    owner,
                    candidates: (1..=CANDIDATES).map(|distance| (owner + distance) % PEOPLE).collect(),
                    invited: Vec::new(),
                    members: Vec::new(),
                }),
                Command::Invite { party, invitee } => parties[party].invited.push(invitee),
                Command::Accept { party, invitee } => parties[party].members.push(invitee),
                _ => {}
            }
        }
        assert_eq!(parties.len(), PARTIES);
        for wanted in ["Invite", "Accept", "Quit", "Rename"] {
            assert!(seen.iter().any(|command| command.starts_with(wanted)), "{wanted}");
        }
    }
}
