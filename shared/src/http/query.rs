//! The parameters that a route's query may have.
//!
//! A parameter that nobody reads is refused, as an unknown field of a body is: `DELETE /notifications/device-token?tokn=x` would
//! do something else than its sender means. The table below is asked before every handler, and a route that is not in it takes no
//! parameter, so a handler that reads one has to name it here. A test compares the table with `docs/openapi.yaml`.

use lambda_http::RequestExt as _;

use super::{ReadRequest as _, Request};
use crate::api_error::ApiError;
use crate::contract::text::shortened;

/// The parameters that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// These, and no other.
    Only(&'static [&'static str]),
    /// Any. The route reads these and ignores the others.
    Any(&'static [&'static str]),
    /// Those that sign a request of Pusher's HTTP API (`SIGNATURE`), these, and any other that its client has signed.
    Signed(&'static [&'static str]),
}

/// The parameters that sign a request of Pusher's HTTP API.
const SIGNATURE: [&str; 5] = ["auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5"];

/// The parameters of a route, such as `GET /kudos`.
#[must_use]
pub fn parameters(route: &str) -> Parameters {
    use Parameters::{Any, Only, Signed};

    match route {
        "GET /hotels/{hotelSlug}/staff" => Only(&["limit", "cursor"]),
        "GET /hotels/{hotelSlug}/chats" => Only(&["limit", "cursor", "state", "assignedTo"]),
        "GET /conversations"
        | "GET /kudos"
        | "GET /leases/{bailId}/requests"
        | "GET /notifications"
        | "GET /party-invitations"
        | "GET /rooms/{bookId}/presence" => Only(&["limit", "cursor"]),
        "GET /parties" => Only(&["limit", "cursor", "userId", "all"]),
        "GET /hotels/{hotelSlug}/chats/{bookingId}/messages"
        | "GET /leases/{bailId}/messages"
        | "GET /messages/{userId}" => Only(&["limit", "before", "after"]),
        "DELETE /conversations/authors/{userId}" => Only(&["cursor"]),
        "DELETE /notifications/device-token" => Only(&["token", "all"]),
        "GET /api/guest/hotel/{hotelSlug}/chat/messages" => Only(&["token", "limit", "before", "after"]),
        // A guest's token is part of the guest's link.
        "GET /api/guest/hotel/{hotelSlug}/chat/context"
        | "POST /api/guest/hotel/{hotelSlug}/chat/messages"
        | "DELETE /api/guest/hotel/{hotelSlug}/chat/messages/{messageId}"
        | "POST /api/guest/hotel/{hotelSlug}/chat/attachments"
        | "GET /api/guest/hotel/{hotelSlug}/chat/attachments/{attachmentId}"
        | "PUT /api/guest/hotel/{hotelSlug}/chat/read" => Only(&["token"]),
        // People click this link, and mail programs add their own (`utm_source`).
        "GET /email/unsubscribe" | "POST /email/unsubscribe" => Any(&["user", "address", "signature", "lang"]),
        // Monitors add one that no cache knows.
        "GET /health" | "HEAD /health" => Any(&[]),
        // The settings of Pusher and of its clients hold these addresses, and Pusher's clients may add parameters.
        "POST /pusher/auth" | "POST /pusher/user-auth" | "POST /pusher/webhook" => Any(&[]),
        "POST /apps/{appId}/events"
        | "POST /apps/{appId}/batch_events"
        | "POST /apps/{appId}/users/{userId}/terminate_connections"
        | "GET /apps/{appId}/channels/{channelName}/users" => Signed(&[]),
        "GET /apps/{appId}/channels/{channelName}" => Signed(&["info"]),
        "GET /apps/{appId}/channels" => Signed(&["info", "filter_by_prefix"]),
        "POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth" => Any(&["token"]),
        // The handshake of Socket.IO has EIO, transport, t, sid and whatever the client's `query` option says.
        route if route.starts_with('$') => Any(&["token", "userId", "names", "EIO", "transport"]),
        _ => Only(&[]),
    }
}

/// Checks the query of a request.
///
/// # Errors
/// 400 for a parameter that the route does not take, with those that it takes, and for one that it reads and that comes more than
/// once: only the first would count.
pub(super) fn must_be_known(request: &Request) -> Result<(), ApiError> {
    let route = request.route();
    let Some(query) = request.query_string_parameters_ref() else { return Ok(()) };
    let (read, signature) = match parameters(route) {
        Parameters::Any(read) => (read, &[][..]),
        Parameters::Signed(read) => (read, &SIGNATURE[..]),
        Parameters::Only(known) => {
            if let Some((unknown, _)) = query.iter().find(|(name, _)| !known.contains(name)) {
                return Err(unknown_parameter(unknown, known));
            }
            (known, &[][..])
        }
    };
    let is_repeated = |name: &&&str| query.all(name).is_some_and(|values| values.len() > 1);
    match read.iter().chain(signature).find(is_repeated) {
        None => Ok(()),
        Some(name) => Err(ApiError::Unreadable {
            told: format!("{name} is in the query more than once: send it once"),
            logged: "query: repeated parameter".to_owned(),
        }),
    }
}

fn unknown_parameter(unknown: &str, known: &[&str]) -> ApiError {
    let there = match known {
        [] => "is none".to_owned(),
        [one] => format!("is {one}"),
        several => format!("are {}", several.join(", ")),
    };
    ApiError::Unreadable {
        told: format!("{} is not a parameter of this route's query: there {there}", shortened(unknown, 60)),
        logged: "query: unknown parameter".to_owned(),
    }
}
