//! Frames of a client of Socket.IO that opened its connection without a token: it signs in by its CONNECT packet. A client that is being
//! turned away is ignored.

use shared::contract::sockets::{Framing, Outgoing};
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _};
use shared::identity::Unauthenticated;
use shared::sockets::{
    self, Answer, Counted, FrameOutcome, Incoming, Join, Unreadable, WaitingSocket, framing, replies,
};
use shared::{ApiError, App, telemetry};

use super::enter;
use super::refusals::{connect_error, note};

/// Handles one frame; `None` if the connection waits no more. A refused token is a `connect_error` of the namespace, and the
/// client may send another until its time is up.
///
/// # Errors
/// 500 when the table fails. Clients never see this response; it is only logged.
pub(super) async fn handle(app: &App, request: &Request, waiting: WaitingSocket) -> Result<Option<Response>, ApiError> {
    let connections = app.connections()?.clone();
    let outcome = match waiting.count(&app.table).await? {
        Counted::WaitsNoMore => return Ok(None),
        Counted::Admitted if waiting.is_turned_away() => FrameOutcome::default(),
        Counted::Admitted if !waiting.is_late(Millis::now()) => Box::pin(outcome(app, request, &waiting)).await?,
        Counted::Admitted | Counted::TooMany => ended(),
    };
    let (deliver, table) = (app.deliver(outcome.committed), app.table.clone());
    Ok(Some(http::empty().then(async move {
        replies::send(&connections, &waiting.address, &outcome.replies).await;
        if outcome.closes
            && let Err(error) = waiting.end(&table, &connections).await
        {
            telemetry::cause(&error);
        }
        deliver.await;
    })))
}

fn ended() -> FrameOutcome {
    FrameOutcome { closes: true, ..FrameOutcome::default() }
}

async fn outcome(app: &App, request: &Request, waiting: &WaitingSocket) -> Result<FrameOutcome, ApiError> {
    let Some(text) = request.text() else { return Ok(ended()) };
    let refused = |namespace: &str, error: &ApiError| FrameOutcome::replies([connect_error(namespace, error)]);
    Ok(match framing::read(Framing::SocketIo, text) {
        Ok(Incoming::Join(Ok(join))) => match sign_in(app, request, waiting, &join).await {
            Ok(outcome) => outcome,
            Err(error) => {
                note(&error);
                let outcome = refused(&format!("/{}", join.namespace), &error);
                if matches!(error, ApiError::Internal(_)) {
                    replies::send(app.connections()?, &waiting.address, &outcome.replies).await;
                    return Err(error);
                }
                outcome
            }
        },
        Ok(Incoming::Join(Err(name))) => refused(&name, &ApiError::NotFound("Invalid namespace".to_owned())),
        Ok(Incoming::Event(event)) => {
            let namespace = event.namespace.map(|namespace| format!("/{namespace}")).unwrap_or_default();
            refused(&namespace, &Unauthenticated::Missing.into())
        }
        Ok(Incoming::Ping(pong)) => FrameOutcome::replies([Outgoing::Text { text: pong }]),
        Ok(Incoming::Nothing | Incoming::Leave(_)) => FrameOutcome::default(),
        Ok(Incoming::Close) => ended(),
        Err(Unreadable { why, answer: Answer::Refusal(namespace) }) => refused(&namespace, &ApiError::Malformed(why)),
        Err(_) => ended(),
    })
}

/// Verifies the packet's token as a handshake's, and lets the connection into the namespace. Without one, a client whose handshake had a
/// token learns why that was refused.
async fn sign_in(app: &App, request: &Request, waiting: &WaitingSocket, join: &Join) -> Result<FrameOutcome, ApiError> {
    if let (None, Some(refused)) = (&join.token, &waiting.refused) {
        return Err(refused.error());
    }
    let caller = app.authenticate_join(join.token.as_deref(), waiting.named.as_ref()).await?;
    let (writer, person) = (app.writer(request.request_id()), app.person(&caller).await);
    let entered = sockets::sign_in(&app.table, &writer, waiting, &caller, person).await?;
    let mut outcome = enter(app, request, &entered.result, join.namespace).await?;
    outcome.committed.extend(entered.pending);
    Ok(outcome)
}
