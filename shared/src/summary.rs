//! A user's everything, for operators: the beginning of each list, by keys and indexes alone.

use futures_util::future::{try_join, try_join4};
use serde::Serialize;

use crate::chats::{self, UserConversations};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::notifications;
use crate::parties::{self, InvitationPage, PartyPage};
use crate::rooms::kudos_received::{self, KudosCount};
use crate::table::{Table, TableError};
use crate::users::device::{self, DeviceView};
use crate::users::profile::{self, ProfileView};

/// Most parties and invitations, as on a first page of their routes.
const A_PAGE: u8 = 20;
/// Most conversations.
const CONVERSATIONS: u16 = 100;

/// A user's everything. It holds no secret and no device token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserSummary {
    user_id: UserId,
    /// `null` for a user who is not known here.
    profile: Option<ProfileView>,
    /// The first page of `GET /parties?userId=`.
    parties: PartyPage,
    /// The first page of the user's `GET /party-invitations`.
    invitations: InvitationPage,
    kudos: KudosCount,
    notifications: NotificationCount,
    /// The last registered first.
    devices: Vec<DeviceView>,
    /// Guests', leases' and direct ones.
    conversations: UserConversations,
}

#[derive(Debug, Serialize)]
struct NotificationCount {
    unread: i64,
}

/// Reads everything of a user, side by side: eight requests, and more where there are parties or invitations.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn of_user(table: &Table, user: UserId) -> Result<UserSummary, TableError> {
    let now = Millis::now();
    let lists = try_join4(
        parties::mine(table, &user, A_PAGE, None),
        parties::invitations(table, &user, A_PAGE, None),
        kudos_received::count(table, &user),
        chats::of_user(table, &user, CONVERSATIONS),
    );
    let own = try_join(
        try_join(profile::show(table, &user), device::list(table, &user, now)),
        notifications::unread_count(table, &user, now),
    );
    let ((parties, invitations, kudos, conversations), ((profile, devices), unread)) =
        Box::pin(try_join(lists, own)).await?;
    let notifications = NotificationCount { unread };
    Ok(UserSummary { user_id: user, profile, parties, invitations, kudos, notifications, devices, conversations })
}
