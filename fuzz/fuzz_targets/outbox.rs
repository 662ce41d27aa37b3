//! The attribute that says what a row owes. Whatever is read is written so that it is read as the same, and then written as
//! the same text. What cannot be read is kept word for word, to become a dead letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::outbox::{Delivery, Outbox};

fuzz_target!(|text: &str| {
    let outbox = Outbox::parse(text);
    if serde_json::from_str::<Outbox>(text).is_err() {
        let [owed] = &outbox.owed[..] else { panic!("one entry stands for the text") };
        assert_eq!(owed.delivery, Delivery::Unreadable(text.to_owned()));
        return;
    }
    let written = outbox.text();
    let again = Outbox::parse(&written);
    assert_eq!(again, outbox);
    assert_eq!(again.text(), written);
});
