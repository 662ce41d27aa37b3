//! The functions of `template.yaml`, and the environment of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use shared::settings::Need;

/// The names of the environment variables of each function, by its binary: those of `Globals` and its own.
static ENVIRONMENTS: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let template = template();
    let of_all = variables(template.split("\nResources:\n").next().unwrap());
    let of = |function: &str| of_all.iter().cloned().chain(variables(function)).collect();
    functions(&template).map(|(binary, function)| (binary, of(&function))).collect()
});

pub(crate) fn template() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

/// The binary of each function, and the text of its resource after its type.
pub(crate) fn functions(template: &str) -> impl Iterator<Item = (String, String)> {
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    resources.split("    Type: AWS::Serverless::Function\n").skip(1).map(|function| {
        // An empty line ends a resource.
        let function = function.split("\n\n").next().unwrap();
        let (_, binary) = function.split_once("Binary: ").unwrap();
        (binary.split(' ').next().unwrap().to_owned(), function.to_owned())
    })
}

/// The names in a list of variables: its lines that are indented as the first one.
fn variables(text: &str) -> Vec<String> {
    let Some((_, list)) = text.split_once("Variables:\n") else { return Vec::new() };
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let first = indentation(list);
    let lines = list.lines().take_while(|line| indentation(line) >= first).filter(|line| indentation(line) == first);
    lines.filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect()
}

/// The names of the environment variables that the template gives to the function with this binary.
pub fn environment_of(binary: &str) -> &'static BTreeSet<String> {
    ENVIRONMENTS.get(binary).unwrap_or_else(|| panic!("no such function: {binary}"))
}

/// The binaries of all functions.
pub fn binaries() -> impl Iterator<Item = &'static str> {
    ENVIRONMENTS.keys().map(String::as_str)
}

/// The needs that a function with these variables may have.
pub fn needs_of(binary: &str) -> Vec<Need> {
    let needs = [("JWT_SECRET", Need::Tokens), ("PUSHER_SECRET", Need::Pusher), ("EMAIL_LINK_KEY", Need::EmailLinks)];
    let met = needs.into_iter().filter(|(secret, _)| environment_of(binary).contains(*secret));
    met.map(|(_, need)| need).collect()
}
