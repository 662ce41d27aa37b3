//! Reads events of API Gateway's WebSocket API.

use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt as _};

use super::Request;
use crate::api_error::ApiError;
use crate::contract::sockets::{ConnectionId, Namespace, Stage};
use crate::contract::time::Millis;

/// The kind of an event: `eventType` in its context. `routeKey` does not prove it, since a client's message may select a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketRoute {
    /// `$connect`: a handshake.
    Connect,
    /// `$default`: a client sent something.
    Message,
    /// `$disconnect`: the connection has ended.
    Disconnect,
}

impl SocketRoute {
    fn event_type(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        }
    }
}

/// Reads the parts of lambda_http's [`Request`] that only a WebSocket API's routes have.
pub trait ReadSocket {
    /// The connection that it is about. Each function names the kind of event that it handles, so that no other can run it.
    ///
    /// # Errors
    /// 400 for another kind of event.
    fn connection(&self, of: SocketRoute) -> Result<ConnectionId, ApiError>;

    /// The stage that the connection came by.
    ///
    /// # Errors
    /// 404 for a stage that does not name a namespace.
    fn stage(&self) -> Result<Namespace, ApiError>;

    /// Whether the connection came by the stage of Pusher's clients.
    fn is_pushers(&self) -> bool;

    /// When API Gateway got it, of a WebSocket's event; else now. Frames of one connection may be handled side by side, in any order.
    fn received(&self) -> Millis;

    /// The address that the connection came from, as API Gateway sees it: behind CloudFront, one of CloudFront's.
    fn source(&self) -> Option<&str>;

    /// The frame's text; `None` for binary data.
    fn text(&self) -> Option<&str>;
}

impl ReadSocket for Request {
    fn connection(&self, of: SocketRoute) -> Result<ConnectionId, ApiError> {
        let id = match self.request_context_ref() {
            Some(RequestContext::WebSocket(context)) if context.event_type.as_deref() == Some(of.event_type()) => {
                context.connection_id.clone()
            }
            _ => None,
        };
        let not_one = || ApiError::Malformed(format!("This is no {} event of a WebSocket API", of.event_type()));
        ConnectionId::parse(id.ok_or_else(not_one)?).map_err(|_| not_one())
    }

    fn stage(&self) -> Result<Namespace, ApiError> {
        let unknown = || ApiError::NotFound("There are /dashboard, /ws and /socketio".to_owned());
        stage(self).and_then(Namespace::named).ok_or_else(unknown)
    }

    fn is_pushers(&self) -> bool {
        stage(self).and_then(Stage::named) == Some(Stage::Pusher)
    }

    fn received(&self) -> Millis {
        match self.request_context_ref() {
            Some(RequestContext::WebSocket(context)) if context.request_time_epoch > 0 => {
                Millis(context.request_time_epoch)
            }
            _ => Millis::now(),
        }
    }

    fn source(&self) -> Option<&str> {
        match self.request_context_ref() {
            Some(RequestContext::WebSocket(context)) => context.identity.source_ip.as_deref(),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self.body() {
            Body::Text(text) => Some(text),
            Body::Empty => Some(""),
            // API Gateway hands binary frames over as base64; nothing could answer them, since it sends text only.
            _ => None,
        }
    }
}

fn stage(request: &Request) -> Option<&str> {
    match request.request_context_ref() {
        Some(RequestContext::WebSocket(context)) => context.stage.as_deref(),
        _ => None,
    }
}
