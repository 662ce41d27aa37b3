//! The body of `POST /pusher/auth`, as JSON or as a form: whatever is accepted is signed as one socket and one channel.
#![no_main]

use http::header::CONTENT_TYPE;
use lambda_http::Body;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use shared::contract::channel::ChannelName;
use shared::contract::socket_id::SocketId;
use shared::http::{ReadRequest as _, Request};

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

// Most forms start with a letter, and all JSON that is accepted with a brace.
fuzz_target!(|body: &[u8]| {
    let is_json = body.first() == Some(&b'{');
    let media_type = if is_json { "application/json" } else { "application/x-www-form-urlencoded; charset=utf-8" };
    let mut request = Request::new(Body::Binary(body.to_vec()));
    request.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(media_type));
    let Ok(asked) = request.json_or_form::<Subscription>() else { return };
    if let (Ok(socket), Ok(channel)) = (SocketId::parse(&asked.socket_id), ChannelName::parse(&asked.channel_name)) {
        // The text that is signed can be read in one way only.
        let signed = format!("{}:{}", socket.as_str(), channel.as_str());
        assert_eq!(signed.matches(':').count(), 1);
    }
});
