//! The deliveries of a new message.
//!
//! Its row has all that they say. So the outbox stores each by a name alone ([`OfRow`]): with the events themselves, which repeat the
//! text and the ids up to three times, most messages would be over 1 KB, and each write of the row would cost twice as much.
//! [`make_whole`] builds them again when a row is read.

use serde_json::{Map, Value, json};

use super::wire_id::{of_direct, shown_id};
use super::{Conversation, ConversationKind, Head, Message};
use crate::contract::attachments::AttachmentFact;
use crate::contract::channel::Channel;
use crate::contract::chats::{ChatState, GuestChatChange, RealtimeEvent, Role};
use crate::contract::facts::Fact;
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::leases::LeaseMessage;
use crate::contract::sockets::{DirectMessage, MESSAGE_NEW, MESSAGE_SENT, Namespace};
use crate::outbox::{Audience, Committed, Delivery, Emit, Notify, OfRow, Outbox, Unread, Wake};
use crate::table::Item;

/// The deliveries of a new message, to those who take part in a conversation of its kind. `client_message_id` is the name that the
/// sender of a direct message gave it.
#[must_use]
pub fn created(conversation: &Conversation, message: &Message, client_message_id: Option<&str>) -> Vec<Delivery> {
    named(conversation, message, client_message_id).into_iter().map(|(_, delivery)| delivery).collect()
}

/// The same, each with its name. No name is ever given to another delivery: it may be in a row.
fn named(
    conversation: &Conversation,
    message: &Message,
    client_message_id: Option<&str>,
) -> Vec<(&'static str, Delivery)> {
    match conversation.kind() {
        ConversationKind::Guest(hotel, booking) => of_guest(hotel, booking, message),
        ConversationKind::Lease(lease) => {
            let event = LeaseMessage { lease: lease.clone(), message: message.with_content() };
            vec![("lease", Delivery::event(&event))]
        }
        ConversationKind::Direct(first, second) => {
            let receiver = if message.author.as_ref() == Some(first) { second } else { first };
            direct(message, receiver, client_message_id)
        }
    }
}

/// The fact of a new message, with its text: the outbox leaves that out unless the operator asked for it.
pub(super) fn sent(conversation: &Conversation, message: &Message) -> Delivery {
    Delivery::fact(Fact::MessageSent {
        conversation: conversation.named(),
        message_id: shown_id(conversation, message),
        seq: message.seq.0,
        author_id: message.author.clone(),
        role: message.role,
        text: message.text.clone().filter(|text| !message.sealed && !text.as_str().is_empty()),
        attachments: message
            .attachments
            .iter()
            .zip(message.objects())
            .map(|(attachment, key)| AttachmentFact::of(attachment, key))
            .collect(),
    })
}

/// The fact that this message reopened a hotel's chat, if the chat with this head was closed: a guest's does.
pub(super) fn reopened(conversation: &Conversation, head: &Head, message: &Message) -> Option<Delivery> {
    let ConversationKind::Guest(hotel, booking) = conversation.kind() else { return None };
    let reopens = message.role == Role::Guest && head.state() == ChatState::Closed;
    let reopened_by = message.author.clone().filter(|_| reopens)?;
    let (hotel_slug, booking_id) = (hotel.clone(), booking.clone());
    Some(Delivery::fact(Fact::ChatReopened { hotel_slug, booking_id, reopened_by }))
}

/// The fact by its two names in rows: with the text, and without it.
fn named_facts(conversation: &Conversation, message: &Message) -> Vec<(&'static str, Delivery)> {
    let with_text = sent(conversation, message);
    let Delivery::Fact { fact, .. } = with_text.clone() else { return Vec::new() };
    vec![("fact", Delivery::fact(fact.without_text())), ("factWithText", with_text)]
}

/// To the chat and the staff's inbox; a guest's message wakes the hotel.
fn of_guest(hotel: &HotelSlug, booking: &BookingId, message: &Message) -> Vec<(&'static str, Delivery)> {
    let change = GuestChatChange::ChatMessage { message: message.with_message() };
    let wake = (message.role == Role::Guest).then(|| {
        Delivery::Wake(Box::new(Wake {
            hotel: hotel.clone(),
            booking: booking.clone(),
            message: message.id.to_string(),
            guest_name: message.author_name.clone(),
        }))
    });
    let events = ["chat", "staff"].into_iter().zip(to_guest_and_staff(hotel, booking, &change));
    events.chain(wake.map(|wake| ("wake", wake))).collect()
}

