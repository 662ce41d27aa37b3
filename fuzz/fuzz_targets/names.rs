//! Ids, socket ids, channel names and cursors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::contract::channel::{Channel, ChannelName};
use shared::contract::id::UserId;
use shared::contract::socket_id::SocketId;
use shared::{notifications, parties};

fuzz_target!(|text: &str| {
    if let Ok(name) = ChannelName::parse(text)
        && let Some(channel) = Channel::of(&name)
    {
        assert_eq!(channel.to_string(), text);
    }
    if let Ok(user) = UserId::parse(text) {
        let own = Channel::User(user).to_string();
        assert!(ChannelName::parse(&own).is_ok(), "every id makes a channel name");
    }
    let _ = SocketId::parse(text);
    let _ = notifications::NotificationCursor::parse(text);
    let _ = parties::MineCursor::parse(text);
    let _ = parties::InvitationCursor::parse(text);
});
