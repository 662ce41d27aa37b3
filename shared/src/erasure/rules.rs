//! The rules that change a row of others, by system. Each writes on the condition that the row still names the user.

use super::rows::party_of;
use super::{Erasure, remove};
use crate::contract::id::PartyId;
use crate::parties;
use crate::problem::Problem;
use crate::table::key::INVITATION;
use crate::table::{Action, AttributeValue, Item, Key, Write, number, string, text};

impl Erasure<'_> {
    /// An invitation that the user sent: it stays good, from nobody; one to a party that has ended goes.
    pub(super) async fn invitation(&mut self, key: &Key, row: &Item, is_theirs: bool) -> Result<bool, Problem> {
        if !is_theirs {
            return Ok(false);
        }
        if let Some(party) = key.sk.strip_prefix(INVITATION).and_then(|id| PartyId::parse(id).ok()) {
            // The party may come later in the table.
            self.owed.extend(parties::withdraw(self.table, self.writer, &party, self.user).await?);
            let party = self.table.get(&Key::party(&party), true).await?;
            if party.is_none_or(|party| party.contains_key("dissolved")) {
                remove(self.table, row).await?;
                return Ok(true);
            }
        }
        let change = Action::update(key, "SET inviter = :alias, inviter_name = :nobody")
            .condition("inviter = :user")
            .value(":nobody", string(""));
        self.write_if(true, self.aliased(change)).await
    }

    /// A party: the user is taken out of one that goes on, and one that has ended keeps nothing of its owner. The name and the
    /// settings of a party that goes on are its members'.
    pub(super) async fn party(&mut self, key: &Key, row: &Item) -> Result<bool, Problem> {
        let user = self.user.as_str();
        let mut is_changed = false;
        if row.get("owner").and_then(text) == Some(user) {
            if let Some(party) = party_of(key) {
                self.owed.extend(parties::withdraw(self.table, self.writer, &party, self.user).await?);
            }
            is_changed = true;
            let change =
                Action::update(key, "SET #owner = :alias, #name = :nothing, settings = :none REMOVE first_answer")
                    .condition("#owner = :user AND dissolved = :true")
                    .value(":true", AttributeValue::Bool(true))
                    .name("#owner", "owner")
                    .name("#name", "name")
                    .value(":nothing", string(""))
                    .value(":none", string("{}"));
            self.write_if(true, self.aliased(change)).await?;
        }
        // The first response to its founder.
        let named = format!("\"{user}\"");
        if row.get("first_answer").and_then(text).is_some_and(|first| first.contains(&named)) {
            let change = Action::update(key, "REMOVE first_answer").condition("attribute_exists(pk)");
            self.table.write(change).await?;
            is_changed = true;
        }
        Ok(is_changed)
    }

    /// A book that the user wrote: its author is then the alias. The app's own back end may put another author.
    pub(super) async fn book(&self, key: &Key, is_theirs: bool) -> Result<bool, Problem> {
        let change = Action::update(key, "SET authorId = :alias REMOVE authorName").condition("authorId = :user");
        self.write_if(is_theirs, self.aliased(change)).await
    }

    /// The head of a conversation in which the user wrote last.
    pub(super) async fn head(&self, key: &Key, is_theirs: bool) -> Result<bool, Problem> {
        let change = Action::update(key, "REMOVE last_author, last_author_name, preview, guest_name")
            .condition("last_author = :user")
            .value(":user", string(self.user.as_str()));
        self.write_if(is_theirs, change).await
    }

    /// A lease of the user's: the other of the two keeps it, with a participant whom nobody is until a service puts another.
    pub(super) async fn lease(&self, key: &Key, is_client: bool, is_notary: bool) -> Result<bool, Problem> {
        let mut is_changed = false;
        for (is_theirs, side) in [(is_client, "client"), (is_notary, "notary")] {
            let set = "SET #side = :alias, updated_at = updated_at + :one REMOVE #address";
            let change = Action::update(key, set)
                .condition("#side = :user")
                .name("#side", side)
                .name("#address", format!("{side}_email"))
                .value(":one", number(1));
            is_changed |= self.write_if(is_theirs, self.aliased(change)).await?;
        }
        Ok(is_changed)
    }

    fn aliased(&self, change: Action) -> Action {
        change.value(":alias", string(self.progress.alias.as_str())).value(":user", string(self.user.as_str()))
    }

    async fn write_if(&self, concerns: bool, change: Action) -> Result<bool, Problem> {
        Ok(concerns && matches!(self.table.write(change).await?, Write::Done(_)))
    }
}
