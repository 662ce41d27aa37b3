//! Grants of `template.yaml` that no test uses. Tests start in the order of their names, so this one starts last and sees what all used.
//!
//! The fakes refuse all that is not granted, in every test (`tests/world/policies.rs`).

/// Only where all tests run: a filter leaves grants unused.
#[tokio::test]
async fn each_grant_is_used_by_some_test() {
    if std::env::args().skip(1).all(|argument| argument.starts_with('-') && argument != "--skip") {
        let unused = tests::unused_grants().await;
        assert_eq!(unused, [], "remove it from template.yaml, or test what needs it");
    }
}
