//! The chats of leases: messages, some of them with a file, and the deletion of some.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response, StatusCode, Uri};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::books::Books;
use super::event::Event;
use super::files::{self, FILE_TYPE, File, FileFound, FileState, Files, FilesVerdict, Stored};
use crate::net::relay::Relay;

/// Longer than the front door waits for a function.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(35);

/// Leases, each with a client and a notary who write to each other.
pub(super) const LEASES: usize = 10;
/// How often a request of an upload, or one that sends a message, is sent at most, and the pauses between.
const ATTEMPTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// Files that are read at once at the end.
const READS_AT_ONCE: usize = 8;
/// Separates the fields of a form; no file has it.
const BOUNDARY: &str = "chaos-of-carillon";

/// A status and a body, as far as it is JSON; `None` without a response.
type Answer = Option<(StatusCode, Value)>;

/// A command in a lease's chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChatCommand {
    Write { lease: usize, author: usize, number: u64, has_file: bool },
    Delete { lease: usize, message: Message },
}

impl ChatCommand {
    pub(super) fn author(&self) -> usize {
        match self {
            Self::Write { author, .. } => *author,
            Self::Delete { message, .. } => message.author,
        }
    }
}

/// A message as its response tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    author: usize,
    id: String,
    seq: u64,
    file: Option<String>,
}

/// The chats of all leases.
pub(super) struct Chats {
    relay: Relay,
    /// Of links, whose signature is one of the header `Host`, too.
    links: Relay,
    /// Of each lease, those that nobody tried to delete.
    messages: Mutex<Vec<Vec<Message>>>,
    files: Files,
}

impl Chats {
    pub(super) fn new(front_door: &str) -> Self {
        Self {
            relay: Relay::to(front_door),
            links: Relay::to(front_door).keeping_host(),
            messages: Mutex::new(vec![Vec::new(); LEASES]),
            files: Files::default(),
        }
    }

    pub(super) fn draw(&self, random: &mut StdRng, author: usize, number: u64) -> ChatCommand {
        draw(&mut self.messages(), random, author, number)
    }

    /// Sends a command of the author with this token, and notes what it owes. Returns the response by which it ended.
    pub(super) async fn execute(&self, books: &Books, token: &str, command: ChatCommand) -> Answer {
        match command {
            ChatCommand::Write { lease, author, number, has_file } => {
                let file = if has_file {
                    match self.upload(lease, token, number).await {
                        Ok(id) => Some(id),
                        Err(answer) => return answer,
                    }
                } else {
                    None
                };
                let path = format!("/leases/{}/messages", lease_id(lease));
                let body = json!({ "content": format!("Message {number}"), "attachmentIds": Vec::from_iter(&file) });
                let answer = self.send_again(&path, (token, &format!("message-{number}")), &body).await;
                if let Some((id, seq)) = answer.as_ref().and_then(|(_, body)| written(body)) {
                    books.accept(Event::Message { lease: lease_id(lease), seq });
                    let message = Message { author, id, seq, file };
                    self.mark(&message, FileState::Sent);
                    if let Some(of_lease) = self.messages().get_mut(lease) {
                        of_lease.push(message);
                    }
                }
                answer
            }
            ChatCommand::Delete { lease, message } => {
                let Message { ref id, seq, .. } = message;
                let name = lease_id(lease);
                // The row may owe the message still, and then owes the deletion alone.
                books.ledger().withdraw(Event::Message { lease: name.clone(), seq });
                self.mark(&message, FileState::MaybeDeleted);
                let path = format!("/leases/{name}/messages/{id}");
                let request = Request::delete(&path).header("authorization", format!("Bearer {token}"));
                let answer = once(&self.relay, request, Bytes::new()).await.map(|response| json_of(&response));
                match answer.as_ref().map(|(status, _)| status) {
                    Some(status) if status.is_success() => {
                        self.mark(&message, FileState::Deleted);
                        books.accept(Event::MessageDeleted { lease: name, seq });
                    }
                    Some(status) if status.is_client_error() => self.mark(&message, FileState::Sent),
                    _ => {}
                }
                answer
            }
        }
    }

