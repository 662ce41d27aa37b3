//! The newest message of a conversation: how far its numbers go, and what an inbox shows of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Author, Conversation, ConversationKind, Message, Seq};
use crate::contract::chats::{AuthorView, ChatState, Role, StaffMember};
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::table::key::{hotel_chats, is_of_closed_chats};
use crate::table::{
    Action, AttributeValue, IntoValue as _, Item, Table, TableError, Update, eq, exists, read, unchanged,
};

/// Most characters of a message that an inbox shows.
const MAX_PREVIEW: usize = 200;

/// In place of the text of a message that is encrypted from end to end.
const SEALED_PREVIEW: &str = "New message";

/// How long a contact is not renewed, in seconds: a renewal is two rows more in the message's transaction.
const RENEW_CONTACTS_SECONDS: i64 = 24 * 3600;

/// Most authors whose newest message a head names. A head of so many, with ids of 36 characters, is below 1 KB, over which each of
/// its writes would cost twice as much. Further authors pay for the write of their read mark instead.
const MAX_WRITERS: usize = 8;

/// A conversation's head. Every message and every deletion changes it in its own transaction.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Head {
    /// The number of the newest message, deleted ones included; 0 before the first.
    pub seq: Seq,
    /// How many messages were deleted.
    #[serde(default)]
    changes: u64,
    #[serde(default)]
    pub(crate) last_at: Option<Millis>,
    /// The beginning of the newest message, on one line; absent when that is deleted.
    #[serde(default)]
    pub(crate) preview: Option<Line>,
    #[serde(default)]
    pub(crate) last_author: Option<UserId>,
    #[serde(default)]
    pub(crate) last_author_name: Option<Line>,
    /// The side of the newest message's author ([`Role::side`]).
    #[serde(default)]
    last_role: Option<Role>,
    /// Their role, where the side does not say it.
    #[serde(default)]
    last_exact_role: Option<Role>,
    /// When an answer last made or renewed each member of a direct conversation the other's contact.
    #[serde(default)]
    contacts_at: Option<Millis>,
    /// The name in the token with which the guest last wrote.
    #[serde(default)]
    pub(crate) guest_name: Option<Line>,
    /// The member of a hotel's staff who sees to the guest's chat.
    #[serde(default)]
    pub(crate) assigned_to: Option<UserId>,
    /// Their name when it was assigned.
    #[serde(default)]
    pub(crate) assigned_name: Option<Line>,
    /// The index's partition of a hotel's chat. It says whether the chat is closed, so the list and the head never disagree.
    #[serde(default, rename = "gsi1pk")]
    pub(crate) listed_in: Option<String>,
    /// The newest message of each author: they have read all up to it. Of an author who is in it, the message's transaction writes no
    /// read mark. Heads of earlier versions have none.
    #[serde(default)]
    wrote: Option<BTreeMap<UserId, Seq>>,
    /// The users for whom a row of its own lists the conversation, since they had not written in it. Heads of earlier versions have none.
    #[serde(default)]
    listed: Option<BTreeMap<UserId, bool>>,
    /// The newest message that an import wrote. While it is the newest of all, nobody has written here.
    #[serde(default)]
    imported_seq: Option<Seq>,
    /// The guest's rate limit: its theoretical arrival time. A guest has this conversation alone, so the limit needs no row of its own.
    #[serde(default)]
    pub(super) guest_due: Option<Millis>,
}

/// The newest message of a conversation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastMessage {
    seq: u64,
    author: AuthorView,
    /// Its beginning on one line, at most 200 characters; `null` once it is deleted.
    preview: Option<Line>,
    created_at: String,
}

impl Head {
    pub(crate) fn of_row(row: Option<Item>) -> Result<Self, TableError> {
        row.map(read).transpose().map(Option::unwrap_or_default)
    }