/// The guest's channel hears of a change, and the staff's, where it names the booking.
pub(crate) fn to_guest_and_staff(hotel: &HotelSlug, booking: &BookingId, change: &GuestChatChange) -> [Delivery; 2] {
    let chat = RealtimeEvent {
        channel: Channel::GuestChat(hotel.clone(), booking.clone()),
        change: change.clone(),
        booking_id: None,
    };
    let staff = RealtimeEvent {
        channel: Channel::HotelStaff(hotel.clone()),
        change: change.clone(),
        booking_id: Some(booking.clone()),
    };
    [Delivery::event(&chat), Delivery::event(&staff)]
}

/// A direct message as both sides see it. `receiver` is the one of the two who did not write it.
pub(crate) fn direct_view(message: &Message, receiver: &UserId) -> DirectMessage {
    DirectMessage {
        id: of_direct(message),
        seq: message.seq.0,
        sender_id: message.author.clone(),
        sender_name: message.author_name.clone(),
        receiver_id: message.author.is_some().then(|| receiver.clone()),
        content: message.content(),
        attachments: message.attachments.clone(),
        created_at: message.created_at.iso(),
        timestamp: message.created_at.iso(),
        deleted_at: message.deleted_at.map(crate::contract::time::Millis::iso),
        client_message_id: None,
        duplicate: false,
    }
}

/// `message:new` for its receiver, `message:sent` for its sender, and later a look whether it was read.
fn direct(message: &Message, receiver: &UserId, client_message_id: Option<&str>) -> Vec<(&'static str, Delivery)> {
    let Some(sender) = message.author.clone() else { return Vec::new() };
    let view = direct_view(message, receiver);
    let sent = DirectMessage { client_message_id: client_message_id.map(str::to_owned), ..view.clone() };
    let about = json!({ "senderId": view.sender_id, "senderName": view.sender_name, "messageId": view.id });
    let notify = Notify {
        user: receiver.clone(),
        r#type: "MESSAGE".to_owned(),
        data: about.as_object().cloned().unwrap_or_else(Map::new),
        id: view.id.clone(),
        while_state: None,
    };
    let unread = Unread { sender: sender.clone(), seq: message.seq.0, notify: notify.clone() };
    let emit = |to: &UserId, names: &[&str], message: &DirectMessage| {
        Emit::named(Namespace::Ws, Audience::User(to.clone()), names, json_of(message))
    };
    vec![
        ("new", emit(receiver, &MESSAGE_NEW, &view).or_notify(notify).into()),
        ("sent", emit(&sender, &[MESSAGE_SENT], &sent).into()),
        ("unread", Delivery::Unread(Box::new(unread))),
    ]
}

fn json_of(message: &DirectMessage) -> Value {
    serde_json::to_value(message).expect("a message is strings, numbers and JSON")
}

/// The outbox of a new message, as its row stores it: by name what the row has, and all else in full.
pub(super) fn shortened(
    outbox: Outbox,
    conversation: &Conversation,
    message: &Message,
    client_message_id: Option<&str>,
) -> Outbox {
    let mut named = named(conversation, message, client_message_id);
    named.extend(named_facts(conversation, message));
    outbox.shortened(|delivery| {
        let (name, _) = named.iter().find(|(_, whole)| whole == delivery)?;
        // Only the sender's event has the name that they gave the message.
        let client_message_id = client_message_id.filter(|_| *name == "sent").map(str::to_owned);
        Some(OfRow { client_message_id, ..OfRow::named(name) })
    })
}

