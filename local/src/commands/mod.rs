//! The commands of `cargo local`, one file per command, and the command line that names them.

pub(crate) mod by_hand;
pub(crate) mod cli;
pub(crate) mod import;
pub(crate) mod install;
pub(crate) mod listen;
pub(crate) mod logs;
pub(crate) mod mails;
pub(crate) mod pushes;
pub(crate) mod reset;
pub(crate) mod run;
pub(crate) mod smoke;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod to_try;
pub(crate) mod token;
