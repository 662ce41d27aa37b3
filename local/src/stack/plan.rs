//! The parts that a stack is started from.

use crate::files::workspace::Workspace;
use crate::install::tools::Tools;
use crate::net::ports::Ports;
use crate::process::children::Processes;
use crate::state::directory::StackDirectory;
use crate::state::settings::Settings;

/// The parts that a stack is started from, and started again by `cargo local reset`.
pub(crate) struct Plan<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) processes: &'a Processes,
    pub(crate) tools: &'a Tools,
    pub(crate) directory: &'a StackDirectory,
    pub(crate) ports: Ports,
    pub(crate) settings: Settings,
}
