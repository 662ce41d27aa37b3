//! Grants of `template.yaml` that no test uses. Tests start in the order of their names, so this one starts last and sees what all used.
//!
//! The fakes refuse all that is not granted, in every test (`tests/world/policies.rs`).

/// Whether the arguments of this program leave tests out: a name, `--skip`, or `--ignored`.
fn is_filter(arguments: impl IntoIterator<Item = String>) -> bool {
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // The next argument is the value.
            "--test-threads" | "--color" | "--format" => drop(arguments.next()),
            option if option.starts_with("--skip") || option == "--ignored" => return true,
            option if option.starts_with('-') => {}
            _ => return true,
        }
    }
    false
}

#[test]
fn a_value_of_an_option_is_not_a_filter() {
    let is_filter = |line: &str| is_filter(line.split_whitespace().map(str::to_owned));
    for all in ["", "--test-threads 4", "--color always --nocapture", "--test-threads=4 -q", "--include-ignored"] {
        assert!(!is_filter(all), "{all}");
    }
    for some in ["kudos", "--test-threads 4 kudos", "--skip kudos", "--skip=kudos", "--exact kudos::a", "--ignored"] {
        assert!(is_filter(some), "{some}");
    }
}

#[tokio::test]
async fn each_grant_is_used_by_some_test() {
    if is_filter(std::env::args().skip(1)) {
        eprintln!("A filter leaves grants unused, so this does not check them.");
        return;
    }
    let unused = tests::unused_grants(tests::Mode::Pusher).await;
    assert_eq!(unused, [], "remove it from template.yaml, or test what needs it");
}
