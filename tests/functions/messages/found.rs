//! Carillon's messages: which literals of its sources they are, and the status with which each comes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shared::ApiError;

use super::source::{LITERAL, Literal, Source};
use crate::module_map::files_below;

/// The folders whose messages reach somebody: a client, the log, or the terminal of `cargo local`.
const ROOTS: [&str; 5] = ["shared/src", "shared/contract/src", "functions", "local/launch/src", "local/src"];

/// Files with other texts, or with messages for Carillon's own developers.
const OTHER_TEXTS: [&str; 19] = [
    "functions/email-unsubscribe/src/page.rs",
    "local/src/chaos/",
    "local/src/commands/by_hand.rs",
    "local/src/commands/test/",
    "local/src/console/",
    "local/src/process/step.rs",
    "local/src/state/demo.rs",
    "local/src/commands/smoke/tests",
    "shared/src/clients/fcm/message.rs",
    "shared/src/delivery/simulation.rs",
    "shared/src/http/response.rs",
    "shared/src/identity/tests",
    "shared/src/leases/email.rs",
    "shared/src/notifications/words.rs",
    "shared/src/table/action.rs",
    "shared/src/table/expression.rs",
    "shared/src/table/model.rs",
    "shared/src/table/query.rs",
    "shared/src/unseen/words.rs",
];

/// Code before a literal of `cargo local` that somebody reads when something is wrong.
const IN_THE_TERMINAL: [&str; 8] = [
    "bail!(",
    "anyhow!(",
    "context(",
    "context(format!(",
    "with_context(|| format!(",
    "map_err(|error| format!(",
    "Err(",
    "formatter.write_str(",
];

/// Files of `cargo local` with nothing but messages.
const WHOLLY: [&str; 4] = [
    "local/src/front_door/refused_pages.rs",
    "local/src/front_door/without_upgrade.rs",
    "local/src/install/prerequisites.rs",
    "local/src/net/guard.rs",
];

/// Code before a literal that nobody reads, or that the log has beside a message.
const NOT_READ: [&str; 13] = [
    "expect(",
    "reason =",
    "unreachable!(",
    "panic!(",
    "assert!(",
    "starts_with(",
    "telemetry::note(",
    "from_static(",
    "unwrap_or(",
    "ConnectorError::user(",
    "AwsError::new(",
    "logged:",
    "json!({ \u{1}:",
];

/// Code before a literal that is a message, even one of two words.
const SURELY: [&str; 4] = ["#[error(", "Refusal::later(format!(", "Refusal::operator(format!(", "conflict("];

/// Where a message comes without a status of HTTP, by the beginning of its file's path; the first that fits.
const PLACES: [(&str, &str); 27] = [
    ("local/src/front_door/without_upgrade", "426"),
    ("local/src/net/guard", "403"),
    ("local/", "terminal"),
    ("functions/delivery/", "log"),
    ("functions/email-unsubscribe/src/ses", "log"),
    ("functions/socket-connect/", "4001"),
    ("functions/socket-", "event"),
    ("shared/src/app.rs", "start"),
    ("shared/src/clients/fcm/token", "400"),
    ("shared/src/clients/pusher/client", "log"),
    ("shared/src/clients/pusher/event", "400"),
    ("shared/src/clients/pusher/frames", "frame"),
    ("shared/src/clients/socket_io/", "event"),
    ("shared/src/clients/", "log"),
    ("shared/src/delivery/", "log"),
    ("shared/src/erasure/", "log"),
    ("shared/src/gateway/", "frame"),
    ("shared/src/http/serve", "log"),
    ("shared/src/identity/jwks", "log"),
    ("shared/src/identity/", "401"),
    ("shared/src/imports/", "result"),
    ("shared/src/outbox/", "log"),
    ("shared/src/running", "start"),
    ("shared/src/settings/", "start"),
    ("shared/src/sockets/", "event"),
    ("shared/src/table/", "log"),
    ("", "400"),
];

/// A message, as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    /// With `…` for each part that differs.
    pub(super) words: String,
    /// A status of HTTP, or one of [`PLACES`].
    pub(super) status: String,
    /// From the root of the repository.
    pub(super) file: String,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The beginnings of paths that this file names.
pub(super) fn named_paths() -> impl Iterator<Item = &'static str> {
    let of_places = PLACES.iter().map(|(beginning, _)| *beginning).filter(|beginning| !beginning.is_empty());
    OTHER_TEXTS.into_iter().chain(WHOLLY).chain(of_places)
}