/// Builds the deliveries that the row of a message has by name.
pub(crate) fn make_whole(committed: &mut Committed, row: &Item) {
    if !committed.has_short() {
        return;
    }
    let conversation = Conversation::of_partition(&committed.key.pk);
    let message = Message::of_row(row.clone()).ok();
    committed.make_whole(|short| {
        let (conversation, message) = (conversation.as_ref()?, message.as_ref()?);
        let mut named = named(conversation, message, short.client_message_id.as_deref());
        named.extend(named_facts(conversation, message));
        named.into_iter().find(|(name, _)| *name == short.name).map(|(_, delivery)| delivery)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chats::message::MessageRow;
    use crate::chats::{MessageId, Seq, message_text};
    use crate::contract::text::Line;
    use crate::contract::time::Millis;
    use crate::outbox::WriteContext;
    use proptest::prelude::*;

    fn conversations() -> [(Conversation, Role); 4] {
        let id = |text: &str| UserId::parse(text).unwrap();
        let hotel = HotelSlug::parse("killarney").unwrap();
        let guest = Conversation::guest(&hotel, &BookingId::parse("BK-2025-0123").unwrap());
        let lease = Conversation::lease(&crate::contract::id::LeaseId::parse("b1").unwrap());
        let direct = Conversation::direct(&id("ada"), &id("ben"));
        [(guest.clone(), Role::Guest), (guest, Role::Staff), (lease, Role::Client), (direct, Role::Member)]
    }

    fn message(author: &str, role: Role, text: &str) -> Message {
        Message {
            id: MessageId::new(Seq(12), uuid::Uuid::now_v7()),
            seq: Seq(12),
            author: Some(UserId::parse(author).unwrap()),
            author_name: Line::cleaned("Ada Lovelace", 128).unwrap(),
            role,
            text: Some(message_text(text, "message").unwrap()),
            sealed: false,
            attachments: Vec::new(),
            created_at: Millis(1_790_000_000_123),
            deleted_at: None,
        }
    }

    /// The row of a message with its outbox, and the outbox as its writer has it.
    fn stored(conversation: &Conversation, message: &Message, name: Option<&str>) -> (Item, Committed) {
        let writer = WriteContext { delivers: true, posts: true, ..WriteContext::without_delivery("JKJaXmPLvHcESHA=") };
        let outbox = Outbox::new(created(conversation, message, name), &writer, message.created_at);
        let outbox = shortened(outbox, conversation, message, name);
        let committed = Committed::new(conversation.message(message.seq), outbox);
        (committed.item(&MessageRow::new(message, None)).unwrap(), committed)
    }

    proptest! {
        #[test]
        fn a_row_gives_the_deliveries_that_its_writer_sends(text in "[^\\p{Cc}]{1,60}", name in proptest::option::of("[a-z]{1,20}")) {
            prop_assume!(message_text(&text, "message").is_ok());
            for (conversation, role) in conversations() {
                let (row, committed) = stored(&conversation, &message("ada", role, &text), name.as_deref());
                let mut read = Committed::of_row(&row).unwrap();
                prop_assert_ne!(&read, &committed);
                make_whole(&mut read, &row);
                prop_assert_eq!(&read, &committed);
                prop_assert!(!committed.text().contains("Lovelace"), "{}", committed.text());
                prop_assert_eq!(read.outbox.text(), committed.text());
            }
        }
    }

    /// With ids of 36 characters, as most identity providers have them.
    #[test]
    fn the_row_of_a_usual_message_is_below_a_kilobyte() {
        let ids = ["8ec5a54b-5b7c-4b6e-9d3b-0b1f1f6e2a11", "f47ac10b-58cc-4372-a567-0e02b2c3d479"];
        let conversation = Conversation::direct(&UserId::parse(ids[0]).unwrap(), &UserId::parse(ids[1]).unwrap());
        let (row, _) = stored(&conversation, &message(ids[0], Role::Member, &"x".repeat(150)), Some(&"c".repeat(36)));
        let size =
            |(name, value): (&String, &crate::table::AttributeValue)| name.len() + value.as_s().map_or(10, String::len);
        let bytes: usize = row.iter().map(size).sum();
        assert!(bytes <= 1024, "{bytes}");
    }

    #[test]
    fn a_name_that_nobody_knows_becomes_a_dead_letter() {
        let (conversation, role) = conversations()[0].clone();
        let (mut row, _) = stored(&conversation, &message("ada", role, "Hello"), None);
        let text = r#"{"owed":[{"id":"1","at":1,"kind":"pusherOfRow","name":"later"}]}"#;
        row.insert("outbox".to_owned(), crate::table::string(text));
        let mut read = Committed::of_row(&row).unwrap();
        make_whole(&mut read, &row);
        assert!(matches!(read.outbox.entries[0].delivery, Delivery::Unreadable { .. }), "{read:?}");
    }
}
