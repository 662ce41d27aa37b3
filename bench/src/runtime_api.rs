//! The Lambda Runtime API on loopback, for one process at a time.
//!
//! The thread of a connection also decides what comes next, under an uncontended lock. Handing over to another thread
//! would take as long as a small function does.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::http1::Connection;

/// The id of every invocation: there is one at a time.
const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// Time-out for all invocations of a process.
const RUN_TIMEOUT: Duration = Duration::from_secs(600);

/// The events to send, and what was measured.
struct Session {
    /// Sent in turn.
    events: Vec<Vec<u8>>,
    left: usize,
    started: Instant,
    sent: Option<Instant>,
    seen: Timeline,
    done: Option<Sender<Result<Timeline, String>>>,
}

/// The times of one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// From the process's start to its first request for an event.
    pub(crate) init: Duration,
    /// From the process's start to its first response.
    pub(crate) first_response: Duration,
    /// From the event to the response, for each invocation after the first.
    pub(crate) responses: Vec<Duration>,
    /// From the event to the request for the next event, for each invocation after the first.
    pub(crate) wholes: Vec<Duration>,
    /// The last response.
    pub(crate) last: Vec<u8>,
}

/// The Runtime API for one process that is about to be started.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    session: Arc<Mutex<Session>>,
    done: Receiver<Result<Timeline, String>>,
}

impl RuntimeApi {
    /// Listens on a free port, to send the process this many events, in turn.
    pub(crate) fn listen(events: Vec<Vec<u8>>, invocations: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let (done, is_done) = channel();
        let session = Arc::new(Mutex::new(Session {
            events,
            left: invocations,
            started: Instant::now(),
            sent: None,
            seen: Timeline::default(),
            done: Some(done),
        }));
        let address = listener.local_addr()?;
        let shared = session.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = shared.clone();
                thread::spawn(move || serve(stream, &session));
            }
        });
        Ok(Self { address, session, done: is_done })
    }

    /// Starts the clock. The process must be started right after.
    pub(crate) fn start_clock(&self) {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).started = Instant::now();
    }

    /// Waits until the process has done all its invocations.
    ///
    /// Calls `is_alive` now and then, to notice a process that ends early.
    pub(crate) fn wait(&self, mut is_alive: impl FnMut() -> Result<bool>) -> Result<Timeline> {
        let began = Instant::now();
        loop {
            match self.done.recv_timeout(Duration::from_millis(200)) {
                Ok(outcome) => return outcome.map_err(anyhow::Error::msg),
                Err(_) if !is_alive()? => bail!("the process ended before it had answered"),
                Err(_) if began.elapsed() > RUN_TIMEOUT => bail!("the process did not answer within {RUN_TIMEOUT:?}"),
                Err(_) => {}
            }
        }
    }
}

impl Session {
    /// The next event for the process; `None` after the last one.
    fn next(&mut self, now: Instant) -> Option<Vec<u8>> {
        match self.sent {
            None => self.seen.init = now - self.started,
            Some(sent) if !self.seen.responses.is_empty() => self.seen.wholes.push(now - sent),
            Some(_) => {}
        }
        if self.left == 0 {
            self.finish(Ok(self.seen.clone()));
            return None;
        }
        self.left -= 1;
        self.events.get(self.left % self.events.len()).cloned()
    }

    fn responded(&mut self, now: Instant, body: Vec<u8>) {
        if self.seen.first_response.is_zero() {
            self.seen.first_response = now - self.started;
        } else if let Some(sent) = self.sent {
            self.seen.responses.push(now - sent);
        }
        self.seen.last = body;
    }

    fn finish(&mut self, outcome: Result<Timeline, String>) {
        if let Some(done) = self.done.take() {
            // An error means that the receiver has given up waiting.
            let _ = done.send(outcome);
        }
    }
}

fn serve(stream: TcpStream, session: &Mutex<Session>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let lock = || session.lock().unwrap_or_else(PoisonError::into_inner);
    let mut connection = Connection::new(stream);
    while let Ok(Some(request)) = connection.read() {
        let now = Instant::now();
        let path = request.path.rsplit('/').next().unwrap_or_default();
        let sent = match path {
            "next" => {
                let Some(event) = lock().next(now) else {
                    // No event follows: the process stays idle, as if frozen by Lambda, until it is killed.
                    thread::park();
                    return;
                };
                lock().sent = Some(Instant::now());
                connection.write("200 OK", &invocation_headers(REQUEST_ID), &event)
            }
            "response" => {
                lock().responded(now, request.body);
                connection.write("202 Accepted", "", b"")
            }
            _ => {
                lock().finish(Err(format!("{}: {}", request.path, String::from_utf8_lossy(&request.body))));
                connection.write("202 Accepted", "", b"")
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The headers of an event, for the invocation of this id.
pub(crate) fn invocation_headers(request_id: &str) -> String {
    let deadline = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
    format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: {request_id}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n",
        deadline + 600_000
    )
}
