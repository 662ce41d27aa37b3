//! A row's attribute with its pending deliveries. An entry that is read and written reads back as the same entry and the same text.
//! An unreadable entry is kept word for word, to become a dead letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::outbox::{Delivery, Outbox};

fuzz_target!(|text: &str| {
    let outbox = Outbox::parse(text);
    if serde_json::from_str::<Outbox>(text).is_err() {
        let [owed] = &outbox.entries[..] else { panic!("one entry stands for the text") };
        assert_eq!(owed.delivery, Delivery::Unreadable { text: text.to_owned() });
        return;
    }
    let written = outbox.text();
    let again = Outbox::parse(&written);
    assert_eq!(again, outbox);
    assert_eq!(again.text(), written);
});
