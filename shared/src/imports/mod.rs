//! Data of another system: lines of JSON, each a row with its own id and times. No event, fact or push goes out, and no limit per user counts.
//!
//! | file | what it is |
//! |---|---|
//! | `line` | a line of the body, and taking its fields |
//! | `kind` | the kinds of lines |
//! | `job` | what a line writes |
//! | `person`, `book`, `kudos`, `notification`, `party`, `lease`, `chat`, `staff` | lines of each product, over the product's own types |
//! | `run` | the jobs: in order where they share rows, otherwise side by side |
//! | `report` | the result of each line |
//!
//! A line is written once: each row has the digest of its line (`table::IMPORTED`). `BatchWriteItem` has no conditions, and would
//! overwrite what a user has changed here meanwhile; so most lines are a conditional put each. Those that share rows, messages of a
//! conversation and notifications of a user, are written together in transactions.

mod book;
mod chat;
mod job;
mod kind;
mod kudos;
mod lease;
mod line;
mod notification;
mod party;
mod person;
mod report;
mod run;
mod staff;

pub use line::MAX_LINES;
pub use report::{ImportReport, LineResult};
pub use run::Importer;
