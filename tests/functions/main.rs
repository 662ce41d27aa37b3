//! Tests of the functions, with a module for each function or subject.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod aws;
mod books;
mod budgets;
mod chats;
mod dashboard_events;
mod delivery;
mod delivery_faults;
mod device_tokens;
mod direct_messages;
mod email_unsubscribe;
mod event_files;
mod guest_chat;
mod guest_chat_access;
mod guest_chat_staff;
mod health;
mod identity;
mod kudos;
mod lease_chat;
mod lease_emails;
mod lease_requests;
mod log_line;
mod module_map;
mod notification_preferences;
mod notification_requested;
mod notifications;
mod pages;
mod parties;
mod presence;
mod presence_reconcile;
mod profiles;
mod push;
mod push_retries;
mod pusher_api;
mod pusher_auth;
mod pusher_mock_event;
mod pusher_webhook;
mod socket_budgets;
mod socket_registry;
mod sockets;
mod template;
mod token_recipes;
