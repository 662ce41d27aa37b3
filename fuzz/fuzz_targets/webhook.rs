//! A webhook's body, as it is read once its signature held.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::clients::pusher::Webhook;
use shared::contract::channel::{Channel, ChannelName};

fuzz_target!(|body: &[u8]| {
    let Ok(webhook) = serde_json::from_slice::<Webhook>(body) else { return };
    for event in webhook.events.into_vec() {
        if let Some(channel) = ChannelName::parse(&event.channel).ok().and_then(|name| Channel::of(&name)) {
            assert_eq!(channel.to_string(), event.channel);
        }
    }
});
