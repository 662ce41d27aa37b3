//! The JSON bodies of the other operations. A text that is stored reads back as the same value.
#![no_main]

use http::header::CONTENT_TYPE;
use lambda_http::Body;
use libfuzzer_sys::fuzz_target;
use shared::clients::fcm::DeviceToken;
use shared::http::{ReadRequest as _, Request};
use shared::notifications::{NewNotification, Preferences};
use shared::parties::{NewParty, PartyChanges};

fuzz_target!(|body: &[u8]| {
    let mut request = Request::new(Body::Binary(body.to_vec()));
    request.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    let _ = request.json().and_then(NewNotification::check);
    let _ = request.json::<NewParty>();
    let _ = request.json::<PartyChanges>();
    let _ = serde_json::from_slice::<DeviceToken>(body);
    if let Ok(preferences) = request.json::<Preferences>() {
        let text = serde_json::to_string(&preferences).expect("preferences are strings and booleans");
        let again: Preferences = serde_json::from_str(&text).expect("what is stored can be read");
        assert_eq!(again, preferences);
    }
});