/// All messages.
pub(super) fn all() -> BTreeSet<Message> {
    let files = ROOTS.iter().flat_map(|folder| files_below(&root().join(folder)));
    let named = files.map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
    let read = named.filter(|file| !OTHER_TEXTS.iter().any(|other| file.starts_with(other)));
    read.flat_map(|file| of_source(&std::fs::read_to_string(root().join(&file)).unwrap(), &file)).collect()
}

/// The messages of a file.
pub(super) fn of_source(text: &str, file: &str) -> Vec<Message> {
    let source = Source::read(text);
    let message = |(index, literal): (usize, &Literal)| {
        let before = source.before(literal, 220).trim_end();
        let words =
            with_gaps(&literal.text).split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count();
        let is_sure = SURELY.iter().any(|code| before.ends_with(code)) || status_before(before).is_some();
        let is_read = words >= 3 || (words == 2 && is_sure);
        let is_left_out = NOT_READ.iter().any(|code| before.ends_with(code))
            || (file.starts_with("local/") && !is_sure && !is_in_the_terminal(before, file))
            || is_markup(&literal.text);
        (is_read && !is_left_out).then(|| Message {
            words: words_of(&source, index, before),
            status: status(&source, literal, before, file),
            file: file.to_owned(),
        })
    };
    source.literals.iter().enumerate().filter_map(message).collect()
}

/// Whether a literal of `cargo local` says that something is wrong.
fn is_in_the_terminal(before: &str, file: &str) -> bool {
    WHOLLY.contains(&file)
        || before.ends_with("if is_full {")
        || IN_THE_TERMINAL.iter().any(|code| before.ends_with(code))
}

/// Whether the text is for programs, or greets.
fn is_markup(text: &str) -> bool {
    let starts = ["default-src", "Bearer ", "-----", "import ", "https://", "missing field `", "Dashboard connection"];
    text.contains("<p>") || starts.iter().any(|start| text.starts_with(start))
}

/// The message of a literal, with the name of the field or variable that stands before it in the code.
fn words_of(source: &Source, index: usize, before: &str) -> String {
    let text = with_gaps(&source.literals[index].text);
    let before_it = || with_gaps(&source.literals[index - 1].text);
    if let Some(is_literal) = named_by(before, "ApiError::field(") {
        let name = if is_literal { before_it() } else { "…".to_owned() };
        return format!("{name} {text}");
    }
    if let Some(is_literal) = named_by(before, "SettingsError::Malformed(") {
        let name = if is_literal { before_it() } else { "…".to_owned() };
        return format!("the environment variable {name} must be {text}");
    }
    // A rule, which comes after the name of its field.
    let is_rule = ["must ", "is ", "may have ", "does not ", "has "].iter().any(|start| text.starts_with(start));
    if is_rule { format!("… {text}") } else { text }
}

/// Whether a literal is the second argument of this call: then, whether its first is a literal, too.
fn named_by(before: &str, call: &str) -> Option<bool> {
    let before = before.strip_suffix("format!(").unwrap_or(before).trim_end();
    let argument = &before[before.rfind(call)? + call.len()..];
    let name = argument.strip_suffix(',')?.trim();
    (!name.contains(['(', ';', ','])).then(|| name == LITERAL.to_string())
}

/// A text with `…` for each placeholder.
pub(super) fn with_gaps(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        shown.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        rest = match after.strip_prefix(brace) {
            // Two stand for one.
            Some(after) => {
                shown.push_str(brace);
                after
            }
            None if brace == "{" => match after.split_once('}') {
                Some((name, after)) if is_placeholder(name) => {
                    shown.push('…');
                    after
                }
                _ => {
                    shown.push_str(brace);
                    after
                }
            },
            None => {
                shown.push_str(brace);
                after
            }
        };
    }
    shown.push_str(rest);
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether braces with this inside are a placeholder of Rust's, and no JSON.
fn is_placeholder(inside: &str) -> bool {
    let name = inside.split(':').next().unwrap_or_default();
    name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) && !inside.contains(' ')
}

/// The status of an [`ApiError`] whose construction ends here.
fn status_before(before: &str) -> Option<u16> {
    let statement = before.rsplit([';', '}']).next()?;
    let (_, call) = statement.rsplit_once("ApiError::")?;
    let name =
        VARIANTS.iter().find(|name| call.strip_prefix(*name).is_some_and(|rest| rest.starts_with(['(', ' '])))?;
    // Between are only the call itself and the call that makes the text.
    (!call.contains(')')).then(|| status_of(name))
}

