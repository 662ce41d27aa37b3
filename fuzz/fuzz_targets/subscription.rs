//! The body of `POST /pusher/auth`: whatever is accepted is signed as one socket and one channel.
#![no_main]

use base64::Engine as _;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::json;
use shared::contract::channel::ChannelName;
use shared::http::Call;
use shared::contract::socket_id::SocketId;

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

fuzz_target!(|input: (bool, &[u8])| {
    let (is_form, body) = input;
    let media_type = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
    let body = base64::engine::general_purpose::STANDARD.encode(body);
    let event = json!({ "headers": { "content-type": media_type }, "body": body, "isBase64Encoded": true });
    let Ok(call) = serde_json::from_value::<Call>(event) else { return };
    let Ok(asked) = call.json_or_form::<Subscription>() else { return };
    if let (Ok(socket), Ok(channel)) = (SocketId::parse(&asked.socket_id), ChannelName::parse(&asked.channel_name)) {
        // The text that is signed can be read in one way only.
        let signed = format!("{}:{}", socket.as_str(), channel.as_str());
        assert_eq!(signed.matches(':').count(), 1);
    }
});
