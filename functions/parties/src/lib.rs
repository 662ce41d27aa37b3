//! Everything under `/parties`, and `GET /party-invitations` (seed 001).

mod invitations;
mod members;
mod party;

use shared::App;
use shared::contract::Person;
use shared::http::{Problem, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::id::{PartyId, UserId};
use shared::outbox::Committed;

/// Answers the route that API Gateway chose. Whoever calls is known from then on, and can be invited.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 415, 422, 429 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?.person();
    let (answer, committed) = match request.route() {
        "POST /parties" => party::create(app, &request, &caller).await?,
        "GET /parties/{partyId}" => party::read(app, &request, &caller).await?,
        "PATCH /parties/{partyId}" => party::change(app, &request, &caller).await?,
        "PUT /parties/{partyId}/owner" => party::hand_over(app, &request, &caller).await?,
        "DELETE /parties/{partyId}/members/{userId}" => members::leave_or_remove(app, &request, &caller).await?,
        "POST /parties/{partyId}/invitations" => invitations::invite(app, &request, &caller).await?,
        "DELETE /parties/{partyId}/invitations/{userId}" => invitations::revoke(app, &request, &caller).await?,
        "POST /parties/{partyId}/invitations/accept" => invitations::accept(app, &request, &caller).await?,
        "POST /parties/{partyId}/invitations/decline" => invitations::decline(app, &request, &caller).await?,
        "GET /party-invitations" => invitations::list(app, &request, &caller).await?,
        other => return Err(Problem::NotFound(format!("There is no route {other}"))),
    };
    Ok(answer.then(afterwards(app, caller, committed)))
}

/// What a verb answers, and the row that it may deliver from.
type Handled = Result<(Response, Option<Committed>), Problem>;

fn afterwards(app: &App, caller: Person, committed: Option<Committed>) -> impl Future<Output = ()> + Send + use<> {
    let (delivery, profiles) = (app.deliver(committed.into_iter().collect()), app.profiles.clone());
    async move {
        delivery.await;
        profiles.keep_if_new(caller).await;
    }
}

fn party_id(request: &Request) -> Result<PartyId, Problem> {
    PartyId::parse(request.path("partyId")).map_err(|error| error.in_field("partyId"))
}

fn user_id(request: &Request) -> Result<UserId, Problem> {
    UserId::parse(request.path("userId")).map_err(|error| error.in_field("userId"))
}

/// A body that names a user.
#[derive(serde::Deserialize)]
struct Named {
    #[serde(rename = "userId")]
    user_id: String,
}

impl Named {
    fn user(self) -> Result<UserId, Problem> {
        UserId::parse(self.user_id).map_err(|error| error.in_field("userId"))
    }
}
