//! `POST /kudos`: stores kudos and tells the receiver (`kudos:received`).

use serde::Serialize;
use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::{idempotency, kudos};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    kudos_id: String,
    created_at: String,
}

/// Gives kudos from the caller.
///
/// # Errors
/// 400, 401, 413, 415, 422 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, call: Call) -> Result<Answer, Problem> {
    let caller = app.member(&call).await?;
    let gift = call.json()?;
    let request = idempotency::Request::of(&call, "kudos", &caller.user)?;
    let given = kudos::give(&app.store, caller.person(), gift, &request).await?;

    let created = Created { kudos_id: given.id, created_at: given.created_at.iso() };
    let answer = Answer::created(&created).replayed(given.committed.is_none());
    Ok(answer.afterwards(app.deliver(given.committed.into_iter().collect())))
}
