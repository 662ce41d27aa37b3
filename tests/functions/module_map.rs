//! The order of each crate's modules: each uses only those below it in the list that the crate's `lib.rs` or `main.rs` opens with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The file of a crate that lists its modules.
const ROOTS: [&str; 4] =
    ["../shared/src/lib.rs", "../shared/contract/src/lib.rs", "../local/src/main.rs", "../bench/src/main.rs"];

/// The modules as the root lists them, from the top to the bottom.
fn order(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root).unwrap();
    let list = text.split("//! ```").nth(1).unwrap();
    let names = list.lines().skip(1).filter_map(|line| line.strip_prefix("//! ")?.split_whitespace().next());
    names.map(str::to_owned).collect()
}

pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The top-level modules that a file names after `crate::`; comments name whatever they like.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.collect::<Vec<_>>().join("\n");
    let name = |rest: &str| {
        rest.chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect::<String>()
    };
    assert!(!code.contains("crate::{"), "this test reads no `use` of several modules at once");
    code.split("crate::").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

/// The modules that break the order: each uses one above it.
fn violations(order: &[String], files: &[(String, String)]) -> Vec<String> {
    let floor = |name: &str| order.iter().position(|module| module == name);
    let mut broken = Vec::new();
    for (module, text) in files {
        let own = floor(module).unwrap_or_else(|| panic!("the root does not list {module}"));
        for other in used(text) {
            match floor(&other) {
                Some(theirs) if theirs >= own => {}
                Some(_) => broken.push(format!("{module} uses {other}, which is above it")),
                // A crate of its own, which uses no module here.
                None if other == "contract" => {}
                None => broken.push(format!("{module} uses {other}, which the root does not list")),
            }
        }
    }
    broken
}

#[test]
fn every_module_uses_only_those_below_it() {
    for root in ROOTS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let source = root.parent().unwrap();
        let of_module = |path: &PathBuf| {
            let first = path.strip_prefix(source).unwrap().iter().next().unwrap().to_string_lossy();
            (*path != root).then(|| (first.trim_end_matches(".rs").to_owned(), std::fs::read_to_string(path).unwrap()))
        };
        let files: Vec<_> = files_below(source).iter().filter_map(of_module).collect();
        let order = order(&root);
        assert!(files.len() > 20 && order.len() > 5, "{} files, {order:?}", files.len());
        let broken = violations(&order, &files);
        assert!(broken.is_empty(), "{broken:#?}");
        let there: BTreeSet<_> = files.iter().map(|(module, _)| module.as_str()).collect();
        assert_eq!(there, order.iter().map(String::as_str).collect(), "{} lists each module once", root.display());
    }
}

#[test]
fn a_module_that_uses_one_above_it_is_found() {
    let order = ["app", "rooms", "table"].map(str::to_owned);
    let file = |module: &str, text: &str| (module.to_owned(), text.to_owned());
    let good = [file("rooms", "use crate::table::Key;\n// crate::app::App is above")];
    assert!(violations(&order, &good).is_empty());
    let bad = [file("table", "fn f() { crate::rooms::enter() }")];
    assert_eq!(violations(&order, &bad), ["table uses rooms, which is above it"]);
}

#[test]
fn functions_depend_on_shared_and_not_on_each_other() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let names: Vec<_> = std::fs::read_dir(&functions).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in &names {
        let manifest = std::fs::read_to_string(functions.join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        for other in names.iter().filter(|other| *other != name) {
            let other = other.to_string_lossy();
            let uses = dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(&*other));
            assert!(!uses, "{} depends on {other}", name.to_string_lossy());
        }
    }
}

/// A provider of jsonwebtoken's own may sign and verify in tests, while a function that has none panics.
#[test]
fn tokens_are_signed_and_verified_by_the_crate_that_installs_ring() {
    const USES: [&str; 3] = ["encode", "decode", "crypto"];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src");
    let is_test = |path: &str| path.split('/').any(|part| part.starts_with("tests"));
    let uses = |path: &str| {
        let text = std::fs::read_to_string(source.join(path)).unwrap();
        let imports =
            |line: &str| line.starts_with("use jsonwebtoken::") && USES.iter().any(|name| line.contains(name));
        text.lines().any(imports) || USES.iter().any(|name| text.contains(&format!("jsonwebtoken::{name}")))
    };
    let files = files_below(&source);
    let paths = files.iter().map(|file| file.strip_prefix(&source).unwrap().to_str().unwrap());
    assert_eq!(paths.filter(|path| !is_test(path) && uses(path)).collect::<Vec<_>>(), <[&str; 0]>::default());
}
