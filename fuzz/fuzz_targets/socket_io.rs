//! A frame from a client that speaks Socket.IO. A packet that is read and written reads back as the same packet, with the same header.
//! Any other frame gets a response.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::clients::socket_io::{Body, Frame, Header, Packet, PacketKind};
use shared::contract::sockets::Framing;
use shared::sockets::framing;

fuzz_target!(|text: &str| {
    let _ = framing::read(Framing::SocketIo, text);
    let Ok(frame) = Frame::read(text) else { return };
    assert_eq!(frame.to_string(), text);
    if frame.kind != PacketKind::Message {
        return;
    }
    let Ok(packet) = Packet::read(frame.data) else { return };
    let header = Header::read(frame.data).expect("a packet has a header");
    assert_eq!((&header.namespace, header.is_connect), (&packet.namespace, matches!(packet.body, Body::Connect(_))));
    if let Body::Event { name, .. } = &packet.body {
        assert_eq!((header.id, header.event.as_ref()), (packet.id, Some(name)));
    }
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
