//! The people that a visitor can act as, and their tokens.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::state::demo::GUEST_NAME;
use crate::state::guest::Guest;
use crate::state::token::{self, Bearer, HOURS};

/// The person whose token the page, or the npm package's programs, ask for.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Wanted {
    #[serde(rename_all = "camelCase")]
    Guest { hotel: String, booking: String, name: Option<String>, hours: Option<u64> },
    #[serde(rename_all = "camelCase")]
    User {
        user_id: String,
        name: Option<String>,
        picture: Option<String>,
        #[serde(default)]
        roles: Vec<String>,
        #[serde(default)]
        channels: Vec<String>,
        hours: Option<u64>,
    },
}

/// The stack's addresses, and the people of the demo.
pub(super) async fn show(State(console): State<Console>) -> Answer<Json<Value>> {
    let state = console.state()?;
    let demo = &state.demo;
    let person = |id: &String| json!({ "userId": id, "name": demo.name_of(id), "roles": [] });
    let people = [&demo.reader_id, &demo.author_id, &demo.staff_id, &demo.notary_id].map(person);
    Ok(Json(json!({
        "url": state.url,
        "aws": state.aws_endpoint,
        "takes": state.issuer.describe(),
        "makesTokens": state.jwt_secret.is_some(),
        "pusher": state.pusher.of_pages(),
        "server": state.pusher.server,
        "people": people,
        "service": { "userId": "billing", "roles": ["service"] },
        "guest": { "hotel": demo.hotel_slug, "booking": demo.booking_id, "name": GUEST_NAME },
        "examples": { "bookId": demo.book_id, "hotelSlug": demo.hotel_slug, "bailId": demo.lease_id },
    })))
}

/// A token, good for some hours.
pub(super) async fn token(State(console): State<Console>, Json(wanted): Json<Wanted>) -> Answer<Json<Value>> {
    let state = console.state()?;
    let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    let (hours, token) = match &wanted {
        Wanted::Guest { hotel, booking, name, hours } => {
            let name = name.as_deref().unwrap_or(GUEST_NAME);
            let hours = lasting(*hours)?;
            (hours, token::of_guest(&state, Guest { hotel, booking, name, email: None }, hours))
        }
        Wanted::User { user_id, name, picture, roles, channels, hours } => {
            let (name, picture) = (given(name), given(picture));
            let name = name.as_deref().or(state.demo.name_of(user_id));
            let hours = lasting(*hours)?;
            (hours, token::sign(&state, Bearer { user_id, name, picture: picture.as_deref(), roles, channels }, hours))
        }
    };
    Ok(Json(json!({ "token": token.map_err(Failure::unusable)?, "hours": hours })))
}

/// The hours that a token is good for, as `cargo local token --hours` takes them.
fn lasting(hours: Option<u64>) -> Answer<u64> {
    let hours = hours.unwrap_or(HOURS);
    if token::LASTING.contains(&hours) {
        return Ok(hours);
    }
    Err(Failure::unusable(format!("hours is {hours}: send {} to {}", token::LASTING.start(), token::LASTING.end())))
}
