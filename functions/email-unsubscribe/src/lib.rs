//! `/email/unsubscribe`, the link at the end of an e-mail, and what SES says about addresses: both turn e-mail off. The page behind the
//! link also turns it on again, since a guest has no other page for it.

mod page;
mod ses;

use shared::contract::facts::EmailOff;
use shared::contract::id::UserId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::settings::EmailLinks;
use shared::users::locale::Locale;
use shared::{ApiError, App, notifications};

pub use ses::handle as on_event;

/// Handles the route that API Gateway matched. There is no login: the link's signature is the proof. `GET` changes nothing, since
/// mail scanners follow links.
///
/// # Errors
/// 403 for a link that was not signed here, 404 where e-mail is off.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let links = app.settings.email.as_ref().and_then(|email| email.links.as_ref());
    let links = links.ok_or_else(|| ApiError::NotFound("This server sends no e-mail".to_owned()))?;
    let user = signed_user(links, &request)?;
    let address = request.query("address");
    let locale = Locale::of_tag(request.query("lang").unwrap_or_default());
    match request.route() {
        "GET /email/unsubscribe" => Ok(http::html(page::question(locale))),
        "POST /email/unsubscribe" if request.bytes() == page::ON.as_bytes() => {
            let writer = app.writer(request.request_id());
            notifications::turn_email_on(&app.table, &writer, &user, address).await?;
            Ok(http::html(page::on(locale)))
        }
        "POST /email/unsubscribe" => {
            let writer = app.writer(request.request_id());
            notifications::turn_email_off(&app.table, &writer, &user, address, EmailOff::Unsubscribed).await?;
            Ok(http::html(page::off(locale)))
        }
        other => Err(http::no_such_route(other)),
    }
}

/// The user whom the link is for.
fn signed_user(links: &EmailLinks, request: &Request) -> Result<UserId, ApiError> {
    let user = UserId::parse(request.query("user").unwrap_or_default()).ok();
    let signature = request.query("signature").unwrap_or_default();
    let is_signed =
        |user: &UserId| notifications::is_unsubscribe_signature(links, user, request.query("address"), signature);
    user.filter(is_signed).ok_or_else(|| {
        ApiError::Forbidden(
            "This link is not valid; take that of a newer e-mail, or turn e-mail off in the app".to_owned(),
        )
    })
}