    /// Reads the files of all messages by links, and compares them with what was uploaded.
    pub(super) async fn judge_files<'a>(&self, stored: &Stored, token_of: impl Fn(usize) -> &'a str) -> FilesVerdict {
        let files = self.files.of_messages(stored);
        let reads: Vec<_> = files
            .into_iter()
            .map(|(id, file)| {
                let [_, notary] = parties_of(file.lease);
                let token = token_of(notary);
                async move {
                    let found = self.read(&id, &file, token).await;
                    (id, file, found)
                }
            })
            .collect();
        let found: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).collect().await;
        files::judge(&found, stored)
    }

    fn messages(&self) -> MutexGuard<'_, Vec<Vec<Message>>> {
        self.messages.lock().expect("nothing panics while it holds the messages")
    }

    /// Notes the state of a message's file, if it has one.
    fn mark(&self, message: &Message, state: FileState) {
        if let Some(file) = &message.file {
            self.files.set(file, state);
        }
    }

    /// Posts with an idempotency key, and again if that is not answered or fails.
    async fn send_again(&self, path: &str, (token, key): (&str, &str), body: &Value) -> Answer {
        let request = || Request::post(path).header("idempotency-key", key).header("content-type", "application/json");
        let request = || (request().header("authorization", format!("Bearer {token}")), body.to_string().into());
        self.again(&self.relay, request).await.map(|response| json_of(&response))
    }

    /// Sends a request again after a 5xx or no response. Returns the last response.
    async fn again(
        &self,
        relay: &Relay,
        request: impl Fn() -> (http::request::Builder, Bytes),
    ) -> Option<Response<Bytes>> {
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let (builder, body) = request();
            last = once(relay, builder, body).await.or(last);
            if last.as_ref().is_some_and(|response| !response.status().is_server_error()) {
                break;
            }
        }
        last
    }

    /// Uploads a file as a page does: asks for a form, and posts it. Returns the id, or the response that it ended with.
    async fn upload(&self, lease: usize, token: &str, number: u64) -> Result<String, Answer> {
        let content = files::content(number);
        let path = format!("/leases/{}/attachments", lease_id(lease));
        let body = json!({ "name": format!("file-{number}.pdf"), "type": FILE_TYPE, "size": content.len() });
        let asked = self.send_again(&path, (token, &format!("file-{number}")), &body).await;
        let Some((_, upload)) = asked.as_ref().filter(|(status, _)| status.is_success()) else { return Err(asked) };
        let text = |name: &str| upload.get(name).and_then(Value::as_str);
        let (Some(id), Some(path)) = (text("attachmentId"), text("url").and_then(path_of)) else { return Err(None) };
        self.files.uploads(id, lease, number);
        let form = Bytes::from(form(upload.get("fields"), &content));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let post = || (Request::post(&path).header("content-type", &content_type), form.clone());
        let posted = self.again(&self.relay, post).await;
        match posted.map(|response| response.status()) {
            Some(status) if status.is_success() => Ok(id.to_owned()),
            refused => Err(refused.map(|status| (status, Value::Null))),
        }
    }

    /// Asks for a link to a file, and follows it.
    async fn read(&self, id: &str, file: &File, token: &str) -> FileFound {
        let path = format!("/leases/{}/attachments/{id}", lease_id(file.lease));
        let ask = || (Request::get(&path).header("authorization", format!("Bearer {token}")), Bytes::new());
        let link = match self.again(&self.relay, ask).await {
            Some(response) if response.status().is_success() => response,
            Some(response) if response.status() == StatusCode::NOT_FOUND => return FileFound::NoLink,
            _ => return FileFound::Wrong,
        };
        let link: Value = serde_json::from_slice(link.body()).unwrap_or_default();
        let Some((host, path)) = link.get("url").and_then(Value::as_str).and_then(|url| host_of(url).zip(path_of(url)))
        else {
            return FileFound::Wrong;
        };
        let follow = || (Request::get(&path).header("host", &host), Bytes::new());
        let read = self.again(&self.links, follow).await;
        let is_it = |response: &Response<Bytes>| {
            response.status().is_success() && *response.body() == files::content(file.number)
        };
        if read.as_ref().is_some_and(is_it) { FileFound::Readable } else { FileFound::Wrong }
    }
}

