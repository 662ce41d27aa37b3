//! The routes that guest and staff share: read, write and delete messages, and move the read mark.

use serde::Deserialize;
use serde_json::json;
use shared::chats::{
    self, Author, Conversation, Deletion, MessageId, NewAttachments, NewMessage, Newest, Page, Range, Reading, Seq,
};
use shared::contract::chats::{Reader, Role};
use shared::contract::id::{BookingId, HotelSlug, UserId};
use shared::contract::text::Line;
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::outbox::Done;
use shared::{App, hotels};

use super::Handled;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// One side of a guest's chat.
pub(super) struct Side {
    pub(super) hotel: HotelSlug,
    pub(super) booking: BookingId,
    /// The id and the role of its messages' author.
    pub(super) id: UserId,
    pub(super) role: Role,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    message: String,
    #[serde(default)]
    attachment_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadUpTo {
    seq: u64,
}

impl Side {
    pub(super) fn conversation(&self) -> Conversation {
        Conversation::guest(&self.hotel, &self.booking)
    }

    pub(super) async fn read(&self, app: &App, request: &Request) -> Handled {
        let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
        let conversation = self.conversation();
        let range = Range::parse(request.query("before"), request.query("after"))?;
        let response = if range == Range::Newest {
            match chats::newest(&app.table, &conversation, limit, request.header("if-none-match")).await? {
                Newest::Unchanged { etag } => http::not_modified().tagged(&etag),
                Newest::Page { page, etag } => shown(&page).tagged(&etag),
            }
        } else {
            shown(&chats::page(&app.table, &conversation, range, limit).await?)
        };
        Ok(Done::now(response, None))
    }

    /// Writes a message of an author with this name.
    pub(super) async fn write(self, app: &App, request: &Request, name: Line) -> Handled {
        let Written { message, attachment_ids } = request.json()?;
        let attachments = NewAttachments::parse(&attachment_ids, app.attachment_store())?;
        let text = chats::text_with(attachments.as_ref(), &message, "message")?;
        let key = app.idempotency_key(request, &self.id)?;
        let author = Author { id: self.id.clone(), name, role: self.role };
        // The staff find it among the hotel's chats.
        let new = NewMessage { author, others: Vec::new(), text, attachments, key: Some(key) };
        let emails = app.settings.emails_guests();
        let owes = |message: &_| hotels::message_created(&self.hotel, &self.booking, message, emails);
        let writer = app.writer(request.request_id());
        let posted = chats::post(&app.table, &writer, &self.conversation(), new, owes).await?;
        Ok(posted.map(|message| http::created(&json!({ "message": message.with_message() }))))
    }

    /// Lets the author upload a file.
    pub(super) async fn upload(&self, app: &App, request: &Request) -> Handled {
        let store = app.attachments()?;
        let (new, key) = (request.json()?, app.idempotency_key_of_row(request, &self.id)?);
        let upload = chats::upload(&app.table, store, &self.conversation(), (&self.id, &key), new).await?;
        Ok(upload.map(|upload| http::created(&upload)))
    }

    /// A link to a file.
    pub(super) async fn link(&self, app: &App, request: &Request) -> Handled {
        let of_reader = (&self.id, request.path("attachmentId"));
        let link = chats::link(&app.table, app.attachments()?, &self.conversation(), of_reader).await?;
        Ok(Done::now(http::ok(&link), None))
    }

    pub(super) async fn delete(self, app: &App, request: &Request) -> Handled {
        let id = MessageId::parse(request.path("messageId"))?;
        let owes = |left: &_| hotels::message_deleted(&self.hotel, &self.booking, left);
        let writer = app.writer(request.request_id());
        let deletion = Deletion { id: &id, author: &self.id };
        let deleted = chats::delete(&app.table, &writer, &self.conversation(), deletion, owes).await?;
        Ok(deleted.map(|left| http::ok(&json!({ "message": left.with_message() }))))
    }

    pub(super) async fn mark_read(self, app: &App, request: &Request) -> Handled {
        let owes = |mark, at| {
            let reader = Reader { id: self.id.clone(), role: self.role };
            hotels::messages_read(&self.hotel, &self.booking, reader, mark, at)
        };
        let seq = Seq(request.json::<ReadUpTo>()?.seq);
        let writer = app.writer(request.request_id());
        let up_to = Reading { reader: &self.id, seq };
        let marked = chats::mark_read(&app.table, &writer, &self.conversation(), up_to, owes).await?;
        Ok(marked.map(|mark| http::ok(&json!({ "seq": mark.seq, "unreadCount": mark.unread }))))
    }
}

fn shown(page: &Page) -> Response {
    let messages: Vec<_> = page.messages.iter().map(chats::Message::with_message).collect();
    http::ok(&json!({ "messages": messages, "nextCursor": page.next.map(|seq| seq.to_string()) }))
}
