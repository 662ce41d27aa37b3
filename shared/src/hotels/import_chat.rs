//! Whom a chat was assigned to in another system, and whether it was closed there.

use crate::api_error::ApiError;
use crate::chats::{Conversation, Head, retry};
use crate::contract::chats::{ChatState, StaffMember};
use crate::contract::id::{BookingId, HotelSlug};
use crate::table::key::{hotel_chats, hotel_closed_chats};
use crate::table::{Action, IMPORTED, Imported, LineDigest, Table, Update, absent, eq};

/// A chat of another system.
#[derive(Debug, Clone)]
pub(crate) struct OldChat {
    pub(crate) hotel: HotelSlug,
    pub(crate) booking: BookingId,
    pub(crate) state: ChatState,
    pub(crate) assigned_to: Option<StaffMember>,
}

/// Assigns and closes a chat whose messages were imported, unless somebody did or wrote anything in it here. No event is sent.
///
/// # Errors
/// 422 for a chat without a message, 500 when DynamoDB fails or others keep changing it.
pub(crate) async fn import_chat(table: &Table, old: &OldChat, line: &LineDigest) -> Result<Imported, ApiError> {
    let key = Conversation::guest(&old.hotel, &old.booking).head();
    retry(|| async {
        let row = table.get(&key, true).await?.ok_or_else(no_messages)?;
        let head = Head::of_row(Some(row.clone()))?;
        let is_changed = head.goes_on_here() || head.assigned_to.is_some() || head.state() == ChatState::Closed;
        if row.contains_key(IMPORTED) || is_changed {
            return Ok(Some(Imported::of_present(&row, line)));
        }
        let (open, closed) = (hotel_chats(&old.hotel), hotel_closed_chats(&old.hotel));
        let update = Update::new(&key)
            .replace("assigned_to", old.assigned_to.as_ref().map(|member| &member.id))
            .replace("assigned_name", old.assigned_to.as_ref().map(|member| &member.name))
            .set("gsi1pk", if old.state == ChatState::Closed { &closed } else { &open })
            .when(eq("seq", head.seq))
            .when(absent(IMPORTED))
            .when(absent("assigned_to"))
            .when(eq("gsi1pk", &open));
        Ok(table.write(Action::from(update).imported(line)).await?.is_done().then_some(Imported::Created))
    })
    .await
}

fn no_messages() -> ApiError {
    ApiError::Unprocessable("The chat has no message here: send the lines of its messages first".to_owned())
}