const VARIANTS: [&str; 17] = [
    "Malformed",
    "Unreadable",
    "Unauthenticated",
    "TooLarge",
    "LimitReached",
    "field",
    "Unsigned",
    "Forbidden",
    "NotFound",
    "Conflict",
    "UnsupportedMediaType",
    "Unprocessable",
    "TooManyRequests",
    "Unavailable",
    "internal",
    "Internal",
    "not_your_channel",
];

fn status_of(variant: &str) -> u16 {
    let text = String::new;
    let error = match variant {
        "Unsigned" => ApiError::Unsigned(""),
        "Unauthenticated" => ApiError::Unauthenticated { told: text(), cause: None },
        "Forbidden" | "not_your_channel" => ApiError::Forbidden(text()),
        "NotFound" => ApiError::NotFound(text()),
        "Conflict" => ApiError::Conflict(text()),
        "TooLarge" => ApiError::TooLarge { what: "", bytes: 0, limit: 0 },
        "UnsupportedMediaType" => ApiError::UnsupportedMediaType(""),
        "Unprocessable" => ApiError::Unprocessable(text()),
        "TooManyRequests" | "LimitReached" => ApiError::TooManyRequests(std::time::Duration::ZERO),
        "Unavailable" => ApiError::Unavailable(text()),
        "BadGateway" => ApiError::BadGateway { source: "".into(), logged: text() },
        "internal" | "Internal" => ApiError::internal(""),
        _ => ApiError::Malformed(text()),
    };
    error.status().as_u16()
}

/// The status with which a message comes.
fn status(source: &Source, literal: &Literal, before: &str, file: &str) -> String {
    if let Some(status) = status_before(before) {
        // The cause of a 500 is for the log.
        return if status == 500 { "log".to_owned() } else { status.to_string() };
    }
    if file.starts_with("local/") && before.ends_with("context(") {
        return "terminal".to_owned();
    }
    // `Self::Expired => "expired"` is the log's word for a message with other words.
    let is_cause = before.ends_with("=>") && literal.text.starts_with(char::is_lowercase);
    if is_cause
        || ["telemetry::failure(", "failure(format!(", "operator_error(", "operator_error(format!("]
            .iter()
            .any(|code| before.ends_with(code))
    {
        return "log".to_owned();
    }
    if before.ends_with("conflict(") {
        return status_of("Conflict").to_string();
    }
    if before.ends_with("#[error(")
        && let Some(status) = of_variant(source, literal)
    {
        return status.to_string();
    }
    // `let told = "…"; Err(ApiError::NotFound(told…))`
    let is_named = before.ends_with('=') || before.ends_with("= format!(");
    if is_named
        && let Some((_, rest)) = source.after(literal).split_once("ApiError::")
        && let Some(name) = rest.split(['(', ' ', '{']).next()
        && VARIANTS.contains(&name)
    {
        return status_of(name).to_string();
    }
    let (_, place) = PLACES.iter().find(|(beginning, _)| file.starts_with(beginning)).unwrap();
    (*place).to_owned()
}

/// The status of the variant that this `#[error(…)]` describes: of [`ApiError`] itself, or by the conversion into it.
fn of_variant(source: &Source, literal: &Literal) -> Option<u16> {
    let after = source.after(literal);
    let after = &after[after.find(")]")? + 2..];
    let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
    let variant = name(after);
    let declared = &source.code[..literal.at];
    let of = name(&declared[declared.rfind(" enum ")? + " enum ".len()..]);
    if of == "ApiError" {
        return Some(status_of(&variant));
    }
    let (_, conversion) = source.code.split_once(&format!("impl From<{of}> for ApiError"))?;
    let body = conversion.split(" impl ").next()?;
    let target = |text: &str| text.split("Self::").nth(1).map(name);
    let (_, arms) = body.split_once("match error {").unwrap_or(("", body));
    let arm = arms.split("=>").zip(arms.split("=>").skip(1)).find(|(pattern, _)| {
        let pattern = pattern.rsplit([',', '{']).next().unwrap_or_default();
        pattern.split('|').any(|one| name(one.trim().trim_start_matches(&format!("{of}::"))) == variant)
    });
    let arm = arm.map(|(_, does)| does).or_else(|| arms.rsplit("=>").next())?;
    target(arm).map(|name| status_of(&name))
}
