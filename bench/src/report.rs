//! The tables of results, in Markdown.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::cost;
use crate::counted;
use crate::figures::{Figure, Row, spread};
use crate::prices::Prices;
use crate::setup;
use crate::targets;

/// The last results of a kind are in a place of their own in bench/RESULTS.md, between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    Functions,
    Sockets,
    Channels,
    FanOut,
}

impl Block {
    fn marks(self) -> [&'static str; 2] {
        match self {
            Self::Functions => ["<!-- measured: begin -->", "<!-- measured: end -->"],
            Self::Sockets => ["<!-- measured sockets: begin -->", "<!-- measured sockets: end -->"],
            Self::Channels => ["<!-- measured channels: begin -->", "<!-- measured channels: end -->"],
            Self::FanOut => ["<!-- measured fan-out: begin -->", "<!-- measured fan-out: end -->"],
        }
    }

    /// The page with these tables in the block's place.
    fn replaced_in(self, page: &str, tables: &str) -> Result<String> {
        let [begin, end] = self.marks();
        let (before, rest) = page.split_once(begin).context("bench/RESULTS.md has lost its marks")?;
        let (_, after) = rest.split_once(end).context("bench/RESULTS.md has lost its marks")?;
        Ok(format!("{before}{begin}\n\n{}\n\n{end}{after}", tables.trim_end()))
    }
}

/// All tables.
pub(crate) fn tables(rows: &[Row], rounds: usize) -> Result<String> {
    let counted = counted::read()?;
    let mut text = format!("{}\n\n", machine(&format!("{rounds} processes of each system")));
    text += &times(rows);
    text += &targets::table(rows, &counted);
    text += &counted::table(&counted);
    text += &cost::table(rows, &counted, &Prices::read()?);
    Ok(text)
}

/// The times of one piece of work and its targets, with the published ones beside them.
pub(crate) fn quick(rows: &[Row], rounds: usize) -> Result<String> {
    let work = rows.first().map_or("", |row| row.work.as_str());
    let page = std::fs::read_to_string(setup::workspace()?.join("bench/RESULTS.md"))?;
    let mut text = format!("{}\n\n", machine(&format!("{rounds} processes of each system")));
    text += &times(rows);
    text += &targets::table(rows, &counted::read()?);
    text += "### Published in bench/RESULTS.md\n\n";
    text += &published(&page, work);
    Ok(text)
}

/// The lines of the page that have to do with a piece of work: its times and the targets that name it.
fn published(page: &str, work: &str) -> String {
    let [begin, end] = Block::Functions.marks();
    let block = page.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(block, _)| block);
    let start = format!("| {work} |");
    // In the table of times, the name is only in the first of a piece of work's lines.
    let times = block.lines().skip_while(|line| !line.starts_with(&start));
    let times = times.enumerate().take_while(|(n, line)| *n == 0 || line.starts_with("|  |")).map(|(_, line)| line);
    let machine = block.lines().find(|line| line.starts_with("Measured "));
    let mut text = String::new();
    for line in machine.into_iter().chain([""]).chain(times) {
        text += line;
        text.push('\n');
    }
    text
}

fn times(rows: &[Row]) -> String {
    let mut text = String::from(
        "### Time and size\n\n\
         Medians (quartiles). *Start to ready* and *start to first answer* are of a new process; the other times are of the \
         same process kept warm. *Whole* goes on until the function asks for its next event, so it includes what is done \
         after the answer.\n\n\
         | work | system | start to ready, ms | start to first answer, ms | answer p50, µs | p99, µs | whole p50, µs | a second \
         | peak memory, MB | zip, MB | instructions |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut last = "";
    for row in rows {
        let work = if row.work == last { "" } else { &row.work };
        last = &row.work;
        let figure = |figure: Figure, digits| spread(row.spread(figure), digits);
        let instructions = row.instructions.map_or(String::new(), |count| format!("{:.0} k", count / 1e3));
        let _ = writeln!(
            text,
            "| {work} | {} | {} | {} | {} | {:.0} | {} | {:.0} | {:.1} | {:.2} | {instructions} |",
            row.system.name(),
            figure(|sample| sample.init, 1),
            figure(|sample| sample.first_response, 1),
            figure(|sample| sample.p50, 0),
            row.spread(|sample| sample.p99).median,
            figure(|sample| sample.whole, 0),
            row.spread(|sample| sample.rate).median,
            row.spread(|sample| sample.memory).median,
            row.zip,
        );
    }
    text.push('\n');
    text
}

/// The machine and the versions of the programs.
pub(crate) fn machine(measured: &str) -> String {
    let output = |program: &str, argument: &str| {
        let output = std::process::Command::new(program).arg(argument).output().ok();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "Measured {}: {cores} cores ({model}), {} {}, {}, Node {}, {measured}, taken in turns.",
        output("date", "+%Y-%m-%d"),
        output("uname", "-s"),
        output("uname", "-r"),
        output("rustc", "--version"),
        output("node", "--version"),
    )
}

/// Replaces a block's tables in bench/RESULTS.md.
pub(crate) fn write(block: Block, tables: &str) -> Result<()> {
    let path = setup::workspace()?.join("bench/RESULTS.md");
    let page = block.replaced_in(&std::fs::read_to_string(&path)?, tables)?;
    std::fs::write(&path, page).context("bench/RESULTS.md cannot be written")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_the_rest_of_the_page_stays() {
        let page = include_str!("../RESULTS.md");
        for block in [Block::Functions, Block::Sockets, Block::Channels, Block::FanOut] {
            let replaced = block.replaced_in(page, "| a new table |").unwrap();
            let (before, rest) = replaced.split_once(block.marks()[0]).unwrap();
            assert!(page.starts_with(before) && rest.starts_with("\n\n| a new table |\n\n<!--"));
            assert!(page.ends_with(rest.split_once(block.marks()[1]).unwrap().1));
        }
        assert!(Block::Sockets.replaced_in("no marks", "").is_err());
    }

    #[test]
    fn the_published_figures_of_a_work_are_those_of_each_of_its_systems() {
        let text = published(include_str!("../RESULTS.md"), "private-user");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("Measured 20") && lines[1].is_empty(), "{text}");
        assert!(lines[2].starts_with("| private-user | bare echo |"), "{text}");
        assert_eq!(
            lines[3..].iter().map(|line| line.split('|').nth(2).unwrap().trim()).collect::<Vec<_>>(),
            ["**Carillon**", "natural Rust", "Node"]
        );
        assert!(!published(include_str!("../RESULTS.md"), "no such work").contains("Node |"));
    }
}
