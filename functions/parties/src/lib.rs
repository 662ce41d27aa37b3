//! Everything under `/parties`, and `GET /party-invitations`.

mod invitations;
mod members;
mod party;

use shared::contract::id::{PartyId, UserId};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::parties::PartyCaller;
use shared::{ApiError, App};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 415, 422, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let done = match request.route() {
        "POST /parties" => party::create(app, &request, &caller).await,
        "GET /parties" => party::list(app, &request, &caller).await,
        "GET /parties/{partyId}" => party::read(app, &request, &caller).await,
        "PATCH /parties/{partyId}" => party::change(app, &request, &caller).await,
        "DELETE /parties/{partyId}" => party::end(app, &request, &caller).await,
        "PUT /parties/{partyId}/owner" => party::hand_over(app, &request, &caller).await,
        "DELETE /parties/{partyId}/members/{userId}" => members::leave_or_remove(app, &request, &caller).await,
        "POST /parties/{partyId}/invitations" => invitations::invite(app, &request, &caller).await,
        "DELETE /parties/{partyId}/invitations/{userId}" => invitations::revoke(app, &request, &caller).await,
        "POST /parties/{partyId}/invitations/accept" => invitations::accept(app, &request, &caller).await,
        "POST /parties/{partyId}/invitations/decline" => invitations::decline(app, &request, &caller).await,
        "GET /party-invitations" => invitations::list(app, &request, &caller).await,
        other => Err(http::no_such_route(other)),
    }?;
    Ok(app.finish(done))
}

/// The response of a route, with the rows that can be delivered after it.
type Handled = Result<Done<Response>, ApiError>;

fn party_id(request: &Request) -> Result<PartyId, ApiError> {
    PartyId::parse(request.path("partyId")).map_err(|error| ApiError::field("partyId", error))
}

fn user_id(request: &Request) -> Result<UserId, ApiError> {
    UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))
}

fn party_caller(caller: &Identity) -> PartyCaller<'_> {
    PartyCaller { user: &caller.user, is_operator: caller.is_operator() }
}

/// A body that names a user.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "userId")]
    user_id: String,
}

impl Named {
    fn user(self) -> Result<UserId, ApiError> {
        UserId::parse(self.user_id).map_err(|error| ApiError::field("userId", error))
    }
}
