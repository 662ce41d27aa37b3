//! Functions as Lambda runs them: several processes of each, and each process takes one event at a time. An event waits while all
//! are at work, as with reserved concurrency.

use std::collections::{HashMap, VecDeque};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::Value;
use tokio::sync::oneshot;

use super::share::Clock;
use crate::http1::Connection;
use crate::measure::{Process, peak_memory};
use crate::runtime_api::invocation_headers;
use crate::work::Transport;
use crate::world::World;

/// Time-out for the start of all processes of a function.
const START_TIMEOUT: Duration = Duration::from_secs(30);

type Answer = Result<Vec<u8>, String>;

/// A function and its processes.
pub(super) struct Function {
    pub(super) name: &'static str,
    processes: Vec<Process>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Invocations that no process has taken yet.
    events: VecDeque<(String, Vec<u8>)>,
    /// Those who wait for an answer, by the invocation's id.
    waiting: HashMap<String, oneshot::Sender<Answer>>,
    invocations: u64,
    /// Processes that wait for an event.
    idle: usize,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, event: Vec<u8>) -> oneshot::Receiver<Answer> {
        let (answer, is_answered) = oneshot::channel();
        let mut state = self.lock();
        state.invocations += 1;
        let id = format!("{:08x}-e9f4-11e8-9739-2dfe598c3fcd", state.invocations);
        state.waiting.insert(id.clone(), answer);
        state.events.push_back((id, event));
        self.changed.notify_one();
        is_answered
    }

    /// The next event; `None` once the function is dropped.
    fn take(&self) -> Option<(String, Vec<u8>)> {
        let mut state = self.lock();
        state.idle += 1;
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(event) = state.events.pop_front() {
                state.idle -= 1;
                return Some(event);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn answer(&self, id: &str, answer: Answer) {
        if let Some(waiting) = self.lock().waiting.remove(id) {
            // An error means that nobody waits any more.
            let _ = waiting.send(answer);
        }
    }
}

impl Function {
    /// Starts the processes and waits until each asks for an event.
    pub(super) fn start(
        world: &World,
        directory: &Path,
        name: &'static str,
        processes: usize,
        more: &[(&str, String)],
    ) -> Result<Self> {
        let queue = Arc::<Queue>::default();
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let address = listener.local_addr()?.to_string();
        let shared = queue.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let queue = shared.clone();
                thread::spawn(move || serve(stream, &queue));
            }
        });
        let start = |_| -> Result<Process> {
            let program = directory.join(name);
            let mut command = Command::new(&program);
            command.env_clear().envs(world.environment(name, Transport::Tls, &address));
            command.envs(more.iter().map(|(name, value)| (*name, value)));
            // Its log goes nowhere, as with the other work.
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            Ok(Process(command.spawn().with_context(|| format!("{} does not start", program.display()))?))
        };
        let processes = (0..processes).map(start).collect::<Result<Vec<_>>>()?;
        let mut function = Self { name, processes, queue };
        let began = Instant::now();
        while !function.is_idle() {
            for process in &mut function.processes {
                ensure!(process.0.try_wait()?.is_none(), "{name} ended before it asked for an event");
            }
            ensure!(began.elapsed() < START_TIMEOUT, "{name} does not ask for events");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(function)
    }

    /// Invokes it; returns what it answers. It may go on working after that.
    pub(super) async fn invoke(&self, event: &Value) -> Result<Value> {
        let answer = self.queue.put(event.to_string().into_bytes()).await;
        let answer = answer.map_err(|_| anyhow!("{} was ended", self.name))?;
        let answer = answer.map_err(|error| anyhow!("{} failed: {error}", self.name))?;
        serde_json::from_slice(&answer).with_context(|| format!("{} answers with no JSON", self.name))
    }

    /// The id of its first process.
    pub(super) fn first_process(&self) -> Option<u32> {
        self.processes.first().map(|process| process.0.id())
    }

    /// Whether all of its processes wait for an event.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.queue.lock();
        state.events.is_empty() && state.idle == self.processes.len()
    }

    /// The processor time of all its processes.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        self.processes.iter().map(|process| Clock::of(process.0.id())?.read()).sum()
    }

    /// The peak memory of its largest process, in MB, and how many processes there are.
    pub(super) fn peak_memory(&self) -> Result<(f64, usize)> {
        let each: Vec<f64> = self.processes.iter().map(|process| peak_memory(process.0.id())).collect::<Result<_>>()?;
        Ok((each.iter().copied().fold(0.0, f64::max), each.len()))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

/// The Runtime API for one process.
fn serve(stream: TcpStream, queue: &Queue) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut connection = Connection::new(stream);
    while let Ok(Some(request)) = connection.read() {
        let mut path = request.path.rsplit('/');
        let (what, id) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let sent = if what == "next" {
            let Some((id, event)) = queue.take() else { return };
            connection.write("200 OK", &invocation_headers(&id), &event)
        } else {
            let failed = || format!("{}: {}", request.path, String::from_utf8_lossy(&request.body));
            queue.answer(id, if what == "response" { Ok(request.body.clone()) } else { Err(failed()) });
            connection.write("202 Accepted", "", b"")
        };
        if sent.is_err() {
            return;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn each_invocation_gets_the_answer_to_its_own_event() {
        let queue = Queue::default();
        let mut waiting = [queue.put(b"one".to_vec()), queue.put(b"two".to_vec())];
        let taken = [queue.take().unwrap(), queue.take().unwrap()];
        assert_eq!([&taken[0].1[..], &taken[1].1[..]], [b"one", b"two"]);
        queue.answer(&taken[1].0, Ok(b"2".to_vec()));
        queue.answer(&taken[0].0, Err("no".to_owned()));
        queue.answer("unknown", Ok(Vec::new()));
        assert_eq!(waiting[0].try_recv().unwrap(), Err("no".to_owned()));
        assert_eq!(waiting[1].try_recv().unwrap(), Ok(b"2".to_vec()));
    }

    #[test]
    fn nothing_is_taken_once_the_function_is_gone() {
        let queue = Queue::default();
        queue.lock().is_closed = true;
        assert!(queue.take().is_none());
    }
}
