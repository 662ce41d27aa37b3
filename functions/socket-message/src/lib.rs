//! `$default`: every frame that clients send, in either framing and any namespace.
//!
//! `handle` finds the connection; `process` counts the frame and does what it asks for; `refusals` says no; `waiting` signs a
//! client of Socket.IO in that sends its token in a packet.

mod pusher;
mod refusals;
mod waiting;

use shared::contract::sockets::{Namespace, Outgoing};
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::outbox::Committed;
use shared::sockets::{
    self, Admission, Asked, Budget, FrameOutcome, Incoming, IncomingEvent, NotEntered, Socket, Unreadable,
    WaitingSocket, dashboard, direct, framing, heard, heartbeat, replies,
};
use shared::table::Key;
use shared::{ApiError, App, telemetry};

use refusals::refusal;

/// A pong of Engine.IO, as most frames are. One write counts it and notes that the connection is alive; nothing is read. The
/// first one of a connection is handled as other frames are.
const PONG: &str = "3";

/// A frame as it was read.
type Frame = Result<Incoming, Unreadable>;

/// Handles one frame. The client learns of a refusal by an `error` event, as API Gateway passes on no response to a frame.
///
/// # Errors
/// 400 for an event that is not `MESSAGE` of a WebSocket API, 500 when the table fails. Clients never see this response; it is
/// only logged.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    if request.is_pushers() {
        return pusher::handle(app, &request).await;
    }
    let (connection, now) = (request.connection(SocketRoute::Message)?, Millis::now());
    let mut counted = None;
    if request.text() == Some(PONG) {
        match heard::pong(&app.table, &connection, now).await? {
            Some(Admission::Admitted) => {
                telemetry::routine();
                return Ok(http::empty());
            }
            over_limit => counted = over_limit,
        }
    }
    let connections = app.connections()?.clone();
    let key = Key::socket(&connection);
    let mut found = Socket::find(&app.table, &key).await?;
    if found.is_none() {
        if let Some(waiting) = WaitingSocket::find(&app.table, &connection, now).await?
            && let Some(response) = Box::pin(waiting::handle(app, &request, waiting)).await?
        {
            return Ok(response);
        }
        // Another frame may have signed it in between the two reads.
        found = Socket::find(&app.table, &key).await?;
    }
    let Some(socket) = found.filter(|socket| socket.address.until() > now) else {
        // Its row is gone, or should be: a client whose connection closes connects again.
        let stage = request.stage()?;
        return Ok(http::empty().then(async move { drop(connections.close(stage, &connection).await) }));
    };
    if socket.address.token_expires <= now {
        let removed = remove(app, &request, &socket).await?;
        let end = async move { heartbeat::end_expired(&connections, &socket).await };
        return Ok(http::empty().then(end).then(app.deliver(removed)));
    }
    let binary = || Unreadable::event("Binary data cannot be sent here: the server takes text only", Asked::default());
    let frame = request.text().ok_or_else(binary).and_then(|text| framing::read(socket.address.framing, text));
    // Boxed: the runtime moves the future of a handler several times.
    let outcome = match Box::pin(process(app, &request, &socket, &frame, counted)).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let refused = refusal(&socket, &frame, &error);
            if matches!(error, ApiError::Internal(_)) {
                replies::send(&connections, &socket.address, &refused.replies).await;
                return Err(error);
            }
            refused
        }
    };
    let (deliver, table) = (app.deliver(outcome.committed), app.table.clone());
    Ok(http::empty().then(async move {
        replies::send(&connections, &socket.address, &outcome.replies).await;
        if outcome.closes {
            drop(connections.close(socket.address.stage, &socket.address.connection).await);
        }
        if let Some(event) = &outcome.ephemeral
            && let Err(error) = replies::send_ephemeral(&table, &connections, event).await
        {
            telemetry::cause(&error);
        }
        deliver.await;
    }))
}

