//! A frame from a client that speaks Socket.IO. What is read is written so that it is read as the same packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::clients::socket_io::{Body, Frame, Kind, Packet};

fuzz_target!(|text: &str| {
    let Ok(frame) = Frame::read(text) else { return };
    assert_eq!(frame.to_string(), text);
    if frame.kind != Kind::Message {
        return;
    }
    let Ok(packet) = Packet::read(frame.data) else { return };
    let written = packet.frame();
    let again = Frame::read(&written).ok().and_then(|frame| Packet::read(frame.data).ok());
    let again = again.expect("what is written can be read");
    assert_eq!((&again.namespace, again.id), (&packet.namespace, packet.id));
    // Numbers apart: JSON's reader may be off by the last digit of a fraction.
    match (&again.body, &packet.body) {
        (Body::Event { name: a, arguments: b }, Body::Event { name: c, arguments: d }) => {
            assert_eq!((a, b.len()), (c, d.len()));
        }
        (Body::Acknowledgement(a), Body::Acknowledgement(b)) => assert_eq!(a.len(), b.len()),
        (Body::Refusal { message: a, .. }, Body::Refusal { message: b, .. }) => assert_eq!(a, b),
        (Body::Connect(a), Body::Connect(b)) => assert_eq!(a.is_some(), b.is_some()),
        (a, b) => assert_eq!(a, b),
    }
});
