//! The tables of what was measured with WebSockets.

use std::fmt::Write as _;

use super::script::{Size, Step};
use super::server::PROCESSES;
use crate::report::machine;
use crate::statistics::percentile;

/// The measurements of a system, over all rounds.
pub(super) struct SystemFigures {
    pub(super) name: &'static str,
    /// In the order of the script.
    pub(super) steps: Vec<Step>,
    /// Program, MB of its largest process, processes.
    pub(super) memory: Vec<(&'static str, f64, usize)>,
    pub(super) left_to_the_stream: usize,
}

impl SystemFigures {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new(), memory: Vec::new(), left_to_the_stream: 0 }
    }

    /// Adds a round.
    pub(super) fn add(&mut self, steps: Vec<Step>, memory: Vec<(&'static str, f64, usize)>, left_to_the_stream: usize) {
        for step in steps {
            match self.steps.iter_mut().find(|known| known.name == step.name) {
                None => self.steps.push(step),
                Some(known) => {
                    known.count += step.count;
                    known.times.extend(step.times);
                    known.server += step.server;
                    known.rest += step.rest;
                    known.requests += step.requests;
                    known.posts += step.posts;
                }
            }
        }
        for (program, megabytes, processes) in memory {
            match self.memory.iter_mut().find(|(known, ..)| *known == program) {
                None => self.memory.push((program, megabytes, processes)),
                Some((_, most, _)) => *most = most.max(megabytes),
            }
        }
        self.left_to_the_stream += left_to_the_stream;
    }
}

/// The tables.
pub(super) fn tables(measured: &[SystemFigures], size: Size, rounds: usize) -> String {
    let mut text = format!(
        "{}\n\n{} clients of Socket.IO. Times are milliseconds from send (or connect) to \
         receipt. Processor time, requests and posts are per connect, receipt, message or connection. *Of the server*: all processes \
         of Carillon's functions, or Node's one. *Of the rest*: the clients and the stand-in of DynamoDB (in memory), and with \
         Carillon that of API Gateway, which holds the connections; on AWS neither is the functions'.\n\n\
         | step | system | p50, ms | p99, ms | CPU of the server, µs | CPU of the rest, µs | requests to DynamoDB | posts \
         |\n|---|---|--:|--:|--:|--:|--:|--:|\n",
        machine(&format!("{rounds} runs of each system")),
        size.clients,
    );
    let mut names: Vec<&str> = Vec::new();
    for step in measured.iter().flat_map(|system| &system.steps) {
        if !names.contains(&step.name.as_str()) {
            names.push(&step.name);
        }
    }
    for name in names {
        let mut label = name;
        for system in measured {
            let Some(step) = system.steps.iter().find(|step| step.name == name) else { continue };
            let _ = writeln!(text, "| {} | {} | {} |", with_unit(label, step.unit), system.name, figures(step));
            label = "";
        }
    }
    text.push_str("\nPeak memory of the largest process: ");
    let of_system = |system: &SystemFigures| {
        let programs = system.memory.iter().map(|(program, megabytes, processes)| match processes {
            1 => format!("`{program}` {megabytes:.1} MB"),
            _ => format!("`{program}` {megabytes:.1} MB (of {processes})"),
        });
        format!("{}: {}", system.name, programs.collect::<Vec<_>>().join(", "))
    };
    text += &measured.iter().map(of_system).collect::<Vec<_>>().join("; ");
    text.push_str(".\n\n");
    for system in measured.iter().filter(|system| system.left_to_the_stream > 0) {
        let _ = writeln!(
            text,
            "{}: in {} cases a function's time was up before all was delivered, and the stream's consumer did the rest.\n",
            system.name, system.left_to_the_stream
        );
    }
    let _ = writeln!(
        text,
        "`socket-connect` and `socket-message` have {PROCESSES} processes each, started beforehand; an event that finds all at \
         work waits. On AWS each would have an environment of its own.\n"
    );
    text
}

fn with_unit(name: &str, unit: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{name} (per {unit})") }
}

/// The figures of a step, as cells.
fn figures(step: &Step) -> String {
    let mut times = step.times.clone();
    times.sort_by(f64::total_cmp);
    let count = step.count.max(1) as f64;
    let each = |total: f64| total / count;
    format!(
        "{:.1} | {:.1} | {:.0} | {:.0} | {:.3} | {:.3}",
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        each(step.server.as_secs_f64() * 1e6),
        each(step.rest.as_secs_f64() * 1e6),
        each(step.requests as f64),
        each(step.posts as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn step(times: &[f64]) -> Step {
        Step {
            name: "announcement".to_owned(),
            unit: "receipt",
            count: times.len(),
            times: times.to_vec(),
            server: Duration::from_millis(2),
            rest: Duration::from_millis(4),
            requests: 3,
            posts: 4,
        }
    }

    #[test]
    fn rounds_are_added_up_and_shown_for_each_receipt() {
        let mut ours = SystemFigures::new("**Carillon**");
        ours.add(vec![step(&[1.0, 2.0])], vec![("delivery", 8.0, 1)], 0);
        ours.add(vec![step(&[4.0, 3.0])], vec![("delivery", 9.0, 1)], 2);
        let text = tables(&[ours], Size::QUICK, 2);
        assert!(
            text.contains("| announcement (per receipt) | **Carillon** | 2.0 | 4.0 | 1000 | 2000 | 1.500 | 2.000 |"),
            "{text}"
        );
        assert!(text.contains("`delivery` 9.0 MB") && text.contains("in 2 cases"), "{text}");
    }
}
