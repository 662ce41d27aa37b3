//! DynamoDB's expressions are built in one file: `shared/src/table/expression.rs`.

use std::path::Path;

use crate::module_map::files_below;

/// Texts that occur in expressions alone.
const FRAGMENTS: [&str; 9] = [
    "\"SET ",
    "\"REMOVE ",
    "\"ADD ",
    "attribute_exists",
    "attribute_not_exists",
    "if_not_exists",
    "begins_with(sk",
    " = :",
    "<= :",
];

/// The lines that write an expression by hand; comments are skipped.
fn glued(text: &str) -> Vec<&str> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let holds = |line: &&str| FRAGMENTS.iter().any(|fragment| line.contains(fragment));
    text.lines().filter(code).filter(holds).collect()
}

#[test]
fn no_file_but_the_builder_writes_an_expression() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [root.join("shared/src"), root.join("functions")].map(|directory| files_below(&directory)).concat();
    // The model compares the text of one expression.
    let is_builder = |path: &Path| path.ends_with("table/expression.rs") || path.ends_with("table/model.rs");
    let (builders, others): (Vec<_>, Vec<_>) = files.iter().partition(|path| is_builder(path));
    assert!(builders.len() == 2 && others.len() > 100, "{} and {} files", builders.len(), others.len());
    for path in others {
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(glued(&text), Vec::<&str>::new(), "{}: use Update, Query and conditions", path.display());
    }
}

#[test]
fn an_expression_that_is_written_by_hand_is_found() {
    for line in [
        r#"Action::update(&key, "SET seq = :seq")"#,
        r#"let change = format!("{set} REMOVE {gone}, #outbox = :owed");"#,
        r#".condition("attribute_exists(pk)")"#,
    ] {
        assert_eq!(glued(line), [line]);
    }
    assert!(glued("// SET seq = :seq\nUpdate::new(&key).set(\"seq\", seq)").is_empty());
}
