//! The pushes and e-mails that the stack sent.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::files::journal::{PUSHES, Reader};
use crate::services::mails::{self, Mail};
use crate::services::pushes::{Devices, Push};

/// An e-mail is somebody else's page: it runs nothing, loads nothing, and has no origin. Its own styles may show.
const OF_MAILS: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Pushes and e-mails, newest first, and whether pushes come here at all.
pub(super) async fn show(State(console): State<Console>) -> Answer<Json<Value>> {
    let state = console.state()?;
    let mut entries: Vec<(u64, Value)> = mails::sent(&state).await?.iter().map(of_mail).collect();
    if state.shows_pushes {
        let kept: Vec<Push> = Reader::of(&console.logs(), PUSHES).read()?;
        let mut devices = Devices::of(&console.logs());
        if !kept.is_empty() {
            devices.read()?;
        }
        entries.extend(kept.iter().map(|push| of_push(push, devices.owner(push))));
    }
    entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let entries: Vec<_> = entries.into_iter().map(|(_, shown)| shown).collect();
    Ok(Json(json!({ "entries": entries, "showsPushes": state.shows_pushes })))
}

fn of_mail(mail: &Mail) -> (u64, Value) {
    let shown = json!({
        "kind": "mail", "id": mail.id, "at": mail.at(), "to": mail.to, "from": mail.source, "title": mail.subject,
        "text": mail.body_text, "html": mail.body_html.is_some(),
    });
    (mail.at(), shown)
}

fn of_push(push: &Push, owner: Option<&str>) -> (u64, Value) {
    let [title, text] = push.words();
    let shown = json!({
        "kind": "push", "id": format!("{}-{}", push.at, push.device()), "at": push.at, "to": [owner.unwrap_or("nobody known")],
        "device": push.device(), "title": title, "text": text,
        "high": push.part("android/priority").as_deref() == Some("HIGH"), "data": push.message.get("data"),
    });
    (push.at, shown)
}

/// An e-mail's HTML, for a frame.
pub(super) async fn mail(State(console): State<Console>, Path(id): Path<String>) -> Answer<Response> {
    let mails = mails::sent(&console.state()?).await?;
    let html = mails.into_iter().find(|mail| mail.id == id).and_then(|mail| mail.body_html);
    let html = html.ok_or_else(|| Failure::gone("There is no such e-mail with HTML"))?;
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, OF_MAILS)], html).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_shown_with_its_owner() {
        let push: Push = serde_json::from_value(json!({
            "at": 7, "message": { "token": "phone", "notification": { "title": "T", "body": "B" }, "android": { "priority": "HIGH" } },
        }))
        .unwrap();
        let (at, shown) = of_push(&push, Some("ben"));
        assert_eq!(
            (at, &shown["to"], &shown["title"], &shown["high"]),
            (7, &json!(["ben"]), &json!("T"), &json!(true))
        );
    }

    #[test]
    fn a_mail_may_run_and_load_nothing() {
        assert!(OF_MAILS.starts_with("sandbox; default-src 'none';") && !OF_MAILS.contains("script"));
    }
}
