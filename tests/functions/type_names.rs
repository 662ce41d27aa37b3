//! Each type of a crate that other files can name has a name of its own, which says what it is without its path.

use std::collections::BTreeMap;
use std::path::Path;

use crate::module_circles::code;
use crate::module_map::files_below;

/// Each crate's directories. `shared` re-exports `contract`, so the two are one here.
const CRATES: [&[&str]; 3] = [&["shared/src", "shared/contract/src"], &["local/src"], &["bench/src"]];

/// The names of the types that a file offers to others, also to its parent alone.
fn types(text: &str) -> Vec<&str> {
    let offered = text.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix("pub")?;
        let line = if line.starts_with('(') { line.split_once(')')?.1 } else { line };
        let (kind, name) = line.strip_prefix(' ')?.split_once(' ')?;
        let is_type = ["enum", "struct", "trait", "type", "union"].contains(&kind);
        is_type.then(|| name.split(|c: char| !c.is_alphanumeric()).next().unwrap())
    });
    offered.collect()
}

/// The names that are there more than once, with the files.
fn doubles(files: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (path, text) in files {
        types(text).into_iter().for_each(|name| found.entry(name).or_default().push(path.as_str()));
    }
    found.retain(|_, paths| paths.len() > 1);
    found
}

#[test]
fn no_two_types_of_a_crate_bear_one_name() {
    for directories in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let paths = directories.iter().flat_map(|directory| files_below(&root.join(directory)));
        let read = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), code(&text))
        };
        let files: Vec<_> = paths.map(read).collect();
        let count: usize = files.iter().map(|(_, text)| types(text).len()).sum();
        assert!(count > 20, "{directories:?}: {count}");
        let doubles = doubles(&files);
        assert!(doubles.is_empty(), "rename all but one of each: {doubles:#?}");
    }
}

#[test]
fn a_name_that_is_there_twice_is_found() {
    let text = "pub(crate) struct One<'a> {\n}\npub(in crate::a) enum Two {}\npub type Three = u8;\nstruct Own;\npub fn f() {}";
    assert_eq!(types(text), ["One", "Two", "Three"]);
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = [file("a", text), file("b", "    pub trait Two {}"), file("c", "struct One;\npub use a::Three;")];
    assert_eq!(doubles(&files), [("Two", vec!["a", "b"])].into());
}
