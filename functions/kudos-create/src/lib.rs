//! `POST /kudos`: stores kudos and tells the receiver (`kudos:received`).

use serde::Serialize;
use shared::App;
use shared::http::{self, Problem, ReadRequest as _, Request, Response, ResponseExt as _};
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
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    let gift = request.json()?;
    let request = idempotency::IdempotencyKey::of(&request, "kudos", &caller.user)?;
    let given = kudos::give(&app.store, caller.person(), gift, &request).await?;

    let created = Created { kudos_id: given.id, created_at: given.created_at.iso() };
    let answer = http::created(&created).replayed(given.committed.is_none());
    Ok(answer.then(app.deliver(given.committed.into_iter().collect())))
}
