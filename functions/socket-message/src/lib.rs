//! `$default`: what clients send, in any framing and either namespace.

mod event;

use serde_json::{Value, json};
use shared::contract::sockets::{Framing, Namespace, Outgoing};
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::outbox::{Committed, Emit};
use shared::sockets::{
    self, Admission, Answer, Asked, Budget, Incoming, Socket, Unreadable, direct, heard, heartbeat, told,
};
use shared::table::Key;
use shared::{App, Problem, telemetry};

/// A pong of Engine.IO, which most frames are: it is counted and noted by one write, and nothing is looked up.
const PONG: &str = "3";

/// What comes of a message.
#[derive(Default)]
struct Outcome {
    /// For the connection itself.
    told: Vec<Outgoing>,
    /// Rows whose deliveries are this process's.
    owed: Vec<Committed>,
    /// For somebody else's connections, and of no use later.
    passing: Option<Emit>,
    /// Whether the connection is ended.
    ends: bool,
}

impl Outcome {
    fn told(told: Vec<Outgoing>) -> Self {
        Self { told, ..Self::default() }
    }
}

/// Does what a client asked for. Whatever is wrong with it, the client is told by an `error` event: API Gateway has no other
/// response to a message.
///
/// # Errors
/// 400 for anything but a `MESSAGE` event of a WebSocket API, 500 when the table fails.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let (connection, now) = (request.connection(SocketRoute::Message)?, Millis::now());
    let mut counted = None;
    if request.text() == Some(PONG) {
        let admission = heard::control(&app.table, &connection, Framing::SocketIo, now).await?;
        if admission == Admission::Admitted {
            return Ok(http::empty());
        }
        counted = Some(admission);
    }
    let connections = app.connections()?.clone();
    let Some(socket) = Socket::find(&app.table, &Key::socket(&connection)).await? else {
        // Nobody knows it any more: a client that is told so connects again.
        let stage = request.stage()?;
        return Ok(http::empty().then(async move { drop(connections.close(stage, &connection).await) }));
    };
    if socket.address.token_expires <= now {
        let removed = remove(app, &request, &socket).await?;
        let end = async move { heartbeat::end_expired(&connections, &socket).await };
        return Ok(http::empty().then(end).then(app.deliver(removed)));
    }
    let binary = || Unreadable::event("Binary data cannot be sent here: the server takes text only", Asked::default());
    let read = request.text().ok_or_else(binary).and_then(|text| socket.address.framing.read(text));
    // Boxed: the runtime moves the future of a handler several times.
    let outcome = match Box::pin(take(app, &request, &socket, read.clone(), counted)).await {
        Ok(outcome) => outcome,
        Err(problem) => {
            // The response that says so is seen by nobody but the log.
            told::tell(&connections, &socket.address, &refused(&socket, answer(&read), &problem).told).await;
            return Err(problem);
        }
    };
    let (owed, table) = (app.deliver(outcome.owed), app.table.clone());
    Ok(http::empty().then(async move {
        told::tell(&connections, &socket.address, &outcome.told).await;
        if outcome.ends {
            drop(connections.close(socket.address.stage, &socket.address.connection).await);
        }
        if let Some(passing) = &outcome.passing
            && let Err(error) = told::pass_on(&table, &connections, passing).await
        {
            telemetry::cause(&error);
        }
        owed.await;
    }))
}

async fn remove(app: &App, request: &Request, socket: &Socket) -> Result<Vec<Committed>, Problem> {
    let writer = app.writer(request.request_id());
    Ok(sockets::disconnect(&app.table, &writer, &socket.address.connection, Millis::now()).await?.owed)
}

