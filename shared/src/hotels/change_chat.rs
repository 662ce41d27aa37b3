//! Whom a chat is assigned to, and whether it is open: changes by the hotel's staff.
//!
//! The head of the conversation has both, and owes the event and the facts. A change says what it saw (`assignedFrom`, `seq`), so of two members who
//! act at once, the later one gets a conflict.

use serde::{Deserialize, Deserializer};

use super::inbox::Chat;
use crate::api_error::ApiError;
use crate::chats::{Conversation, Head, Seq, retry, seq_of};
use crate::contract::channel::Channel;
use crate::contract::chats::{ChatState, GuestChatChange, RealtimeEvent, StaffMember};
use crate::contract::facts::Fact;
use crate::contract::id::{BookingId, HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::outbox::membership::is_member;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::key::{hotel_chats, hotel_closed_chats};
use crate::table::{Item, Key, Table, eq, exists, unchanged};
use crate::users::profile::Profile;

/// A request of the staff's. A field that is left out changes nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatPatch {
    state: Option<ChatState>,
    #[serde(default)]
    assigned_to: Assign,
    /// Whom it must be assigned to now; left out, nobody.
    assigned_from: Option<UserId>,
    /// The newest message that the caller has seen. A chat with a newer one is not closed.
    seq: Option<u64>,
}

/// `assignedTo`, which may be left out or be `null`.
#[derive(Debug, Clone, Default)]
enum Assign {
    #[default]
    Unchanged,
    To(Option<UserId>),
}

impl<'de> Deserialize<'de> for Assign {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::To)
    }
}

/// A chat's row, as it was read.
struct ReadChat {
    head: Head,
    owing: Option<Committed>,
    /// How far the caller has read.
    mark: Seq,
    /// The new assignee, if there is one and they are of the staff.
    assignee: Option<StaffMember>,
}

impl ChatPatch {
    fn new_assignee(&self) -> Option<&UserId> {
        match &self.assigned_to {
            Assign::To(Some(user)) => Some(user),
            Assign::Unchanged | Assign::To(None) => None,
        }
    }

    /// Whom the chat is to be assigned to.
    fn assigned(&self, chat: &ReadChat) -> Result<Option<StaffMember>, ApiError> {
        let now = chat.head.assignee();
        let Assign::To(wanted) = &self.assigned_to else { return Ok(now) };
        if *wanted == chat.head.assigned_to {
            return Ok(now);
        }
        if chat.head.assigned_to != self.assigned_from {
            let told = match now {
                Some(StaffMember { id, name }) => format!(
                    "The chat is assigned to {} ({id}): send assignedFrom with this id to change that",
                    name.as_str()
                ),
                None => "The chat is assigned to nobody now: leave assignedFrom out to assign it".to_owned(),
            };
            return Err(ApiError::Conflict(told));
        }
        if wanted.is_some() && chat.assignee.is_none() {
            return Err(ApiError::Unprocessable(
                "assignedTo must be the id of a member of the hotel's staff".to_owned(),
            ));
        }
        Ok(chat.assignee.clone())
    }

    fn state(&self, head: &Head) -> Result<ChatState, ApiError> {
        let wanted = self.state.unwrap_or_else(|| head.state());
        if wanted == ChatState::Closed && self.seq.is_some_and(|seen| seen < head.seq.0) {
            return Err(ApiError::Conflict(format!(
                "The chat has a newer message: read it, and send its seq, {}, to close the chat",
                head.seq
            )));
        }
        Ok(wanted)
    }
}

