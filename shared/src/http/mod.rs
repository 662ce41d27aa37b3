//! HTTP as the functions see it: lambda_http's [`Request`] comes in, its [`Response`] or a [`Problem`] goes out.

mod problem;
mod request;
mod response;
mod serve;

pub use lambda_http::service_fn;

pub use problem::Problem;
pub use request::{MAX_WEBHOOK_BYTES, ReadRequest, Request};
pub use response::{Response, ResponseExt, Work, created, no_content, ok, unavailable};
pub use serve::{respond, serve, serve_with_events};
