//! HTTP as the functions see it: a [`Call`] comes in, an [`Answer`] or a [`Problem`] goes out.

mod answer;
mod call;
mod event;
mod problem;
mod serve;

pub use answer::{Afterwards, Answer, Response};
pub use call::{Call, MAX_WEBHOOK_BYTES};
pub use problem::Problem;
pub use serve::{answer, serve, serve_with_events};
