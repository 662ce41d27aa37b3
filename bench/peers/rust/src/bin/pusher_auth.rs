use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use natural::{App, answer};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let app = App::start().await?;
    run(service_fn(|request| handle(&app, request))).await
}

async fn handle(app: &App, request: Request) -> Result<Response<Body>, Error> {
    let person = app.caller(&request)?;
    let Subscription { socket_id, channel_name } = serde_json::from_slice(request.body())?;
    if channel_name == format!("private-user-{}", person.user_id) {
        return answer(200, &app.authorize(&socket_id, &channel_name, None));
    }
    let Some(book) = channel_name.strip_prefix("presence-room-") else {
        return answer(403, &json!({ "error": "Forbidden", "message": "Not authorized to access this channel" }));
    };
    let key = |pk: String, sk: &str| {
        let value = |text: String| AttributeValue::S(text);
        [("pk".to_owned(), value(pk)), ("sk".to_owned(), value(sk.to_owned()))].into()
    };
    let keys = KeysAndAttributes::builder()
        .keys(key(format!("BOOK#{book}"), "BOOK"))
        .keys(key(format!("USER#{}", person.user_id), "PROFILE"))
        .build()?;
    let found = app.dynamodb.batch_get_item().request_items(&app.table, keys).send().await?;
    let rows = found.responses.unwrap_or_default().remove(&app.table).unwrap_or_default();
    let author = rows.iter().find_map(|row| row.get("authorId")?.as_s().ok());
    let info = json!({
        "userId": person.user_id, "displayName": person.display_name, "avatarUrl": person.avatar_url,
        "isAuthor": author == Some(&person.user_id),
    });
    let data = json!({ "user_id": person.user_id, "user_info": info });
    answer(200, &app.authorize(&socket_id, &channel_name, Some(&data)))
}
