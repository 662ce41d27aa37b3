//! The targets, and whether this run reached them.

use std::fmt::Write as _;

use crate::counted::Budgets;
use crate::figures::{Figure, Row, spread};
use crate::statistics::Spread;
use crate::system::System::{Carillon, Floor, FloorWithSdk, NaturalRust, Node};

/// The table of targets, without those whose work was not measured.
pub(crate) fn table(rows: &[Row], budgets: &Budgets) -> String {
    let mut text = String::from(
        "### Targets\n\nRatios are taken round by round: median (quartiles).\n\n\
         | | target | measured | reached |\n|---|--:|--:|---|\n",
    );
    for line in lines(rows, budgets) {
        let reached = if line.reached { "yes" } else { "**no**" };
        let _ = writeln!(text, "| {} | {} | {} | {reached} |", line.what, line.target, line.measured);
    }
    text.push('\n');
    text
}

struct Line {
    what: String,
    target: String,
    measured: String,
    reached: bool,
}

fn lines(rows: &[Row], budgets: &Budgets) -> Vec<Line> {
    let find = |work: &str, system| rows.iter().find(|row| row.work == work && row.system == system);
    let ratio = |work: &str, over, under, figure: Figure| -> Option<Spread> {
        Some(find(work, over)?.ratio(find(work, under)?, figure))
    };
    let at_most = |what: &str, limit: f64, measured: Option<Spread>| {
        measured.map(|measured| Line {
            what: what.to_owned(),
            target: format!("at most {limit} ×"),
            measured: spread(measured, 2),
            reached: measured.median <= limit,
        })
    };
    let at_least = |what: &str, limit: f64, measured: Option<Spread>| {
        measured.map(|measured| Line {
            what: what.to_owned(),
            target: format!("at least {limit} ×"),
            measured: spread(measured, 1),
            reached: measured.median >= limit,
        })
    };
    let first: Figure = |s| s.first_response;
    let (p50, whole): (Figure, Figure) = (|s| s.p50, |s| s.whole);
    let memory: Figure = |s| s.memory;
    let (room, kudos) = ("presence-room TLS", "kudos TLS");
    let mut lines: Vec<Line> = [
        at_most("`private-user`: warm p50, against the bare echo", 1.25, ratio("private-user", Carillon, Floor, p50)),
        at_most(
            "`presence-room` over TLS: warm p50, against echo and an SDK request",
            1.25,
            ratio(room, Carillon, FloorWithSdk, p50),
        ),
        at_most(
            "`presence-room` over TLS: start to first answer, against it",
            1.25,
            ratio(room, Carillon, FloorWithSdk, first),
        ),
        at_least(
            "`presence-room` over TLS: start to first answer, Node's to ours",
            35.0,
            ratio(room, Node, Carillon, first),
        ),
        at_least("kudos over TLS: start to first answer, Node's to ours", 35.0, ratio(kudos, Node, Carillon, first)),
        at_least("`presence-room` over TLS: warm p50, Node's to ours", 4.5, ratio(room, Node, Carillon, p50)),
        at_least(
            "kudos over TLS: warm, whole (write, trigger, clear), Node's to ours",
            4.0,
            ratio(kudos, Node, Carillon, whole),
        ),
        at_least(
            "`presence-room` over TLS: start to first answer, natural Rust's to ours",
            7.0,
            ratio(room, NaturalRust, Carillon, first),
        ),
        at_least(
            "`presence-room` over TLS: warm p50, natural Rust's to ours",
            1.5,
            ratio(room, NaturalRust, Carillon, p50),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    for work in ["private-user", room, kudos] {
        lines.extend(at_most(
            &format!("{work}: peak memory, against natural Rust"),
            0.6,
            ratio(work, Carillon, NaturalRust, memory),
        ));
    }
    lines.extend(find("private-user", Carillon).map(|row| Line {
        what: "zip of `pusher-auth`".to_owned(),
        target: "at most 3.2 MB".to_owned(),
        measured: format!("{:.2} MB", row.zip),
        reached: row.zip <= 3.2,
    }));
    for (name, limit) in [("authorize private-user", 0), ("authorize presence-room", 1), ("give kudos", 1)] {
        let operation = budgets.operation.iter().find(|operation| operation.name == name);
        lines.extend(operation.map(|operation| Line {
            what: format!("{name}: requests before the answer"),
            target: format!("at most {limit}"),
            measured: operation.requests_before.to_string(),
            reached: operation.requests_before <= limit,
        }));
    }
    lines
}
