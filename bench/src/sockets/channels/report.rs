//! The tables of what was measured of Pusher's protocol.

use std::fmt::Write as _;

use super::script::{ChannelSize, ChannelStep};
use super::server::PROCESSES;
use crate::report::machine;
use crate::statistics::percentile;

/// The measurements of a system, over all rounds.
pub(super) struct ChannelFigures {
    pub(super) name: &'static str,
    /// In the order of the script.
    pub(super) steps: Vec<ChannelStep>,
    /// Program, MB of its largest process, processes.
    pub(super) memory: Vec<(&'static str, f64, usize)>,
    pub(super) left_to_the_stream: usize,
}

impl ChannelFigures {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new(), memory: Vec::new(), left_to_the_stream: 0 }
    }

    /// Adds a round.
    pub(super) fn add(
        &mut self,
        steps: Vec<ChannelStep>,
        memory: Vec<(&'static str, f64, usize)>,
        left_to_the_stream: usize,
    ) {
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
                    known.read_units += step.read_units;
                    known.write_units += step.write_units;
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

    fn step(&self, name: &str) -> Option<&ChannelStep> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// The tables. The ratios are those of the first system to the last.
pub(super) fn tables(measured: &[ChannelFigures], size: ChannelSize, rounds: usize) -> String {
    let mut text = format!(
        "{}\n\n{} clients of Pusher's protocol. Times are milliseconds from connect or send to receipt. Processor time, requests, posts and \
         units are per connect, subscription, receipt, join or connection. *Of the server*: all processes of Carillon's functions, or \
         sockudo's one, which also holds the connections. *Of the rest*: the clients and, with Carillon, the stand-ins of DynamoDB (in memory) \
         and API Gateway. *Ratio*: the server's processor time to the last one's.\n\n\
         | step | system | p50, ms | p99, ms | CPU of the server, µs | ratio | CPU of the rest, µs | requests to DynamoDB | posts \
         | read units | write units |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        machine(&format!("{rounds} runs of each system")),
        size.clients,
    );
    let names = measured.first().into_iter().flat_map(|system| &system.steps).map(|step| step.name.as_str());
    for name in names {
        let mut label = name;
        let base = measured.last().and_then(|system| system.step(name)).map(of_server);
        for system in measured {
            let Some(step) = system.step(name) else { continue };
            let title = if label.is_empty() { String::new() } else { format!("{label} (per {})", step.unit) };
            let ratio = base.map_or(String::new(), |base| format!("{:.1}", of_server(step) / base));
            let _ = writeln!(text, "| {title} | {} | {} |", system.name, figures(step, &ratio));
            label = "";
        }
    }
    text.push_str("\nPeak memory of the largest process: ");
    let of_system = |system: &ChannelFigures| {
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
        "`socket-connect` and `socket-message` have {PROCESSES} processes each, started beforehand; a frame that finds all at work waits. \
         On AWS each would have an environment of its own.\n"
    );
    text
}

/// Microseconds of the server's processor for each.
fn of_server(step: &ChannelStep) -> f64 {
    step.server.as_secs_f64() * 1e6 / step.count.max(1) as f64
}

/// The figures of a step, as cells.
fn figures(step: &ChannelStep, ratio: &str) -> String {
    let mut times = step.times.clone();
    times.sort_by(f64::total_cmp);
    let each = |total: f64| total / step.count.max(1) as f64;
    format!(
        "{:.1} | {:.1} | {:.0} | {ratio} | {:.0} | {:.3} | {:.3} | {:.3} | {:.3}",
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        of_server(step),
        each(step.rest.as_secs_f64() * 1e6),
        each(step.requests as f64),
        each(step.posts as f64),
        each(step.read_units),
        each(step.write_units),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn step(times: &[f64], server: u64) -> ChannelStep {
        ChannelStep {
            name: "event to one".to_owned(),
            unit: "receipt",
            count: times.len(),
            times: times.to_vec(),
            server: Duration::from_millis(server),
            rest: Duration::from_millis(4),
            requests: 12,
            posts: 2,
            read_units: 8.0,
            write_units: 4.0,
        }
    }

    #[test]
    fn rounds_are_added_up_and_shown_for_each_receipt_beside_the_other_server() {
        let mut ours = ChannelFigures::new("**Carillon**");
        ours.add(vec![step(&[1.0, 2.0], 6)], vec![("delivery", 8.0, 1)], 0);
        ours.add(vec![step(&[4.0, 3.0], 6)], vec![("delivery", 9.0, 1)], 2);
        let mut theirs = ChannelFigures::new("sockudo");
        theirs.add(vec![step(&[1.0, 1.0], 1)], vec![("sockudo", 30.0, 1)], 0);
        let text = tables(&[ours, theirs], ChannelSize::QUICK, 2);
        let row = "| event to one (per receipt) | **Carillon** | 2.0 | 4.0 | 3000 | 6.0 | 2000 | 6.000 | 1.000 | 4.000 | 2.000 |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("|  | sockudo | 1.0 | 1.0 | 500 | 1.0 |"), "{text}");
        assert!(text.contains("`delivery` 9.0 MB") && text.contains("in 2 cases"), "{text}");
    }
}
