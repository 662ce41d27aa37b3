//! Links and paths in the documents lead to something.

use std::path::{Path, PathBuf};

const PAGES: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "clients/typescript/README.md",
    "clients/create-carillon/README.md",
    "events/README.md",
    "fuzz/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    PAGES.iter().map(|page| root().join(page)).chain(docs).collect()
}

/// The lines of a page that are not in a block of code.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    };
    text.lines().filter(|line| is_prose(line)).collect()
}

/// The anchor that GitHub gives a heading: lower case, without punctuation, `-` for each space.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let heading = |line: &&str| line.starts_with('#');
    prose(text).into_iter().filter(heading).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// The targets of a page's links that are not addresses.
fn links(text: &str) -> Vec<String> {
    let text = prose(text).join("\n");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned);
    targets.filter(|target| !target.contains("://")).collect()
}

/// The targets in this page that lead nowhere.
fn dead(page: &Path, text: &str) -> Vec<String> {
    let is_alive = |target: &String| {
        let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
        let file = if path.is_empty() { page.to_owned() } else { page.parent().unwrap().join(path) };
        let has_anchor = || {
            let there = if path.is_empty() { text.to_owned() } else { std::fs::read_to_string(&file).unwrap() };
            anchors(&there).iter().any(|anchor| anchor == fragment)
        };
        (path.is_empty() || file.exists()) && (fragment.is_empty() || has_anchor())
    };
    links(text).into_iter().filter(|target| !is_alive(target)).collect()
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut count = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        count += links(&text).len();
        assert_eq!(dead(&page, &text), Vec::<String>::new(), "{}", page.display());
    }
    assert!(count > 60, "only {count} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = root().join("docs/MADE-UP.md");
    let text = "# A `title`, here\n[a](#a-title-here) [b](#a-title) [c](LOCAL.md#the-console) [d](LOCAL.md#no) [e](NO.md)\n```\n[f](no)\n```\n";
    assert_eq!(dead(&page, text), ["#a-title", "LOCAL.md#no", "NO.md"]);
}

/// The parts of a text in backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a name is a path from the root of the repository, to a certain file or folder.
fn is_full_path(name: &str) -> bool {
    let starts = ["bench/", "docs/", "functions/", "fuzz/", "local/", "shared/", "tests/"];
    starts.iter().any(|start| name.starts_with(start)) && !name.contains(['<', '*', ' ', '{', '…'])
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let text = prose(&text).join("\n");
    let named: Vec<_> = code(&text).filter(|name| is_full_path(name)).collect();
    assert!(named.len() > 40, "only {} paths were found", named.len());
    let missing: Vec<_> = named.into_iter().filter(|name| !root().join(name).exists()).collect();
    assert_eq!(missing, Vec::<&str>::new());

    // In a cell of the table, a name without a folder is beside the one before it.
    let (_, table) = text.split_once("## Where things are").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for cell in rows.filter_map(|row| row.split('|').nth(1)) {
        let mut folder = PathBuf::new();
        for name in code(cell).filter(|name| !name.contains('<')) {
            let path = if is_full_path(name) { PathBuf::from(name) } else { folder.join(name) };
            folder = path.parent().unwrap().to_owned();
            assert!(root().join(&path).exists(), "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} places were found");
}
