//! The app of a stack that needs no Pusher account, by which clients and server libraries name it.

/// Where the functions find its server, and clients of sockudo.
pub(crate) const HOST: &str = "127.0.0.1";
/// Digits: Pusher's library for Python takes no other id.
pub(crate) const APP_ID: &str = "1000";
pub(crate) const KEY: &str = "carillon-local";