    /// The `ETag` of the newest page: it changes with every message and every deletion. It is weak, since the page has it whether or
    /// not it is compressed.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("W/\"{}-{}\"", self.seq, self.changes)
    }

    /// The newest message, as lists show it.
    #[must_use]
    pub fn last_message(&self) -> LastMessage {
        LastMessage {
            seq: self.seq.0,
            author: AuthorView {
                id: self.last_author.clone(),
                name: self.last_author_name.clone().unwrap_or_default(),
                role: self.last_exact_role.or(self.last_role).unwrap_or(Role::Guest),
            },
            preview: self.preview.clone(),
            created_at: self.last_at.unwrap_or(Millis::epoch()).iso(),
        }
    }

    /// Whether the hotel's staff has something to do in the chat.
    #[must_use]
    pub(crate) fn state(&self) -> ChatState {
        if self.listed_in.as_deref().is_some_and(is_of_closed_chats) { ChatState::Closed } else { ChatState::Open }
    }

    /// The member of the hotel's staff who sees to the chat.
    #[must_use]
    pub(crate) fn assignee(&self) -> Option<StaffMember> {
        let id = self.assigned_to.clone()?;
        Some(StaffMember { name: self.assigned_name.clone().unwrap_or_else(|| Line::from(&id)), id })
    }

    /// How many messages come after a read mark. Deleted ones count: their numbers stay.
    #[must_use]
    pub fn unread_after(&self, mark: Seq) -> u64 {
        self.seq.0.saturating_sub(mark.0)
    }

    /// The newest message of this author, as far as the head knows: a reader's mark is at least this.
    #[must_use]
    pub fn last_of(&self, author: &UserId) -> Seq {
        self.wrote.as_ref().and_then(|wrote| wrote.get(author)).copied().unwrap_or(Seq::NONE)
    }

    /// Whether the head stands in for the read mark of an author's own messages.
    pub(super) fn has_mark_of(&self, author: &UserId) -> bool {
        self.last_of(author) != Seq::NONE
    }

    /// Whether this user's list of conversations has this one, as far as the head knows: by the read mark of an author, or by a row of
    /// its own. The two of a direct conversation never change, so one who is not named any more was erased, and gets no row.
    pub(super) fn lists(&self, conversation: &Conversation, user: &UserId) -> bool {
        let is_direct = matches!(conversation.kind(), ConversationKind::Direct(..));
        self.has_mark_of(user) || self.listed.as_ref().is_some_and(|listed| is_direct || listed.contains_key(user))
    }

    /// Whether the newest message can be of this author and say this, as far as its preview tells.
    pub(super) fn may_say(&self, author: &UserId, text: &Text, sealed: bool) -> bool {
        self.last_author.as_ref() == Some(author)
            && self.preview.as_ref().map_or("", Line::as_str) == preview(Some(text), sealed)
    }

    /// Whether a message of this author, at this time, makes or renews contacts: it answers the other one's message, and no answer
    /// of the last day did. So a daily partner stays a contact, and one who gave way comes back.
    #[must_use]
    pub fn renews_contacts(&self, author: &UserId, now: Millis) -> bool {
        let is_answer = self.last_author.as_ref().is_some_and(|last| last != author);
        is_answer && self.contacts_at.is_none_or(|at| at.plus_seconds(RENEW_CONTACTS_SECONDS) <= now)
    }

    /// The write that takes the next number for this message, on the condition that the number is still free. The message's
    /// transaction lists the conversation for the users in `lists`. `due` is the state of a guest's rate limit.
    pub(super) fn advance(
        &self,
        conversation: &Conversation,
        author: &Author,
        message: &Message,
        (lists, due): (&[&UserId], Option<Millis>),
    ) -> Action {
        let mut update = Update::new(&conversation.head())
            .set("seq", message.seq)
            .set("last_at", message.created_at)
            .set("preview", preview(message.words().as_ref(), message.sealed))
            .set("last_author", &author.id)
            .set("last_author_name", &author.name);
        update = self.note_role(update, author.role);
        if let ConversationKind::Guest(hotel, _) = conversation.kind() {
            update = update.set("gsi1sk", message.created_at.iso());
            // A guest's message reopens the chat. One of the staff, such as a last word, leaves it as it is.
            if author.role == Role::Guest || self.listed_in.is_none() {
                update = update.set("gsi1pk", hotel_chats(hotel));
                // The staff may close it meanwhile. Then the message is the one that reopens it, and says so in a fact.
                update = update.when(unchanged("gsi1pk", self.listed_in.as_ref()));
            }
        }
        if author.role == Role::Guest {
            update = update.set("guest_name", &author.name);
        }
        if matches!(conversation.kind(), ConversationKind::Direct(..))
            && self.renews_contacts(&author.id, message.created_at)
        {
            update = update.set("contacts_at", message.created_at);
        }
        if let Some(due) = due {
            update = update.set("guest_due", due);
        }
        let update = self.note_listed(self.note_writer(update, &author.id, message.seq), lists);
        update.when(unchanged("seq", (self.seq != Seq::NONE).then_some(self.seq))).into()
    }

    /// Whether there are messages that no import wrote.
    pub(crate) fn goes_on_here(&self) -> bool {
        self.seq != Seq::NONE && self.imported_seq != Some(self.seq)
    }

    /// When messages of another system last made or renewed the contacts of a direct conversation, if they did.
    pub(super) fn contacts_of_imported(&self, conversation: &Conversation, messages: &[Message]) -> Option<Millis> {
        if !matches!(conversation.kind(), ConversationKind::Direct(..)) {
            return None;
        }
        let mut head = self.clone();
        for message in messages {
            if message.author.as_ref().is_some_and(|author| head.renews_contacts(author, message.created_at)) {
                head.contacts_at = Some(message.created_at);
            }
            head.last_author = message.author.clone();
        }
        head.contacts_at.filter(|at| self.contacts_at != Some(*at))
    }

    /// The write that takes the next numbers for these messages of another system, as [`Head::advance`] does for each of them; `None` for no
    /// messages.
    pub(super) fn advance_imported(
        &self,
        conversation: &Conversation,
        messages: &[Message],
        lists: &[&UserId],
    ) -> Option<Action> {
        let newest = messages.last()?;
        let mut update = Update::new(&conversation.head())
            .set("seq", newest.seq)
            .set("imported_seq", newest.seq)
            .set("last_at", newest.created_at)
            .replace("preview", newest.text.as_ref().map(|text| preview(Some(text), newest.sealed)))
            .replace("last_author", newest.author.as_ref())
            .set("last_author_name", &newest.author_name);
        update = self.note_role(update, newest.role);
        if let ConversationKind::Guest(hotel, _) = conversation.kind() {
            update = update.set("gsi1sk", newest.created_at.iso());
            // The other system says itself whether the chat is closed.
            if self.listed_in.is_none() {
                update = update.set("gsi1pk", hotel_chats(hotel));
            }
        }
        if let Some(of_guest) = messages.iter().rfind(|message| message.role == Role::Guest) {
            update = update.set("guest_name", &of_guest.author_name);
        }
        if let Some(at) = self.contacts_of_imported(conversation, messages) {
            update = update.set("contacts_at", at);
        }
        let update = self.note_listed(self.note_writers(update, messages), lists);
        Some(update.when(unchanged("seq", (self.seq != Seq::NONE).then_some(self.seq))).into())
    }

    /// Notes the role of the newest message's author.
    fn note_role(&self, update: Update, role: Role) -> Update {
        let update = update.set("last_role", side_name(role));
        match role.beside_side() {
            Some(role) => update.set("last_exact_role", exact_name(role)),
            None if self.last_exact_role.is_some() => update.remove("last_exact_role"),
            None => update,
        }
    }

    /// Notes the newest message of each author, where the head has room for them.
    fn note_writers(&self, update: Update, messages: &[Message]) -> Update {
        let authors = messages.iter().filter_map(|message| Some((message.author.clone()?, message.seq)));
        let newest: BTreeMap<UserId, Seq> = authors.collect();
        let Some(wrote) = &self.wrote else {
            let first = newest.iter().take(MAX_WRITERS).map(|(author, seq)| (author.to_string(), seq.into_value()));
            return update.set("wrote", AttributeValue::M(first.collect()));
        };
        let room = MAX_WRITERS.saturating_sub(wrote.len());
        let (known, new): (Vec<_>, Vec<_>) = newest.into_iter().partition(|(author, _)| wrote.contains_key(author));
        let set = |update: Update, (author, seq): (UserId, Seq)| update.set(("wrote", author.as_str()), seq);
        let update = new.into_iter().take(room).fold(update, set);
        let kept = |update: Update, (author, seq): (UserId, Seq)| {
            let entry = ("wrote", author.as_str());
            update.set(entry, seq).when(exists(entry))
        };
        known.into_iter().fold(update, kept)
    }

    /// Notes an author's newest message, where the head has room for one more author.
    fn note_writer(&self, update: Update, author: &UserId, seq: Seq) -> Update {
        let entry = ("wrote", author.as_str());
        match &self.wrote {
            None => update.set("wrote", AttributeValue::M(Item::from([(author.to_string(), seq.into_value())]))),
            // An erasure takes the author out of the head, and then needs the read mark that this message does not write.
            Some(wrote) if wrote.contains_key(author) => update.set(entry, seq).when(exists(entry)),
            Some(wrote) if wrote.len() < MAX_WRITERS => update.set(entry, seq),
            Some(_) => update,
        }
    }

    /// Notes for whom the message's transaction lists the conversation.
    fn note_listed(&self, update: Update, lists: &[&UserId]) -> Update {
        if lists.is_empty() {
            return update;
        }
        if self.listed.is_some() {
            return lists.iter().fold(update, |update, user| update.set(("listed", user.as_str()), true));
        }
        let entries = lists.iter().map(|user| (user.to_string(), true.into_value()));
        update.set("listed", AttributeValue::M(entries.collect()))
    }

    /// The write after which the head no longer names this user as one for whom a row lists the conversation.
    pub(crate) fn forget_listed(head: &crate::table::Key, user: &UserId) -> Update {
        let entry = ("listed", user.as_str());
        Update::new(head).remove(entry).when(exists(entry))
    }

    /// The write after which the head no longer names this author as one who wrote.
    pub(crate) fn forget_writer(head: &crate::table::Key, author: &UserId) -> Update {
        let entry = ("wrote", author.as_str());
        Update::new(head).remove(entry).set_default("listed", AttributeValue::M(Item::new())).when(exists(entry))
    }

    /// The write that goes with the deletion of this message: another `ETag`, and nothing of the message in the inbox. With
    /// `erased`, its author's name goes, too.
    pub(super) fn bury(&self, conversation: &Conversation, message: &Message, erased: bool) -> Action {
        // A message that comes meanwhile is the newest one, and keeps its preview.
        let mut update = Update::new(&conversation.head()).add("changes", 1).when(eq("seq", self.seq));
        if self.seq == message.seq {
            update = update.remove("preview");
            if erased {
                update = update.remove("last_author").remove("last_author_name");
            }
        }
        if erased && message.role == Role::Guest {
            update = update.remove("guest_name");
        }
        update.into()
    }
}