/// Does what was asked for, if it is within the limits.
async fn take(
    app: &App,
    request: &Request,
    socket: &Socket,
    read: Result<Incoming, Unreadable>,
    counted: Option<Admission>,
) -> Result<Outcome, Problem> {
    let (address, now, kind) = (&socket.address, Millis::now(), Kind::of(&read));
    let admission = match (counted, kind) {
        (Some(counted), _) => counted,
        (None, Kind::Control) => heard::control(&app.table, &address.connection, address.framing, now).await?,
        (None, Kind::Asks(budget)) => sockets::admit(&app.table, &socket.user, budget, now).await?,
    };
    match admission {
        Admission::Admitted => {}
        Admission::Refused(wait) => {
            let mut refused = refused(socket, answer(&read), &Problem::TooManyRequests(wait));
            if let Ok(Incoming::Event(event)) = &read
                && direct::is_passing(&event.name)
            {
                refused.told.retain(|told| matches!(told, Outgoing::Acknowledgement { .. }));
            }
            return Ok(refused);
        }
        Admission::TooMany(retry_after) => {
            let told = format!("This connection ends: it sent three times as much as it may. {}", kind.rule());
            let problem = Problem::LimitReached { told, retry_after };
            let refused = refused(socket, answer(&read), &problem);
            return Ok(Outcome { ends: true, owed: remove(app, request, socket).await?, ..refused });
        }
    }
    match read {
        Err(Unreadable { why, answer }) => Ok(refused(socket, answer, &Problem::Malformed(why))),
        Ok(Incoming::Join(Err(unknown))) => {
            Ok(Outcome::told(vec![refusal(&unknown, &Problem::NotFound("Invalid namespace".to_owned()))]))
        }
        Ok(Incoming::Join(Ok(namespace))) => join(app, request, socket, namespace).await,
        Ok(Incoming::Leave(namespace)) => {
            let writer = app.writer(request.request_id());
            let connection = &socket.address.connection;
            let left = sockets::leave(&app.table, &writer, connection, namespace, Millis::now()).await?;
            Ok(Outcome { owed: left.owed, ..Outcome::default() })
        }
        Ok(Incoming::Close) => {
            Ok(Outcome { ends: true, owed: remove(app, request, socket).await?, ..Outcome::default() })
        }
        Ok(Incoming::Event(event)) => match event::handle(app, request, socket, &event).await {
            Err(problem @ Problem::Internal(_)) => Err(problem),
            Err(problem) => Ok(refused(socket, Answer::Error(event.asked()), &problem)),
            Ok(outcome) => Ok(outcome),
        },
        Ok(Incoming::Ping(pong)) => Ok(Outcome::told(vec![Outgoing::Text { text: pong }])),
        Ok(Incoming::Nothing) => Ok(Outcome::default()),
    }
}

/// How a frame is counted.
#[derive(Clone, Copy)]
enum Kind {
    /// It keeps the connection open, and asks for nothing.
    Control,
    Asks(&'static Budget),
}

impl Kind {
    fn of(read: &Result<Incoming, Unreadable>) -> Self {
        match read {
            Ok(Incoming::Nothing | Incoming::Ping(_)) => Self::Control,
            Ok(Incoming::Event(event)) if direct::is_signal(&event.name) => Self::Asks(&sockets::SIGNALS),
            _ => Self::Asks(&sockets::MESSAGES),
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Control => sockets::CONTROL.rule,
            Self::Asks(budget) => budget.rule,
        }
    }
}

async fn join(app: &App, request: &Request, socket: &Socket, namespace: Namespace) -> Result<Outcome, Problem> {
    let writer = app.writer(request.request_id());
    match sockets::join(&app.table, &writer, socket, namespace, Millis::now()).await.map_err(Problem::from) {
        Ok(joined) if joined.is_replay => Ok(Outcome::told(vec![Outgoing::Joined { namespace }])),
        Ok(joined) => Ok(Outcome { owed: joined.owed, ..Outcome::default() }),
        Err(problem @ Problem::Internal(_)) => Err(problem),
        Err(problem) => Ok(Outcome::told(vec![refusal(&format!("/{namespace}"), &problem)])),
    }
}

/// `connect_error`, as clients of Socket.IO see it.
fn refusal(namespace: &str, problem: &Problem) -> Outgoing {
    let data = problem.retry_after().map_or(Value::Null, |seconds| json!({ "retryAfter": seconds }));
    Outgoing::Refused { namespace: namespace.to_owned(), message: problem.to_string(), data }
}

/// The answer to a refused frame.
fn answer(read: &Result<Incoming, Unreadable>) -> Answer {
    match read {
        Ok(Incoming::Event(event)) => Answer::Error(event.asked()),
        Ok(Incoming::Join(Ok(namespace))) => Answer::Refusal(format!("/{namespace}")),
        Ok(Incoming::Join(Err(name))) => Answer::Refusal(name.clone()),
        Ok(_) => Answer::Error(Asked::default()),
        Err(unreadable) => unreadable.answer.clone(),
    }
}

/// The outcome of a refusal. Only a frame that breaks the protocol ends the connection: a client of Socket.IO comes back by itself,
/// and with `retries` it sends the same again.
fn refused(socket: &Socket, answer: Answer, problem: &Problem) -> Outcome {
    let (asked, ends) = match answer {
        Answer::Refusal(namespace) => return Outcome::told(vec![refusal(&namespace, problem)]),
        Answer::Error(asked) => (asked, false),
        Answer::End => (Asked::default(), true),
    };
    let data = told::error(problem, asked.event.as_deref(), Millis::now());
    let mut told = told::error_events(socket, asked.namespace, &data);
    if let (true, Some(namespace)) = (told.is_empty(), asked.namespace) {
        // A connection in no namespace gets no events.
        told.push(refusal(&format!("/{namespace}"), problem));
    }
    if let (Some(id), Some(namespace)) = (asked.acknowledge, asked.namespace) {
        told.push(Outgoing::Acknowledgement { namespace, id, data: json!({ "error": data }) });
    }
    Outcome { told, ends, ..Outcome::default() }
}
