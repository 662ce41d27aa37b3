//! A hotel's staff by name, for those who assign chats.

use serde::Serialize;

use super::staff::member_of;
use crate::api_error::ApiError;
use crate::contract::chats::StaffMember;
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::person::Person;
use crate::http::page;
use crate::table::key::{self, STAFF};
use crate::table::{Item, Key, Query, Table, TableError};
use crate::users::profile;

/// Most members of a page: their profiles are one `BatchGetItem`, which reads a hundred.
pub const MAX_STAFF: u8 = 100;

/// The last member of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffCursor(UserId);

impl StaffCursor {
    /// Parses a [`StaffPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |id| UserId::parse(id).ok().map(Self))
    }

    fn of(row: &Item) -> Option<Self> {
        UserId::parse(Key::of(row)?.sk.strip_prefix(STAFF)?).ok().map(Self)
    }

    fn text(&self) -> String {
        page::cursor(self.0.as_str())
    }
}

/// A page of a hotel's staff.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffPage {
    /// By id.
    pub staff: Vec<StaffMember>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
}

/// Up to `limit` members of a hotel's staff, by a query and one request for their names. A page has fewer where some were removed in the last
/// day.
///
/// # Errors
/// When DynamoDB fails.
pub async fn list_staff(
    table: &Table,
    hotel: &HotelSlug,
    limit: u8,
    cursor: Option<&StaffCursor>,
) -> Result<StaffPage, TableError> {
    let mut query = Query::new(key::hotel(hotel)).begins_with(STAFF).limit(limit.min(MAX_STAFF).into());
    if let Some(StaffCursor(last)) = cursor {
        query = query.after(Key::staff(hotel, last).item());
    }
    let found = table.query(&query).await?;
    let users: Vec<_> = found.items.iter().filter_map(member_of).collect();
    let mut people = profile::people(table, users.iter()).await?;
    let named = |user: UserId| {
        let Person { user_id, display_name, .. } = people.remove(&user).unwrap_or_else(|| Person::unknown(user));
        StaffMember { id: user_id, name: display_name }
    };
    let staff = users.into_iter().map(named).collect();
    let next_cursor = found.last_evaluated_key.as_ref().and_then(StaffCursor::of).map(|cursor| cursor.text());
    Ok(StaffPage { staff, next_cursor })
}