/// Does what a frame within the limits asks for. `counted` is the decision on a frame that was counted already.
async fn process(
    app: &App,
    request: &Request,
    socket: &Socket,
    frame: &Frame,
    counted: Option<Admission>,
) -> Result<FrameOutcome, ApiError> {
    let (address, now, budget) = (&socket.address, Millis::now(), budget(frame));
    let admission = match counted {
        Some(counted) => counted,
        None if *budget == sockets::CONTROL => {
            heard::control(&app.table, &address.connection, address.framing, now).await?
        }
        None => sockets::admit(&app.table, &socket.user, budget, now).await?,
    };
    match admission {
        Admission::Admitted => {}
        Admission::Refused(wait) => return Err(ApiError::TooManyRequests(wait)),
        Admission::TooMany(retry_after) => {
            let told = format!("This connection ends: it sent three times as much as it may. {}", budget.rule);
            let refused = refusal(socket, frame, &ApiError::LimitReached { told, retry_after });
            return Ok(FrameOutcome { committed: remove(app, request, socket).await?, closes: true, ..refused });
        }
    }
    let writer = app.writer(request.request_id());
    match frame {
        Ok(Incoming::Event(event)) => on_event(app, request, socket, event).await,
        Ok(Incoming::Join(Ok(join))) => {
            // After a handshake with a token, `auth` is ignored: it may be anything.
            if let Some(token) = join.token.as_ref().filter(|_| socket.signed_in_by_packet) {
                must_be_of(app, socket, token).await.inspect_err(refusals::note)?;
            }
            enter(app, request, socket, join.namespace).await
        }
        Ok(Incoming::Join(Err(_))) => Err(ApiError::NotFound("Invalid namespace".to_owned())),
        Ok(Incoming::Leave(namespace)) => {
            let left = sockets::leave(&app.table, &writer, &address.connection, *namespace, now).await?;
            Ok(FrameOutcome::committed(left.pending))
        }
        Ok(Incoming::Close) => {
            let committed = remove(app, request, socket).await?;
            Ok(FrameOutcome { closes: true, ..FrameOutcome::committed(committed) })
        }
        Ok(Incoming::Ping(pong)) => Ok(FrameOutcome::replies([Outgoing::Text { text: pong.clone() }])),
        Ok(Incoming::Nothing) => {
            if request.text() == Some(PONG) {
                telemetry::routine();
            }
            Ok(FrameOutcome::default())
        }
        Err(unreadable) => Err(ApiError::Malformed(unreadable.why.clone())),
    }
}

/// Verifies the token of a further packet on a connection that signed in by one. It has its user and its time from the first
/// token; a client that names another user learns that it is not theirs.
///
/// # Errors
/// 401 for a bad token, 409 for that of another user.
async fn must_be_of(app: &App, socket: &Socket, token: &str) -> Result<(), ApiError> {
    let caller = app.authenticate_join(Some(token), None).await?;
    if caller.user == socket.user { Ok(()) } else { Err(NotEntered::OtherUser.into()) }
}

/// Lets a connection into a namespace.
async fn enter(app: &App, request: &Request, socket: &Socket, namespace: Namespace) -> Result<FrameOutcome, ApiError> {
    let joined = sockets::join(&app.table, &app.writer(request.request_id()), socket, namespace, Millis::now()).await?;
    // The greeting of a new member is in the outbox. A repeated join owes nothing, and is answered here.
    let replies = joined.is_replay.then_some(Outgoing::Joined { namespace }).into_iter().collect();
    Ok(FrameOutcome { replies, ..FrameOutcome::committed(joined.pending) })
}

/// The limit that counts a frame.
fn budget(frame: &Frame) -> &'static Budget {
    match frame {
        Ok(Incoming::Nothing | Incoming::Ping(_)) => &sockets::CONTROL,
        Ok(Incoming::Event(event)) if direct::is_signal(&event.name) => &sockets::SIGNALS,
        _ => &sockets::MESSAGES,
    }
}

/// Handles an event in its namespace.
///
/// # Errors
/// 409 for a namespace that the connection is not in, 429 for a user who keeps writing to unknown receivers, and as each event.
async fn on_event(
    app: &App,
    request: &Request,
    socket: &Socket,
    event: &IncomingEvent,
) -> Result<FrameOutcome, ApiError> {
    let namespace = event.namespace.unwrap_or(socket.address.stage);
    if !socket.is_in(namespace) {
        return Err(ApiError::Conflict(format!("Join /{namespace} first")));
    }
    match namespace {
        Namespace::Dashboard => {
            dashboard::on_event(&app.table, &app.settings.dashboard_public_channels, socket, event).await
        }
        Namespace::Ws => {
            // Messages have a limit of their own; only one to an unknown receiver counts as a write.
            let is_message = event.name == "sendMessage";
            if is_message {
                app.writes.admit_uncounted(&socket.user)?;
            }
            let writer = app.writer(request.request_id());
            let outcome = direct::on_event((&app.table, app.attachment_store()), &writer, socket, event).await;
            if is_message && matches!(outcome, Err(ApiError::NotFound(_))) {
                http::after_response(app.writes.clone().miss_uncounted(socket.user.clone()));
            }
            outcome
        }
        Namespace::SocketIo => Err(ApiError::NotFound("There is no such namespace".to_owned())),
    }
}

async fn remove(app: &App, request: &Request, socket: &Socket) -> Result<Vec<Committed>, ApiError> {
    let writer = app.writer(request.request_id());
    Ok(sockets::disconnect(&app.table, &writer, &socket.address.connection, Millis::now()).await?.pending)
}
