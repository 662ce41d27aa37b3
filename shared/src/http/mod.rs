//! HTTP as the functions see it: lambda_http's [`Request`] comes in, its [`Response`] or a [`crate::ApiError`] goes out.

mod acting;
mod compress;
pub mod idempotency;
pub(crate) mod page;
pub mod query;
mod request;
mod response;
mod serve;
mod socket;
pub mod throttle;

pub use lambda_http::service_fn;

pub use acting::{acting_service, note_acting_service};
pub use request::{MAX_WEBHOOK_BYTES, ReadRequest, Request, body_of_event, no_such_route};
pub use response::{
    Response, ResponseExt, Work, accepted, created, empty, html, multi_status, no_content, not_modified, ok,
    unavailable,
};
pub use serve::{
    Before, after_not_found, after_response, answer, before_each, respond, serve, serve_compressed, serve_with_events,
};
pub use socket::{ReadSocket, SocketRoute};
