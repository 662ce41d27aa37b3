//! `POST /kudos`: stores kudos and sends the receiver `kudos:received`.

use serde::Serialize;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::kudos;
use shared::{ApiError, App};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    kudos_id: String,
    created_at: String,
}

/// Gives kudos from the caller.
///
/// # Errors
/// 400, 401, 413, 415 and 422, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let new = request.json()?;
    let key = app.idempotency_key(&request, &caller.user)?;
    let (writer, giver) = (app.writer(request.request_id()), app.person(&caller).await);
    let given = kudos::give(&app.table, &writer, giver, new, &key).await?;

    let created = |kudos: kudos::Kudos| Created { kudos_id: kudos.id, created_at: kudos.created_at.iso() };
    Ok(app.finish(given.map(|kudos| http::created(&created(kudos)))))
}
