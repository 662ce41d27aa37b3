//! What each function does, by function.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod delivery;
mod event_files;
mod health;
mod kudos;
mod notifications;
mod parties;
mod presence;
mod presence_reconcile;
mod pusher_api;
mod pusher_auth;
mod pusher_mock_event;
mod pusher_webhook;
mod template;
