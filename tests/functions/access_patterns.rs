//! docs/ACCESS_PATTERNS.md, generated from `tests/budgets.toml`.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

/// Set this variable to write the page instead of comparing it.
const WRITE: &str = "WRITE_DOCS";

const HEAD: &str = "\
# Access patterns

<!-- Generated from tests/budgets.toml. Do not edit: `WRITE_DOCS=1 cargo test -p tests access_patterns` writes it. -->

One table with `pk` and `sk`, one sparse index `gsi1` (keys only), TTL on `expires_at`. `shared/contract/src/key.rs` has the keys of every kind of row.
*Clears* is the write, after the response, that removes sent entries from a row's outbox. A list that skips rows queries up to four times.

## Counted

The test `budgets` counts these units, for rows of up to 1 KB (writes) and 4 KB (reads), with the writes to the index.

| operation | requests to the table | read units | write units |
|---|---|--:|--:|
";

const UNCOUNTED: &str = "
## Not counted

No test counts these.

| operation | requests to the table | capacity units |
|---|---|---|
";

#[derive(Deserialize)]
struct Budgets {
    operation: Vec<Counted>,
    uncounted: Vec<Uncounted>,
}

#[derive(Deserialize)]
struct Counted {
    name: String,
    table: String,
    read_units: f64,
    write_units: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Uncounted {
    name: String,
    table: String,
    units: String,
}

fn page() -> String {
    let budgets: Budgets = toml::from_str(include_str!("../budgets.toml")).unwrap();
    let mut page = HEAD.to_owned();
    for Counted { name, table, read_units, write_units } in budgets.operation {
        writeln!(page, "| {name} | {table} | {read_units} | {write_units} |").unwrap();
    }
    page.push_str(UNCOUNTED);
    for Uncounted { name, table, units } in budgets.uncounted {
        writeln!(page, "| {name} | {table} | {units} |").unwrap();
    }
    page
}

#[test]
fn the_page_of_access_patterns_is_what_the_budgets_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ACCESS_PATTERNS.md");
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/ACCESS_PATTERNS.md is not what tests/budgets.toml says: run `{WRITE}=1 cargo test -p tests access_patterns` \
         and commit what it changes"
    );
}
