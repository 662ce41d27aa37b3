//! The stand-ins for AWS, Pusher and Google, and the messages that each of them got.

pub(crate) mod aws;
pub(crate) mod fcm;
pub(crate) mod jwks;
pub(crate) mod mails;
pub(crate) mod ministack;
pub(crate) mod pusher_server;
pub(crate) mod pushes;
pub(crate) mod recorder;
pub(crate) mod sockudo;
pub(crate) mod webhooks;
