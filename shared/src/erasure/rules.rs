//! The rules that change a row of others, by system. Each writes on the condition that the row still names the user.

use super::rows::party_of;
use super::{Erasure, remove};
use crate::api_error::ApiError;
use crate::chats::Head;
use crate::contract::id::PartyId;
use crate::hotels;
use crate::parties;
use crate::table::key::{GUEST_CHAT, INVITATION};
use crate::table::{AttributeValue, IMPORTED, Item, Key, Update, eq, exists, text};

impl Erasure<'_> {
    /// An invitation that the user sent: it stays good, from nobody; one to a party that has ended goes.
    pub(super) async fn invitation(&mut self, key: &Key, row: &Item, is_theirs: bool) -> Result<bool, ApiError> {
        if !is_theirs {
            return Ok(false);
        }
        if let Some(party) = key.sk.strip_prefix(INVITATION).and_then(|id| PartyId::parse(id).ok()) {
            // The party may come later in the table.
            self.pending.extend(Box::pin(parties::withdraw(self.table, self.writer, &party, self.user)).await?);
            let party = self.table.get(&Key::party(&party), true).await?;
            if party.is_none_or(|party| party.contains_key("dissolved")) {
                remove(self.table, row).await?;
                return Ok(true);
            }
        }
        self.write_if(true, self.aliased(key, "inviter").set("inviter_name", "")).await
    }

    /// A party: the user is taken out of one that goes on, and one that has ended keeps nothing of its owner. The name and the
    /// settings of a party that goes on are its members'.
    pub(super) async fn party(&mut self, key: &Key, row: &Item) -> Result<bool, ApiError> {
        let user = self.user.as_str();
        let mut is_changed = false;
        if row.get("owner").and_then(text) == Some(user) {
            if let Some(party) = party_of(key) {
                self.pending.extend(Box::pin(parties::withdraw(self.table, self.writer, &party, self.user)).await?);
            }
            is_changed = true;
            let change = self.aliased(key, "owner").set("name", "").set("settings", "{}").remove("first_answer");
            self.write_if(true, change.when(eq("dissolved", true))).await?;
        }
        // The first response to its founder.
        let named = format!("\"{user}\"");
        if row.get("first_answer").and_then(text).is_some_and(|first| first.contains(&named)) {
            self.table.write(Update::new(key).remove("first_answer").when(exists("pk"))).await?;
            is_changed = true;
        }
        Ok(is_changed)
    }

    /// A book that the user wrote: its author is then the alias. The app's own back end may put another author.
    pub(super) async fn book(&self, key: &Key, is_theirs: bool) -> Result<bool, ApiError> {
        self.write_if(is_theirs, self.aliased(key, "authorId").remove("authorName")).await
    }

    /// The head of a conversation: its last author is removed if that is the user, and so are its guest and its assignee, and the user from
    /// those who wrote and from those for whom a row lists it.
    pub(super) async fn head(&self, key: &Key, row: &Item, is_last: bool) -> Result<bool, ApiError> {
        let booking = key.pk.strip_prefix(GUEST_CHAT).and_then(|chat| chat.split_once('#'));
        let is_named = booking.is_some() && booking == hotels::booking_of(self.user) && row.contains_key("guest_name");
        let unnamed = Update::new(key).remove("guest_name").when(exists("pk"));
        let last = Update::new(key).remove("last_author").remove("last_author_name").remove("preview");
        let has = |map| matches!(row.get(map), Some(AttributeValue::M(map)) if map.contains_key(self.user.as_str()));
        let is_unnamed = self.write_if(is_named, unnamed).await?;
        let is_forgotten = self.write_if(has("wrote"), Head::forget_writer(key, self.user)).await?;
        let is_unlisted = self.write_if(has("listed"), Head::forget_listed(key, self.user)).await?;
        let is_assigned = row.get("assigned_to").and_then(text) == Some(self.user.as_str());
        let unassigned = Update::new(key).remove("assigned_to").remove("assigned_name").remove(IMPORTED);
        let is_unassigned = self.write_if(is_assigned, unassigned.when(eq("assigned_to", self.user))).await?;
        let is_other = self.write_if(is_last, last.when(eq("last_author", self.user))).await?;
        Ok(is_other || is_unnamed || is_forgotten || is_unlisted || is_unassigned)
    }

    /// A lease of the user's: the others keep it. In place of its client or notary there is a participant whom nobody is, until a service puts
    /// another; a clerk or a co-tenant is taken out.
    pub(super) async fn lease(
        &self,
        key: &Key,
        row: &Item,
        is_client: bool,
        is_notary: bool,
    ) -> Result<bool, ApiError> {
        let user = self.user.as_str();
        let is_further = matches!(row.get("further"), Some(AttributeValue::M(further)) if further.contains_key(user));
        let left = Update::new(key).remove(("further", user)).add("updated_at", 1).when(exists(("further", user)));
        let mut is_changed = self.write_if(is_further, left).await?;
        for (is_theirs, side) in [(is_client, "client"), (is_notary, "notary")] {
            let change = self.aliased(key, side).add("updated_at", 1).remove(format!("{side}_email"));
            is_changed |= self.write_if(is_theirs, change).await?;
        }
        Ok(is_changed)
    }

    /// Puts the alias into an attribute that still names the user.
    fn aliased(&self, key: &Key, attribute: &'static str) -> Update {
        Update::new(key).set(attribute, &self.progress.alias).remove(IMPORTED).when(eq(attribute, self.user))
    }

    async fn write_if(&self, concerns: bool, change: Update) -> Result<bool, ApiError> {
        Ok(concerns && self.table.write(change).await?.is_done())
    }
}
