//! Which tokens are accepted, and how the others are refused.

use http::Method;
use serde_json::Value;

use super::signature::{SOCKET_ID, is_signature};
use super::{Expectation, Site, is_error};
use crate::commands::smoke::http::Call;
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::secret::Secret;
use crate::commands::smoke::sections::USERS_GET_401;

/// Returns the member's id.
pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>) -> Option<String> {
    let missing =
        Refusal { message: "Sign in first: send the header Authorization: Bearer <token>", challenge: "Bearer" };
    report.check("tokens: a request without one is refused", refused(site, None, missing)).await;
    let forged = site.tokens.member.forged();
    report.check("tokens: one with a wrong signature is refused", refused(site, Some(&forged), FORGED)).await;
    let name = "tokens: one that has expired is refused";
    match &site.tokens.expired {
        Some(expired) => drop(report.check(name, refused(site, Some(expired), EXPIRED)).await),
        None => report.skip(name, "give one in CARILLON_EXPIRED_TOKEN or as --expired-token"),
    }
    report.check("tokens: the member's is accepted, and has a user", user(site)).await
}

/// A 401 as docs/openapi.yaml describes it.
struct Refusal {
    message: &'static str,
    /// How `WWW-Authenticate` begins.
    challenge: &'static str,
}

const FORGED: Refusal =
    Refusal { message: "The token is not valid here; sign in again", challenge: r#"Bearer error="invalid_token""# };
const EXPIRED: Refusal =
    Refusal { message: "The token has expired; sign in again", challenge: r#"Bearer error="invalid_token""# };

async fn refused(site: &Site, token: Option<&Secret>, refusal: Refusal) -> Result<(), Mismatch> {
    let Refusal { message, challenge } = refusal;
    let call = Call::get("/kudos");
    let call = if let Some(token) = token { call.by(token) } else { call };
    let expected =
        format!(r#"401 {{"error":"Unauthorized","message":"{message}"}} with www-authenticate: {challenge}…"#);
    let refused = site.expect(call, Expectation { text: &expected, see: USERS_GET_401 }, |reply| {
        is_error(reply, 401)
            && reply.field("message") == message
            && reply.header("www-authenticate").starts_with(challenge)
    });
    refused.await
}

/// The id that Carillon reads from the token, whatever claim holds it.
async fn user(site: &Site) -> Result<String, Mismatch> {
    let call = Call::new(Method::POST, "/pusher/user-auth").by(&site.tokens.member).form(&[("socket_id", SOCKET_ID)]);
    let expectation =
        Expectation { text: r#"200 {"auth":"<key>:<signature>","user_data":"{\"id\":…}"}"#, see: USERS_GET_401 };
    let id = |data: &str| {
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        data["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned)
    };
    let accepted = site.reply(call, expectation, |reply| {
        reply.status.as_u16() == 200 && is_signature(reply.field("auth")) && id(reply.field("user_data")).is_some()
    });
    Ok(id(accepted.await?.field("user_data")).unwrap_or_default())
}
