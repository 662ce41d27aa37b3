//! No circle between the files of a crate. A file and those of its submodules are one unit: a submodule may use what its parent
//! defines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Sources by module: `["http", "serve"]` is `http/serve.rs`.
type Sources = BTreeMap<Vec<String>, String>;

fn sources(root: &Path, module: &[String], found: &mut Sources) {
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let own = if ["lib", "main", "mod"].contains(&&*name) { module.to_vec() } else { [module, &[name]].concat() };
        if path.is_dir() {
            sources(&path, &own, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(own, code(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The text without comments and without the tests at its end.
pub(crate) fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else { return vec![tree.split(" as ").next().unwrap().to_owned()] };
    let mut depth = 0;
    let between = |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    };
    let parts = tree[open + 1..tree.rfind('}').unwrap()].split(between).filter(|part| !part.trim().is_empty());
    parts.flat_map(paths).map(|path| format!("{}{path}", &tree[..open])).collect()
}

/// The paths in this text that begin with one of these names.
fn beginning_with(text: &str, name: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let starts = text.match_indices(name).map(|(at, _)| at).filter(|at| !text[..*at].ends_with(is_word));
    let path = |at: usize| {
        let end = text[at..].find(|c| !is_word(c)).map_or(text.len(), |length| at + length);
        if !text[end..].starts_with('{') {
            return &text[at..end];
        }
        let mut depth = 0;
        let close = text[end..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        &text[at..=end + close.unwrap()]
    };
    starts.flat_map(|at| paths(path(at))).collect()
}

/// The file that defines what a path names, by way of any re-exports.
fn home(sources: &Sources, mut path: Vec<String>) -> Vec<String> {
    loop {
        let depth = (0..=path.len()).rev().find(|depth| sources.contains_key(&path[..*depth])).unwrap();
        let (module, rest) = (&path[..depth], &path[depth..]);
        let exported = rest.first().and_then(|name| {
            let statements = sources[module].split(';').filter_map(|statement| statement.rsplit_once(" use "));
            let trees = statements.filter(|(head, _)| head.ends_with("pub") || head.ends_with(')'));
            let own = |path: &String| sources.contains_key(&[module, &segments(path)[..1]].concat());
            trees.flat_map(|(_, tree)| paths(tree)).filter(own).find(|path| segments(path).last() == Some(name))
        });
        let Some(exported) = exported else { return module.to_vec() };
        path = [module, &segments(&exported), &rest[1..]].concat();
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(|segment| segment.trim().to_owned()).collect()
}

/// The files that a module uses, but for those that it is part of.
fn used(sources: &Sources, module: &[String]) -> BTreeSet<Vec<String>> {
    let text = &sources[module];
    let mut named: Vec<Vec<String>> =
        beginning_with(text, "crate::").iter().map(|path| segments(path)[1..].to_vec()).collect();
    for path in beginning_with(text, "super::") {
        let up = segments(&path).iter().take_while(|segment| *segment == "super").count();
        named.push([&module[..module.len() - up], &segments(&path)[up..]].concat());
    }
    let reexported = |statement: &&str| !statement.contains("pub use ") && !statement.contains(") use ");
    let private = text.split(';').filter(reexported).collect::<Vec<_>>().join(";");
    let submodules = sources.keys().filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
    for name in submodules.filter_map(|other| other.last()) {
        let own = beginning_with(&private, &format!("{name}::"));
        named.extend(own.iter().map(|path| [module, &segments(path)].concat()));
    }
    named.into_iter().map(|path| home(sources, path)).filter(|other| !module.starts_with(other)).collect()
}

/// The circles. They are left when modules that use no other one, or that no other one uses, are taken away again and again.
fn circles(sources: &Sources) -> Vec<String> {
    let mut uses: BTreeMap<_, _> = sources.keys().map(|module| (module.clone(), used(sources, module))).collect();
    loop {
        let left: BTreeSet<_> = uses.keys().cloned().collect();
        let inner: BTreeSet<_> = uses.values().flatten().cloned().collect();
        uses.retain(|module, used| inner.contains(module) && used.iter().any(|other| left.contains(other)));
        uses.values_mut().for_each(|used| used.retain(|other| left.contains(other)));
        if uses.len() == left.len() {
            let shown = |(module, used): (&Vec<String>, &BTreeSet<Vec<String>>)| {
                let used: Vec<_> = used.iter().map(|other| other.join("::")).collect();
                format!("{} uses {}", module.join("::"), used.join(", "))
            };
            return uses.iter().map(shown).collect();
        }
    }
}

#[test]
fn no_two_files_of_a_crate_use_each_other() {
    for (name, least) in [("shared", 100), ("shared/contract", 20), ("local", 60), ("bench", 20)] {
        let mut found = Sources::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"), &[], &mut found);
        assert!(found.len() > least, "{name}: {}", found.len());
        let circles = circles(&found);
        assert!(circles.is_empty(), "{name}: {circles:#?}");
    }
}

#[test]
fn a_circle_is_found_also_by_way_of_a_reexport() {
    let found = |files: &[(&str, &str)]| {
        let module = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        circles(&files.iter().map(|(path, text)| (module(path), code(text))).collect())
    };
    let parent = ("a", "mod b;\nmod c;\npub use b::{One, other};\nfn f() { c::g() }");
    assert!(found(&[("", ""), parent, ("a/b", "use super::c::Two; // super::"), ("a/c", "use super::f;")]).is_empty());
    let circle = [("", ""), parent, ("a/b", "use super::{f, c::Two};"), ("a/c", "fn g() { crate::a::other() }")];
    assert_eq!(found(&circle), ["a::b uses a::c", "a::c uses a::b"]);
}
