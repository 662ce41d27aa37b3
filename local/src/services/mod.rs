//! What stands for AWS, Pusher and Google, and what each of them was sent.

pub(crate) mod aws;
pub(crate) mod fcm;
pub(crate) mod mails;
pub(crate) mod ministack;
pub(crate) mod pusher_server;
pub(crate) mod pushes;
pub(crate) mod recorder;
pub(crate) mod sockudo;
