//! A frame from a client of Pusher. A client event that is read reaches the others as it was sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shared::clients::pusher::frames::{ClientFrame, ServerFrame};
use shared::contract::socket_id::SocketId;

fuzz_target!(|text: &str| {
    if let Ok(socket) = SocketId::parse(text)
        && let Some(connection) = socket.connection()
    {
        assert_eq!(SocketId::of(&connection), socket);
    }
    let Ok(ClientFrame::Event(event)) = ClientFrame::read(text) else { return };
    let frame: Value = serde_json::from_str(&ServerFrame::ClientEvent { event: &event, user: None }.text())
        .expect("what is written can be read");
    assert_eq!((frame["event"].as_str(), frame["channel"].as_str()), (Some(&*event.name), Some(&*event.channel)));
    assert_eq!(frame["data"].as_str(), Some(&*event.data));
});