fn preview(text: Option<&Text>, sealed: bool) -> String {
    let shown = text.filter(|_| !sealed).and_then(|text| text.preview(MAX_PREVIEW));
    if sealed { SEALED_PREVIEW.to_owned() } else { shown.unwrap_or_default().as_str().to_owned() }
}

/// The name of a role that is not its side, as a head has it.
fn exact_name(role: Role) -> &'static str {
    if role == Role::Clerk { "clerk" } else { "co-tenant" }
}

/// The name of a role's side, as a head has it.
fn side_name(role: Role) -> &'static str {
    match role.side() {
        Role::Guest => "guest",
        Role::Staff => "staff",
        Role::Client | Role::CoTenant => "client",
        Role::Notary | Role::Clerk => "notary",
        Role::Member => "member",
    }
}

/// A conversation's head, consistently.
///
/// # Errors
/// When DynamoDB fails.
pub async fn head(table: &Table, conversation: &Conversation) -> Result<Head, TableError> {
    Head::of_row(table.get(&conversation.head(), true).await?)
}

/// A conversation's head, for half the price: it may be a moment old. A page that is read after it is never older.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn recent_head(table: &Table, conversation: &Conversation) -> Result<Head, TableError> {
    Head::of_row(table.get(&conversation.head(), false).await?)
}
