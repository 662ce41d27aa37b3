//! Engine.IO's packets: a digit that says which kind, then data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Malformed;

/// The kinds of packet. Of a WebSocket transport without upgrades, a server sends open, ping, message, close and noop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// The server's first packet, with the [`OpenPayload`].
    Open,
    /// Closes the transport.
    Close,
    /// In protocol 4 it is the server that asks whether the other side is there.
    Ping,
    /// The response to a ping, with the same data.
    Pong,
    /// Holds a packet of the protocol above.
    Message,
    /// Ends the upgrade from another transport. There are no others here.
    Upgrade,
    Noop,
}

impl PacketKind {
    const ALL: [Self; 7] = [Self::Open, Self::Close, Self::Ping, Self::Pong, Self::Message, Self::Upgrade, Self::Noop];

    fn of(digit: u8) -> Option<Self> {
        Self::ALL.get(usize::from(digit.checked_sub(b'0')?)).copied()
    }

    fn digit(self) -> char {
        match self {
            Self::Open => '0',
            Self::Close => '1',
            Self::Ping => '2',
            Self::Pong => '3',
            Self::Message => '4',
            Self::Upgrade => '5',
            Self::Noop => '6',
        }
    }
}

/// One packet, which is one text frame of a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: PacketKind,
    pub data: &'a str,
}

impl<'a> Frame<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`Malformed`]; [`Malformed::Binary`] for binary data in its text form, which is `b` and base64.
    pub fn read(text: &'a str) -> Result<Self, Malformed> {
        let first = *text.as_bytes().first().ok_or(Malformed::Empty)?;
        if first == b'b' {
            return Err(Malformed::Binary);
        }
        let kind = PacketKind::of(first).ok_or(Malformed::EnginePacket)?;
        // A digit is one byte, so the rest begins at a character.
        Ok(Self { kind, data: &text[1..] })
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.digit(), self.data)
    }
}

/// The parameters of the open packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenPayload {
    /// Names the connection.
    pub sid: String,
    /// Transports that the client may change to: none.
    pub upgrades: Vec<String>,
    /// Milliseconds between two pings.
    pub ping_interval: u32,
    /// A client that has got no ping for this much longer, in milliseconds, closes the connection.
    pub ping_timeout: u32,
    /// Most bytes of a packet from the client.
    pub max_payload: u32,
}

impl OpenPayload {
    /// The open packet.
    #[must_use]
    pub fn frame(&self) -> String {
        let json = serde_json::to_string(self).expect("a handshake is strings and numbers");
        Frame { kind: PacketKind::Open, data: &json }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_published_protocol_are_read() {
        let read = |text| Frame::read(text).map(|frame| (frame.kind, frame.data));
        assert_eq!(read("2"), Ok((PacketKind::Ping, "")));
        assert_eq!(read("3"), Ok((PacketKind::Pong, "")));
        assert_eq!(read("2probe"), Ok((PacketKind::Ping, "probe")));
        assert_eq!(read("3probe"), Ok((PacketKind::Pong, "probe")));
        assert_eq!(read("5"), Ok((PacketKind::Upgrade, "")));
        assert_eq!(read("6"), Ok((PacketKind::Noop, "")));
        assert_eq!(read("1"), Ok((PacketKind::Close, "")));
        assert_eq!(read("4hello"), Ok((PacketKind::Message, "hello")));
        assert_eq!(read("4€"), Ok((PacketKind::Message, "€")));
    }

    #[test]
    fn the_open_packet_is_that_of_the_published_protocol() {
        let handshake = OpenPayload {
            sid: "lv_VI97HAXpY6yYWAAAC".to_owned(),
            upgrades: vec!["websocket".to_owned()],
            ping_interval: 25_000,
            ping_timeout: 20_000,
            max_payload: 1_000_000,
        };
        let text = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        assert_eq!(handshake.frame(), text);
        let frame = Frame::read(text).unwrap();
        assert_eq!((frame.kind, serde_json::from_str(frame.data).ok()), (PacketKind::Open, Some(handshake)));
    }

    #[test]
    fn each_malformed_packet_is_refused_by_name() {
        assert_eq!(Frame::read(""), Err(Malformed::Empty));
        assert_eq!(Frame::read("bAQIDBA=="), Err(Malformed::Binary));
        for text in ["7", "-1", "abc", "{\"event\":\"x\"}", "é4"] {
            assert_eq!(Frame::read(text), Err(Malformed::EnginePacket), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_frame_is_written_as_it_was_read(text in ".*") {
            if let Ok(frame) = Frame::read(&text) {
                prop_assert_eq!(frame.to_string(), text);
            }
        }
    }
}
