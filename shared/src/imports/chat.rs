//! Messages of conversations, how far somebody has read them, and how a hotel handles its chats. All of a conversation are one sequence.

use serde::Deserialize;

use super::job::{ImportJob, ReadJob};
use super::line::{LineFields, uuid_of};
use crate::api_error::ApiError;
use crate::chats::{Author, Conversation, ConversationKind, OldMark, OldMessage, guest_id, message_text};
use crate::contract::chats::{ChatState, Role, StaffMember};
use crate::contract::id::{BookingId, HotelSlug, LeaseId, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::hotels::{OldChat, must_not_be_guests};
use crate::table::LineDigest;

/// Longest name of an author, in characters, as that of a caller.
const MAX_NAME: usize = 128;

/// Which conversation a line is of.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum NamedConversation {
    Guest { hotel_slug: String, booking_id: String },
    Lease { bail_id: String },
    Direct { user_ids: [String; 2] },
}

impl NamedConversation {
    fn take(fields: &mut LineFields) -> Result<Conversation, ApiError> {
        let missing =
            || ApiError::field("conversation", r#"is missing: send it, such as {"type": "lease", "bailId": "b1"}"#);
        let within =
            |name: &str, error: &dyn std::fmt::Display| ApiError::field(&format!("conversation.{name}"), error);
        match fields.part::<Self>("conversation")?.ok_or_else(missing)? {
            Self::Guest { hotel_slug, booking_id } => {
                let hotel = HotelSlug::parse(hotel_slug).map_err(|error| within("hotelSlug", &error))?;
                let booking = BookingId::parse(booking_id).map_err(|error| within("bookingId", &error))?;
                Ok(Conversation::guest(&hotel, &booking))
            }
            Self::Lease { bail_id } => {
                Ok(Conversation::lease(&LeaseId::parse(bail_id).map_err(|error| within("bailId", &error))?))
            }
            Self::Direct { user_ids } => {
                let user = |id: String| UserId::parse(id).map_err(|error| within("userIds", &error));
                let [one, other] = user_ids.map(user);
                let (one, other) = (one?, other?);
                if one == other {
                    return Err(within("userIds", &"must be two users"));
                }
                Ok(Conversation::direct(&one, &other))
            }
        }
    }
}

/// The participant with this id; in a guest's chat, the guest has none.
fn participant(conversation: &Conversation, field: &str, id: Option<String>) -> Result<UserId, ApiError> {
    let Some(id) = id else {
        return match conversation.kind() {
            ConversationKind::Guest(hotel, booking) => guest_id(hotel, booking).map_err(ApiError::internal),
            ConversationKind::Lease(_) | ConversationKind::Direct(..) => {
                Err(ApiError::field(field, "is missing: only a hotel's guest has no id"))
            }
        };
    };
    let user = UserId::parse(id).map_err(|error| ApiError::field(field, error))?;
    must_not_be_guests(&user)?;
    if let ConversationKind::Direct(one, other) = conversation.kind()
        && ![one, other].contains(&&user)
    {
        return Err(ApiError::field(field, "must be one of conversation.userIds"));
    }
    Ok(user)
}

/// The role of a message's author. A lease's participants say theirs.
fn role(conversation: &Conversation, is_guest: bool, named: Option<Role>) -> Result<Role, ApiError> {
    let role = match conversation.kind() {
        ConversationKind::Guest(..) if is_guest => Role::Guest,
        ConversationKind::Guest(..) => Role::Staff,
        ConversationKind::Direct(..) => Role::Member,
        ConversationKind::Lease(_) => match named {
            None | Some(Role::Guest | Role::Staff | Role::Member) => {
                return Err(ApiError::field("role", "must be the author's in the lease, such as client or notary"));
            }
            Some(role) => role,
        },
    };
    if named.is_some_and(|named| named != role) {
        return Err(ApiError::field("role", "does not fit the conversation: leave it out"));
    }
    Ok(role)
}

/// `{"kind": "message", "conversation", "id", "authorId"?, "authorName", "role"?, "text"?, "createdAt", "deletedAt"?}`
pub(super) fn message(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let conversation = NamedConversation::take(&mut fields)?;
    let (id, author) = (fields.own_id("id")?, fields.optional("authorId")?);
    let role = role(&conversation, author.is_none(), fields.part("role")?)?;
    let author_id = participant(&conversation, "authorId", author)?;
    let name =
        Line::parse(&fields.text("authorName")?, MAX_NAME).map_err(|error| ApiError::field("authorName", error))?;
    let (created_at, deleted_at) = (fields.time("createdAt")?, fields.optional_time("deletedAt")?);
    let text = fields.optional("text")?.filter(|_| deleted_at.is_none());
    fields.end()?;
    if text.is_none() && deleted_at.is_none() {
        return Err(ApiError::field("text", "is missing: send it, or deletedAt for a message that was deleted"));
    }
    let text = text.map(|text| message_text(&text, "text")).transpose()?;
    let unique = uuid_of("message", conversation.partition(), &id);
    let author = Author { id: author_id, name, role };
    let old = OldMessage { id: id.clone(), unique, author, text, created_at, deleted_at };
    let sequence = conversation.partition().to_owned();
    Ok(ReadJob::new(id, sequence, ImportJob::Message(conversation, Box::new(old))))
}

/// `{"kind": "readMark", "conversation", "userId"?, "messageId"}`: without a user, the guest's.
pub(super) fn read_mark(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let conversation = NamedConversation::take(&mut fields)?;
    let reader = fields.optional("userId")?;
    let reader = participant(&conversation, "userId", reader)?;
    let message = fields.own_id("messageId")?;
    fields.end()?;
    let (id, sequence) = (format!("{reader}/{message}"), conversation.partition().to_owned());
    Ok(ReadJob::new(id, sequence, ImportJob::ReadMark(conversation, OldMark { reader, message })))
}

/// `{"kind": "chat", "hotelSlug", "bookingId", "state"?, "assignedTo"?, "assignedName"?}`
pub(super) fn chat(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (hotel, booking): (HotelSlug, BookingId) = (fields.parsed("hotelSlug")?, fields.parsed("bookingId")?);
    let state = fields.part::<ChatState>("state")?.unwrap_or(ChatState::Open);
    let (assigned_to, name) = (fields.optional("assignedTo")?, fields.optional("assignedName")?);
    fields.end()?;
    if assigned_to.is_none() && name.is_some() {
        return Err(ApiError::field("assignedName", "needs assignedTo, the id of the member of the staff"));
    }
    let member = |id: String| {
        let id = UserId::parse(id).map_err(|error| ApiError::field("assignedTo", error))?;
        must_not_be_guests(&id)?;
        let name = name.map(|name| Line::parse(&name, MAX_NAME)).transpose();
        let name = name.map_err(|error| ApiError::field("assignedName", error))?;
        Ok::<_, ApiError>(StaffMember { name: name.unwrap_or_else(|| Line::from(&id)), id })
    };
    let assigned_to = assigned_to.map(member).transpose()?;
    let (id, sequence) = (format!("{hotel}/{booking}"), Conversation::guest(&hotel, &booking).partition().to_owned());
    Ok(ReadJob::new(id, sequence, ImportJob::Chat(Box::new(OldChat { hotel, booking, state, assigned_to }))))
}
