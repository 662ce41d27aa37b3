//! Everything under `/parties`, and `GET /party-invitations` (seed 001).

mod invitations;
mod members;
mod party;

use shared::App;
use shared::contract::Person;
use shared::http::{Answer, Call, Problem};
use shared::id::{PartyId, UserId};
use shared::outbox::Committed;

/// Answers the route that API Gateway chose. Whoever calls is known from then on, and can be invited.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 415, 422, 429 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, call: Call) -> Result<Answer, Problem> {
    let caller = app.member(&call).await?.person();
    let (answer, committed) = match call.route() {
        "POST /parties" => party::create(app, &call, &caller).await?,
        "GET /parties/{partyId}" => party::read(app, &call, &caller).await?,
        "PATCH /parties/{partyId}" => party::change(app, &call, &caller).await?,
        "PUT /parties/{partyId}/owner" => party::hand_over(app, &call, &caller).await?,
        "DELETE /parties/{partyId}/members/{userId}" => members::leave_or_remove(app, &call, &caller).await?,
        "POST /parties/{partyId}/invitations" => invitations::invite(app, &call, &caller).await?,
        "DELETE /parties/{partyId}/invitations/{userId}" => invitations::revoke(app, &call, &caller).await?,
        "POST /parties/{partyId}/invitations/accept" => invitations::accept(app, &call, &caller).await?,
        "POST /parties/{partyId}/invitations/decline" => invitations::decline(app, &call, &caller).await?,
        "GET /party-invitations" => invitations::list(app, &call, &caller).await?,
        other => return Err(Problem::NotFound(format!("There is no route {other}"))),
    };
    Ok(answer.afterwards(afterwards(app, caller, committed)))
}

/// What a verb answers, and the row that it may deliver from.
type Handled = Result<(Answer, Option<Committed>), Problem>;

fn afterwards(app: &App, caller: Person, committed: Option<Committed>) -> impl Future<Output = ()> + Send + use<> {
    let (delivery, profiles) = (app.deliver(committed.into_iter().collect()), app.profiles.clone());
    async move {
        delivery.await;
        profiles.keep_if_new(caller).await;
    }
}

fn party_id(call: &Call) -> Result<PartyId, Problem> {
    PartyId::parse(call.path("partyId")).map_err(|error| error.in_field("partyId"))
}

fn user_id(call: &Call) -> Result<UserId, Problem> {
    UserId::parse(call.path("userId")).map_err(|error| error.in_field("userId"))
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
