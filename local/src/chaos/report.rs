//! The result of a run, as text.

use std::fmt::Write as _;
use std::time::Duration;

use super::load::Commands;
use super::report_line::ReportLine;
use super::verdict::{EXAMPLES, Verdict};

/// The lines of the report besides the verdict.
pub(super) struct Report<'a> {
    pub(super) verdict: &'a Verdict,
    pub(super) commands: &'a Commands,
    /// The failures, in words.
    pub(super) failures: String,
    /// From the end of the load until nothing was owed; `None` if that was not reached.
    pub(super) settled: Option<Duration>,
    pub(super) seed: u64,
    pub(super) picture: String,
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let Self { verdict, commands, failures, settled, seed, picture } = self;
        let mut text = format!(
            "{:18} {:>9} {:>10} {:>11} {:>13} {:>6} {:>8} {:>13}\n",
            "events", "accepted", "delivered", "duplicated", "out of order", "lost", "unheard", "longest wait"
        );
        for line in &verdict.lines {
            text.push_str(&row(line));
        }
        text.push_str(&row(&verdict.total()));
        text.push_str(&row(&verdict.files.line));
        let refused: u64 = commands.refused.values().sum();
        let by_status: Vec<_> = commands.refused.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let by_status = if refused == 0 { String::new() } else { format!(" ({})", by_status.join(", ")) };
        let clients = match verdict.total().duties {
            None => format!("received {} of the accepted events while they were connected", verdict.heard),
            Some(duties) => format!(
                "had to hear an event {duties} times, as they were subscribed throughout; {} of their connections ended without being cut off",
                verdict.unplanned_ends
            ),
        };
        let settled = settled
            .map_or("not reached".to_owned(), |after| format!("{:.1} s after the last command", after.as_secs_f32()));
        let _ = write!(
            text,
            "\ndead letters                 {}\nrows still owing             {}\nrows with a wrong last word  {}\n\
             files of deleted messages    {}\nfiles of messages to expire  {}\n\
             nothing owed                 {settled}\n\n\
             commands   {} sent, {} accepted, {refused} refused{by_status}, {} without a clear response ({} of their events \
             delivered)\nfailures   {failures}\nclients    {clients}\npicture    {picture}\nseed       {seed}\n",
            verdict.dead_letters,
            verdict.rows_owing,
            verdict.wrong_last_word,
            verdict.files.deleted,
            verdict.files.expiring,
            commands.sent,
            commands.accepted,
            commands.unclear,
            verdict.delivered_unaccepted,
        );
        for example in &verdict.examples {
            let _ = writeln!(text, "lost       {example}");
        }
        for absent in verdict.absent.iter().take(EXAMPLES) {
            let _ = writeln!(text, "absent     {absent}");
        }
        for fault in verdict.faults() {
            let _ = writeln!(text, "fault      {fault}");
        }
        text
    }
}

fn row(line: &ReportLine) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    format!(
        "{:18} {:>9} {:>10} {:>11} {:>13} {:>6} {:>8} {:>13}\n",
        line.name,
        line.accepted,
        line.delivered,
        line.duplicated,
        or_dash(line.out_of_order.map(|count| count.to_string())),
        line.lost,
        or_dash(line.unheard.map(|count| count.to_string())),
        or_dash(line.longest_wait.map(|wait| format!("{:.1} s", wait.as_secs_f32()))),
    )
}

#[cfg(test)]
mod tests {
    use super::super::files::FilesVerdict;
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_kind_and_their_sum() {
        let line = ReportLine { name: "kudos", accepted: 3, delivered: 2, lost: 1, ..ReportLine::default() };
        let files = ReportLine { name: "files", accepted: 1, delivered: 1, ..ReportLine::default() };
        let files = FilesVerdict { line: files, ..FilesVerdict::default() };
        let verdict = Verdict { lines: vec![line], examples: vec!["one".to_owned()], files, ..Verdict::default() };
        let commands = Commands { sent: 5, refused: [(409, 2)].into(), ..Commands::default() };
        let failures = "none".to_owned();
        let picture = "target/chaos/backlog.svg".to_owned();
        let report = Report { verdict: &verdict, commands: &commands, failures, settled: None, seed: 7, picture };
        let text = report.text();
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[1], "kudos 3 2 0 - 1 - -");
        assert_eq!(lines[2], "all 3 2 0 0 1 - -");
        assert_eq!(lines[3], "files 1 1 0 - 0 - -");
        assert!(text.contains("2 refused (409: 2)"), "{text}");
        assert!(text.contains("nothing owed                 not reached"), "{text}");
        assert!(text.ends_with("lost       one\nfault      events lost: 1\n"), "{text}");
    }
}
