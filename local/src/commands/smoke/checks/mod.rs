//! The checks, one file per part of the API.

mod channels;
mod cors;
mod health;
mod products;
mod routes;
mod services;
mod signature;
mod socket_io;
mod sockets;
mod tokens;
mod write;

use http::Method;

use super::http::{Call, Http, Reply};
use super::report::{Mismatch, SmokeReport};
use super::secret::Redaction;
use super::socket::{NotOpen, Socket, SocketApi};
use super::target::Tokens;
use crate::net::origin::Origin;

/// A prefix of all ids that the checks make up.
const PREFIX: &str = "carillon-smoke";

/// The stack that is checked.
pub(super) struct Site {
    pub(super) http: Http,
    pub(super) sockets: SocketApi,
    pub(super) tokens: Tokens,
    pub(super) origin: Option<Origin>,
    pub(super) redaction: Redaction,
}

/// Makes all checks, in an order in which the first failure is the likeliest cause of the others.
pub(super) async fn all(site: &Site, write: bool, report: &mut SmokeReport<'_>) {
    health::check(site, report).await;
    routes::check(site, report).await;
    cors::check(site, report).await;
    let user = tokens::check(site, report).await;
    let user = user.as_deref();
    channels::check(site, report, user).await;
    products::check(site, report, user).await;
    services::check(site, report).await;
    sockets::check(site, report, user).await;
    socket_io::check(site, report, user).await;
    if write {
        write::check(site, report, user).await;
    }
}

/// The reason of checks that a refused token leaves out.
const NO_USER: &str = "the member's token was not accepted";

/// The response that is expected, and where to read on if another one comes.
struct Expectation<'a> {
    text: &'a str,
    see: &'static str,
}

impl Site {
    /// Sends a request whose response should fit.
    ///
    /// # Errors
    /// If it does not, or if there is none.
    async fn reply(
        &self,
        call: Call<'_>,
        expectation: Expectation<'_>,
        fits: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, Mismatch> {
        let got = match self.http.send(&call).await {
            Ok(reply) if fits(&reply) => return Ok(reply),
            Ok(reply) => reply.shown(&self.redaction),
            Err(reason) => reason.to_string(),
        };
        let Call { method, path, .. } = &call;
        Err(Mismatch { expected: format!("{method} {path} → {}", expectation.text), got, see: expectation.see })
    }

    /// The same, where the response itself is not needed.
    async fn expect(
        &self,
        call: Call<'_>,
        expectation: Expectation<'_>,
        fits: impl Fn(&Reply) -> bool,
    ) -> Result<(), Mismatch> {
        self.reply(call, expectation, fits).await.map(drop)
    }

    /// Sends a request that should be refused with one of these statuses and the body of an error.
    async fn expect_error(&self, call: Call<'_>, statuses: &[u16], see: &'static str) -> Result<(), Mismatch> {
        let list = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let expected = format!("{list} with {{\"error\":…,\"message\":…}}");
        let fits = |reply: &Reply| statuses.iter().any(|status| is_error(reply, *status));
        self.expect(call, Expectation { text: &expected, see }, fits).await
    }

    /// Opens a WebSocket as the member.
    async fn open(&self, path: &str, see: &'static str) -> Result<Socket, Mismatch> {
        self.sockets.open(path, Some(&self.tokens.member)).await.map_err(|reason| {
            let see = if matches!(reason, NotOpen::Refused(429)) { super::sections::USERS_GET_429 } else { see };
            Mismatch { expected: format!("a connection to {path}?token=…"), got: reason.shown(), see }
        })
    }

    /// Waits for a frame.
    async fn frame(
        &self,
        socket: &mut Socket,
        expectation: Expectation<'_>,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, Mismatch> {
        let failed = |got| Mismatch { expected: expectation.text.to_owned(), got, see: expectation.see };
        socket.next(&self.redaction, fits).await.map_err(failed)
    }
}

/// Whether it is a response of Carillon's with this status: `{"error": "<reason phrase>", "message": "<what to do>"}`.
fn is_error(reply: &Reply, status: u16) -> bool {
    reply.status.as_u16() == status
        && reply.status.canonical_reason() == Some(reply.field("error"))
        && !reply.field("message").is_empty()
}

/// A request with a method of this name. The names are constants.
fn call<'a>(method: &str, path: &'a str) -> Call<'a> {
    Call::new(Method::from_bytes(method.as_bytes()).expect("the names of methods are constants"), path)
}
