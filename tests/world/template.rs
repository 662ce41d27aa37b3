//! The functions of `template.yaml`, and the environment of each, with either value of the parameter `Channels`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use shared::settings::Need;

/// The template's parameter `Channels`, and so its condition `IsGateway`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Pusher, or another server of its protocol.
    #[default]
    Pusher,
    /// Carillon's own WebSocket API.
    Gateway,
}

/// By mode.
type Environments = [BTreeSet<String>; 2];

/// The names of the environment variables of each function, by its binary: those of `Globals` and its own.
static ENVIRONMENTS: LazyLock<BTreeMap<String, Environments>> = LazyLock::new(|| {
    let template = template();
    let of_all = template.split("\nResources:\n").next().unwrap();
    let of = |function: &str| {
        [Mode::Pusher, Mode::Gateway].map(|mode| {
            let both = [variables(of_all, mode), variables(function, mode)];
            both.concat().into_iter().collect()
        })
    };
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

/// The names in a list of variables: its lines that are indented as the first one. One that is empty without `IsGateway` counts as absent
/// there, as it does for `Settings`.
fn variables(text: &str, mode: Mode) -> Vec<String> {
    let Some((_, list)) = text.split_once("Variables:\n") else { return Vec::new() };
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let first = indentation(list);
    let lines: Vec<_> = list.lines().take_while(|line| indentation(line) >= first).collect();
    let mut names = Vec::new();
    for (place, _) in lines.iter().enumerate().filter(|(_, line)| indentation(line) == first) {
        let value = &lines[place..];
        let length = value.iter().skip(1).take_while(|line| indentation(line) > first).count() + 1;
        let value: Vec<_> = value[..length].iter().map(|line| line.trim()).collect();
        let Some((name, start)) = value[0].split_once(':') else { continue };
        let is_of_gateway = start == " !If" && value[1] == "- IsGateway" && value.last() == Some(&"- \"\"");
        let is_named = value.iter().any(|line| line.contains("IsGateway"));
        assert_eq!(
            is_of_gateway, is_named,
            "template.rs reads IsGateway only with a value and an empty one below: {name}"
        );
        if mode == Mode::Gateway || !is_of_gateway {
            names.push(name.to_owned());
        }
    }
    names
}

/// The names of the environment variables that the template gives to the function with this binary.
pub fn environment_of(binary: &str, mode: Mode) -> &'static BTreeSet<String> {
    let environments = ENVIRONMENTS.get(binary).unwrap_or_else(|| panic!("no such function: {binary}"));
    &environments[mode as usize]
}

/// The binaries of all functions.
pub fn binaries() -> impl Iterator<Item = &'static str> {
    ENVIRONMENTS.keys().map(String::as_str)
}

/// The needs that a function with these variables may have.
pub fn needs_of(binary: &str) -> Vec<Need> {
    let [always, with_gateway] = [Mode::Pusher, Mode::Gateway].map(|mode| environment_of(binary, mode));
    let needs = [
        (Need::Tokens, always.contains("JWT_SECRET")),
        (Need::Pusher, always.contains("PUSHER_SECRET")),
        (Need::Gateway, with_gateway.contains("PUSHER_SECRET") && !always.contains("PUSHER_SECRET")),
        (Need::EmailLinks, always.contains("EMAIL_LINK_KEY")),
    ];
    needs.into_iter().filter_map(|(need, is_met)| is_met.then_some(need)).collect()
}