/// Sends a request; `None` without a response.
async fn once(relay: &Relay, request: http::request::Builder, body: Bytes) -> Option<Response<Bytes>> {
    let (parts, ()) = request.body(()).ok()?.into_parts();
    tokio::time::timeout(RESPONSE_TIMEOUT, relay.send(parts, body)).await.ok()?.ok()
}

fn json_of(response: &Response<Bytes>) -> (StatusCode, Value) {
    (response.status(), serde_json::from_slice(response.body()).unwrap_or_default())
}

/// The id and the number of the message in a response.
fn written(body: &Value) -> Option<(String, u64)> {
    let message = body.get("message")?;
    Some((message.get("id")?.as_str()?.to_owned(), message.get("seq")?.as_u64()?))
}

/// The next command: a message, or the deletion of one.
fn draw(messages: &mut [Vec<Message>], random: &mut StdRng, author: usize, number: u64) -> ChatCommand {
    let lease = author % LEASES;
    let deletes = random.random_bool(0.3);
    let has_file = random.random_bool(0.6);
    let write = ChatCommand::Write { lease, author, number, has_file };
    let Some(of_lease) = messages.get_mut(lease).filter(|of_lease| deletes && !of_lease.is_empty()) else {
        return write;
    };
    let message = of_lease.swap_remove(random.random_range(0..of_lease.len()));
    ChatCommand::Delete { lease, message }
}

/// The client and the notary of a lease.
pub(super) fn parties_of(lease: usize) -> [usize; 2] {
    [lease, lease + LEASES]
}

pub(super) fn lease_id(lease: usize) -> String {
    format!("lease-{lease}")
}

/// The host and the port of an address.
fn host_of(url: &str) -> Option<String> {
    Some(url.parse::<Uri>().ok()?.authority()?.to_string())
}

/// The rest of an address behind its host.
fn path_of(url: &str) -> Option<String> {
    Some(url.parse::<Uri>().ok()?.path_and_query()?.to_string())
}

/// The form of an upload, as a browser sends it (RFC 7578).
fn form(fields: Option<&Value>, content: &[u8]) -> Vec<u8> {
    let mut form = Vec::new();
    let mut add = |disposition: &str, content: &[u8]| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        form.extend([head.as_bytes(), content, b"\r\n"].concat());
    };
    for (name, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        add(&format!("name=\"{name}\""), value.as_str().unwrap_or_default().as_bytes());
    }
    add("name=\"file\"; filename=\"a.pdf\"", content);
    form.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    #[test]
    fn people_write_in_their_own_leases_and_no_message_is_deleted_twice() {
        let mut random = StdRng::seed_from_u64(3);
        let mut messages = vec![Vec::new(); LEASES];
        let (mut deleted, mut with_file) = (HashSet::new(), 0);
        for number in 0..1000 {
            let user = random.random_range(0..2 * LEASES);
            let command = draw(&mut messages, &mut random, user, number);
            assert!(command.author() < 2 * LEASES);
            match command {
                ChatCommand::Write { lease, author, number, has_file } => {
                    assert!(parties_of(lease).contains(&author));
                    with_file += usize::from(has_file);
                    let file = has_file.then(|| number.to_string());
                    messages[lease].push(Message { author, id: number.to_string(), seq: number, file });
                }
                ChatCommand::Delete { message, .. } => assert!(deleted.insert(message.id)),
            }
        }
        assert!(deleted.len() > 100 && with_file > 300, "{} {with_file}", deleted.len());
    }

    #[test]
    fn a_form_has_its_fields_before_the_file() {
        let form = form(Some(&json!({ "key": "chats/1" })), b"hello");
        let expected = "--chaos-of-carillon\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nchats/1\r\n\
            --chaos-of-carillon\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\nhello\r\n--chaos-of-carillon--\r\n";
        assert_eq!(String::from_utf8(form).unwrap(), expected);
        let url = "http://localhost:3000/b/chats/1?X-Amz-Date=1";
        assert_eq!(host_of(url).as_deref(), Some("localhost:3000"));
        assert_eq!(path_of(url).as_deref(), Some("/b/chats/1?X-Amz-Date=1"));
    }
}
