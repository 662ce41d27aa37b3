//! A lease's messages: listed, written, deleted, read; and their files.

use serde::Deserialize;
use serde_json::json;
use shared::App;
use shared::chats::{
    self, Deletion, Message, MessageId, NewAttachments, NewMessage, Newest, Page, Range, Reading, Seq,
};
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::identity::Identity;
use shared::leases::{self, Participant};
use shared::outbox::Done;

use super::Handled;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    content: String,
    #[serde(default)]
    attachment_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadUpTo {
    seq: u64,
}

pub(super) async fn list(app: &App, request: &Request, participant: &Participant) -> Handled {
    let (limit, conversation) = (request.limit(DEFAULT_LIMIT, MAX_LIMIT)?, participant.conversation());
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

pub(super) async fn post(app: &App, request: &Request, caller: &Identity, participant: &Participant) -> Handled {
    let Written { content, attachment_ids } = request.json()?;
    let attachments = NewAttachments::parse(&attachment_ids, app.attachment_store())?;
    let text = chats::text_with(attachments.as_ref(), &content, "content")?;
    let key = app.idempotency_key(request, &participant.id)?;
    let author = participant.author(app.person(caller).await.display_name);
    let others = participant.other_ids();
    let new = NewMessage { author, others, text, attachments, key: Some(key) };
    let emails = app.settings.email.is_some();
    let owes = |message: &_| participant.message_created(message, emails);
    let posted =
        chats::post(&app.table, &app.writer(request.request_id()), &participant.conversation(), new, owes).await?;
    Ok(posted.map(|message| http::created(&json!({ "message": message.with_content() }))))
}

/// Lets a participant upload a file.
pub(super) async fn upload(app: &App, request: &Request, participant: &Participant) -> Handled {
    let store = app.attachments()?;
    let (new, key) = (request.json()?, app.idempotency_key_of_row(request, &participant.id)?);
    let author = (&participant.id, &key);
    let upload = chats::upload(&app.table, store, &participant.conversation(), author, new).await?;
    Ok(upload.map(|upload| http::created(&upload)))
}

/// A link to a file.
pub(super) async fn link(app: &App, request: &Request, participant: &Participant) -> Handled {
    let of_reader = (&participant.id, request.path("attachmentId"));
    let link = chats::link(&app.table, app.attachments()?, &participant.conversation(), of_reader).await?;
    Ok(Done::now(http::ok(&link), None))
}

pub(super) async fn delete(app: &App, request: &Request, participant: &Participant) -> Handled {
    let id = MessageId::parse(request.path("messageId"))?;
    let owes = |left: &_| leases::message_deleted(&participant.lease, left);
    let (writer, conversation) = (app.writer(request.request_id()), participant.conversation());
    let deletion = Deletion { id: &id, author: &participant.id };
    let deleted = chats::delete(&app.table, &writer, &conversation, deletion, owes).await?;
    Ok(deleted.map(|left| http::ok(&json!({ "message": left.with_content() }))))
}

pub(super) async fn mark_read(app: &App, request: &Request, participant: &Participant) -> Handled {
    let seq = Seq(request.json::<ReadUpTo>()?.seq);
    let owes = |mark, at| participant.messages_read(mark, at);
    let (writer, conversation) = (app.writer(request.request_id()), participant.conversation());
    let up_to = Reading { reader: &participant.id, seq };
    let marked = chats::mark_read(&app.table, &writer, &conversation, up_to, owes).await?;
    Ok(marked.map(|mark| http::ok(&json!({ "seq": mark.seq, "unreadCount": mark.unread }))))
}

fn shown(page: &Page) -> Response {
    let messages: Vec<_> = page.messages.iter().map(Message::with_content).collect();
    http::ok(&json!({ "messages": messages, "nextCursor": page.next.map(|seq| seq.to_string()) }))
}
