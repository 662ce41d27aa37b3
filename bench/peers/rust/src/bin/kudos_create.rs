use aws_sdk_dynamodb::types::AttributeValue::{N, S};
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use natural::{App, answer};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gift {
    receiver_id: String,
    session_id: String,
    book_title: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let app = App::start().await?;
    run(service_fn(|request| handle(&app, request))).await
}

async fn handle(app: &App, request: Request) -> Result<Response<Body>, Error> {
    let person = app.caller(&request)?;
    let gift: Gift = serde_json::from_slice(request.body())?;
    let id = uuid::Uuid::new_v4().to_string();
    let now = chrono::Utc::now();
    let data = json!({ "fromUser": person, "sessionId": gift.session_id, "bookTitle": gift.book_title }).to_string();
    let event =
        json!({ "channel": format!("private-user-{}", gift.receiver_id), "name": "kudos:received", "data": data });
    let mut owed = event.clone();
    owed["id"] = json!(uuid::Uuid::new_v4().to_string());
    owed["kind"] = json!("pusher");
    let outbox = json!({ "at": now.timestamp_millis(), "owed": [owed] }).to_string();

    let pk = S(format!("KUDOS#{id}"));
    let sk = S("KUDOS".to_owned());
    app.dynamodb
        .put_item()
        .table_name(&app.table)
        .item("pk", pk.clone())
        .item("sk", sk.clone())
        .item("giver", S(person.user_id.clone()))
        .item("receiver", S(gift.receiver_id.clone()))
        .item("session_id", S(gift.session_id))
        .item("book_title", S(gift.book_title))
        .item("created_at", N(now.timestamp_millis().to_string()))
        .item("outbox", S(outbox.clone()))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await?;
    app.trigger(&[event]).await?;
    app.dynamodb
        .update_item()
        .table_name(&app.table)
        .key("pk", pk)
        .key("sk", sk)
        .update_expression("REMOVE #outbox")
        .condition_expression("#outbox = :seen")
        .expression_attribute_names("#outbox", "outbox")
        .expression_attribute_values(":seen", S(outbox))
        .send()
        .await?;
    answer(201, &json!({ "kudosId": id, "createdAt": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true) }))
}
