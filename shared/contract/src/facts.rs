//! Facts: changes that other systems hear of, on the stage's event bus.
//!
//! A fact has ids and no names. A new kind is a variant here, a message in `docs/asyncapi.yaml` and a delivery (`Delivery::fact`) in the
//! row that changes. Two versions run at once, so a field is only added, as an optional one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attachments::AttachmentFact;
use crate::chats::Role;
use crate::id::{BookId, BookingId, HotelSlug, LeaseId, PartyId, UserId};
use crate::leases::{RequestAddressee, RequestStatus};
use crate::text::Text;

/// The `source` of all facts on the bus.
pub const SOURCE: &str = "carillon";

/// A change that was committed. Its name is the `detail-type` of the event on the bus, its fields are those of the `detail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "detail", rename_all_fields = "camelCase")]
pub enum Fact {
    #[serde(rename = "invitation.sent")]
    InvitationSent { party_id: PartyId, user_id: UserId, invited_by: UserId },
    #[serde(rename = "invitation.accepted")]
    InvitationAccepted { party_id: PartyId, user_id: UserId, invited_by: UserId },
    #[serde(rename = "invitation.declined")]
    InvitationDeclined { party_id: PartyId, user_id: UserId },
    #[serde(rename = "invitation.withdrawn")]
    InvitationWithdrawn { party_id: PartyId, user_id: UserId, withdrawn_by: UserId },
    #[serde(rename = "party.created")]
    PartyCreated { party_id: PartyId, owner_id: UserId },
    /// Another name or other settings; which, the party's route says.
    #[serde(rename = "party.updated")]
    PartyUpdated { party_id: PartyId, updated_by: UserId },
    #[serde(rename = "party.owner-changed")]
    PartyOwnerChanged { party_id: PartyId, owner_id: UserId, previous_owner_id: UserId },
    /// The owner has ended the party, or its last member has left.
    #[serde(rename = "party.ended")]
    PartyEnded { party_id: PartyId, ended_by: UserId },
    #[serde(rename = "member.joined")]
    MemberJoined { party_id: PartyId, user_id: UserId },
    #[serde(rename = "member.left")]
    MemberLeft { party_id: PartyId, user_id: UserId },
    #[serde(rename = "member.removed")]
    MemberRemoved { party_id: PartyId, user_id: UserId, removed_by: UserId },
    #[serde(rename = "kudos.given")]
    KudosGiven { kudos_id: String, giver_id: UserId, receiver_id: UserId, session_id: String },
    #[serde(rename = "message.sent")]
    MessageSent {
        conversation: ConversationRef,
        message_id: String,
        seq: u64,
        /// `None` if the author's account is erased by now.
        author_id: Option<UserId>,
        role: Role,
        /// Only where the operator asked for texts; never that of a sealed or deleted message.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        text: Option<Text>,
        /// The files that came with it, for those who scan them.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        attachments: Vec<AttachmentFact>,
    },
    #[serde(rename = "message.deleted")]
    MessageDeleted { conversation: ConversationRef, message_id: String, seq: u64 },
    /// A hotel's chat is another member's of the staff to see to, or nobody's.
    #[serde(rename = "chat.assigned")]
    ChatAssigned {
        hotel_slug: HotelSlug,
        booking_id: BookingId,
        user_id: Option<UserId>,
        previous_user_id: Option<UserId>,
        assigned_by: UserId,
    },
    #[serde(rename = "chat.closed")]
    ChatClosed { hotel_slug: HotelSlug, booking_id: BookingId, closed_by: UserId },
    /// By a member of the staff, or by the guest, who wrote.
    #[serde(rename = "chat.reopened")]
    ChatReopened { hotel_slug: HotelSlug, booking_id: BookingId, reopened_by: UserId },
    #[serde(rename = "lease-request.created")]
    LeaseRequestCreated {
        bail_id: LeaseId,
        request_id: String,
        status: RequestStatus,
        created_by: UserId,
        /// `None` where it is for the other side.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<RequestAddressee>,
    },
    #[serde(rename = "lease-request.updated")]
    LeaseRequestUpdated { bail_id: LeaseId, request_id: String, status: RequestStatus, updated_by: UserId },
    #[serde(rename = "notification.created")]
    NotificationCreated { notification_id: String, user_id: UserId, notification_type: String },
    #[serde(rename = "notification.read")]
    NotificationRead { notification_id: String, user_id: UserId },
    #[serde(rename = "notification.all-read")]
    AllNotificationsRead { user_id: UserId },
    #[serde(rename = "device.registered")]
    DeviceRegistered { user_id: UserId, device_id: String },
    #[serde(rename = "device.forgotten")]
    DeviceForgotten { user_id: UserId, device_id: String },
    #[serde(rename = "email.turned-off")]
    EmailTurnedOff { user_id: UserId, reason: EmailOff },
    /// By the page behind the link in an e-mail.
    #[serde(rename = "email.turned-on")]
    EmailTurnedOn { user_id: UserId },
    #[serde(rename = "user.erased")]
    UserErased { user_id: UserId },
    #[serde(rename = "room.joined")]
    RoomJoined { book_id: BookId, user_id: UserId },
    #[serde(rename = "room.left")]
    RoomLeft { book_id: BookId, user_id: UserId },
}

/// The conversation of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum ConversationRef {
    Guest { hotel_slug: HotelSlug, booking_id: BookingId },
    Lease { bail_id: LeaseId },
    Direct { user_ids: [UserId; 2] },
}

/// Why e-mail was turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailOff {
    /// The user followed the link in an e-mail.
    Unsubscribed,
    /// The address does not take e-mail.
    Bounced,
    /// The user reported an e-mail as spam.
    Complained,
}

impl Fact {
    /// Its name and its fields, as the bus has them.
    #[must_use]
    pub fn named(&self) -> (String, Map<String, Value>) {
        let fact = serde_json::to_value(self).expect("a fact is strings and numbers");
        let name = fact["type"].as_str().unwrap_or_default().to_owned();
        (name, fact["detail"].as_object().cloned().unwrap_or_default())
    }

    /// Whether it says who is in a room.
    #[must_use]
    pub fn is_presence(&self) -> bool {
        matches!(self, Self::RoomJoined { .. } | Self::RoomLeft { .. })
    }

    /// The same without the text of a message.
    #[must_use]
    pub fn without_text(mut self) -> Self {
        if let Self::MessageSent { text, .. } = &mut self {
            *text = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_stored_by_its_name_and_read_again() {
        let user = |id: &str| UserId::parse(id).unwrap();
        let fact = Fact::MessageSent {
            conversation: ConversationRef::Direct { user_ids: [user("ada"), user("ben")] },
            message_id: "m".to_owned(),
            seq: 3,
            author_id: Some(user("ada")),
            role: Role::Member,
            text: Some(Text::parse("Hello", 10).unwrap()),
            attachments: Vec::new(),
        };
        let stored = serde_json::to_string(&fact).unwrap();
        assert!(stored.starts_with(r#"{"type":"message.sent","detail":{"conversation":{"kind":"direct","userIds":["#));
        assert_eq!(serde_json::from_str::<Fact>(&stored).unwrap(), fact);
        let (name, detail) = fact.without_text().named();
        assert_eq!((name.as_str(), detail.contains_key("text")), ("message.sent", false));
    }

    #[test]
    fn a_fact_of_a_newer_version_is_not_taken_for_another() {
        assert!(serde_json::from_str::<Fact>(r#"{"type":"kudos.taken","detail":{"kudosId":"1"}}"#).is_err());
    }
}