/// Assigns, closes or reopens a chat, and tells the staff. A repetition writes nothing.
///
/// # Errors
/// 400 without a change, 404 for a chat without a message, 409 when it is not as the caller saw it, 422 unless the assignee is of the
/// staff, 503 when too many change it at once, 500.
pub async fn change_chat(
    table: &Table,
    writer: &WriteContext,
    (hotel, booking): (&HotelSlug, &BookingId),
    by: &StaffMember,
    patch: &ChatPatch,
) -> Result<Done<Chat>, ApiError> {
    if patch.state.is_none() && matches!(patch.assigned_to, Assign::Unchanged) {
        return Err(ApiError::Malformed("Send state or assignedTo, such as { \"state\": \"closed\" }".to_owned()));
    }
    let conversation = Conversation::guest(hotel, booking);
    retry(|| async {
        let chat = ReadChat::read(table, hotel, &conversation, by, patch.new_assignee()).await?;
        let (assigned_to, state) = (patch.assigned(&chat)?, patch.state(&chat.head)?);
        let view = |head| Chat::new(booking.clone(), head, chat.mark);
        let is_same = chat.head.assignee() == assigned_to && chat.head.state() == state;
        if is_same {
            return Ok(Some(Done::now(view(chat.head), None)));
        }
        let now = Millis::now();
        let change = GuestChatChange::ChatUpdated {
            state,
            assigned_to: assigned_to.clone(),
            by: by.clone(),
            updated_at: now.iso(),
        };
        let channel = Channel::HotelStaff(hotel.clone());
        let event = Delivery::event(&RealtimeEvent { channel, change, booking_id: Some(booking.clone()) });
        let facts = facts((hotel, booking), &by.id, &chat.head, assigned_to.as_ref(), state);
        let owes = std::iter::once(event).chain(facts);
        let append = Append::new(conversation.head(), chat.owing, owes, writer, now)?;
        let (id, name) = assigned_to.map(|StaffMember { id, name }| (id, name)).unzip();
        let listed_in = match state {
            ChatState::Open => hotel_chats(hotel),
            ChatState::Closed => hotel_closed_chats(hotel),
        };
        let update = append
            .update()
            .replace("assigned_to", id.as_ref())
            .replace("assigned_name", name.as_ref())
            .set("gsi1pk", &listed_in)
            .when(exists("pk"))
            // A message that comes meanwhile may reopen it.
            .when(eq("seq", chat.head.seq))
            .when(unchanged("assigned_to", chat.head.assigned_to.as_ref()))
            .when(unchanged("gsi1pk", chat.head.listed_in.as_ref()));
        if !table.write(update).await?.is_done() {
            return Ok(None);
        }
        let mut head = chat.head;
        (head.assigned_to, head.assigned_name, head.listed_in) = (id, name, Some(listed_in));
        Ok(Some(Done::now(view(head), append.deliverable())))
    })
    .await
}

/// The facts of a change from this head.
fn facts(
    (hotel, booking): (&HotelSlug, &BookingId),
    by: &UserId,
    head: &Head,
    assigned_to: Option<&StaffMember>,
    state: ChatState,
) -> impl Iterator<Item = Delivery> {
    let (hotel_slug, booking_id, by) = (hotel.clone(), booking.clone(), by.clone());
    let user_id = assigned_to.map(|member| member.id.clone());
    let previous_user_id = head.assigned_to.clone();
    let assigned = (user_id != previous_user_id).then(|| Fact::ChatAssigned {
        hotel_slug: hotel_slug.clone(),
        booking_id: booking_id.clone(),
        user_id,
        previous_user_id,
        assigned_by: by.clone(),
    });
    let moved = (head.state() != state).then_some(match state {
        ChatState::Closed => Fact::ChatClosed { hotel_slug, booking_id, closed_by: by },
        ChatState::Open => Fact::ChatReopened { hotel_slug, booking_id, reopened_by: by },
    });
    assigned.into_iter().chain(moved).map(Delivery::fact)
}

impl ReadChat {
    /// One request.
    async fn read(
        table: &Table,
        hotel: &HotelSlug,
        conversation: &Conversation,
        by: &StaffMember,
        assignee: Option<&UserId>,
    ) -> Result<Self, ApiError> {
        let (head, mark) = (conversation.head(), conversation.read_mark(&by.id));
        let of_assignee = assignee.map(|user| [Key::staff(hotel, user), Key::profile(user)]);
        let keys = [&head, &mark].into_iter().chain(of_assignee.iter().flatten());
        let mut rows = table.get_many(keys, true).await?;
        let row = rows.remove(&head).ok_or_else(no_chat)?;
        let owing = Committed::of_row(&row);
        let head = Head::of_row(Some(row))?;
        let mark = seq_of(rows.remove(&mark))?.max(head.last_of(&by.id));
        let assignee = assignee.zip(of_assignee).and_then(|(user, [staff, profile])| {
            let is_staff = !user.is_guests() && rows.get(&staff).is_some_and(is_member);
            // The caller's profile may not be stored yet.
            let member = if *user == by.id { by.clone() } else { member(user, rows.remove(&profile)) };
            is_staff.then_some(member)
        });
        Ok(Self { head, owing, mark, assignee })
    }
}

fn member(user: &UserId, profile: Option<Item>) -> StaffMember {
    let person = Profile::or_none(profile).unwrap_or_default().person(user.clone());
    StaffMember { id: person.user_id, name: person.display_name }
}

fn no_chat() -> ApiError {
    ApiError::NotFound(
        "There is no message of this booking yet: take a bookingId of GET /hotels/{hotelSlug}/chats".to_owned(),
    )
}

/// A chat as the inbox shows it.
///
/// # Errors
/// 404 for a chat without a message, 500.
pub async fn chat(
    table: &Table,
    (hotel, booking): (&HotelSlug, &BookingId),
    reader: &UserId,
) -> Result<Chat, ApiError> {
    let (head, mark) = crate::chats::head_and_mark(table, &Conversation::guest(hotel, booking), reader).await?;
    if head.seq == Seq::NONE {
        return Err(no_chat());
    }
    Ok(Chat::new(booking.clone(), head, mark))
}
