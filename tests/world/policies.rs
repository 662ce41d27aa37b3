//! The functions' grants in `template.yaml`, with either value of its parameter `Channels`. The fakes refuse all other requests, as IAM
//! does.
//!
//! Each function has credentials of its own, as each has a role: a request is signed with the access key of the function that sends it.
//! The tests' own requests are signed with another key and may do anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, future};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::template::{Mode, functions, template};

/// An action and the resource that it may be used on, such as `dynamodb:Query` and `Table/index/gsi1`.
pub(crate) type Grant = (String, String);

tokio::task_local! {
    /// The binary of the function whose work this is.
    static FUNCTION: String;
}

/// The secret of every key.
pub(crate) const SECRET: &str = "a-secret/with+signs";
/// As many characters as the key of a function, so that requests are equally long.
const TESTS_OWN_KEY: &str = "AKIDTEST";

/// The grants of each function, by the name of its binary and then by mode.
pub(crate) static GRANTS: LazyLock<BTreeMap<String, [BTreeSet<Grant>; 2]>> = LazyLock::new(|| {
    let template = template();
    let functions = functions(&template);
    let of =
        |function: &str| [Mode::Pusher, Mode::Gateway].map(|mode| granted_below(function, "\n      Policies:\n", mode));
    functions.map(|(binary, function)| (binary, of(&function))).collect()
});

/// The most that any function may be granted: the template's `FunctionBoundary`.
pub fn boundary() -> BTreeSet<Grant> {
    let template = template();
    let (_, boundary) = template.split_once("\n  FunctionBoundary:\n").unwrap();
    granted_below(boundary.split("\n\n").next().unwrap(), "\n        Statement:\n", Mode::Gateway)
}

/// The grants in a resource's property, up to the next line that is not indented further.
fn granted_below(resource: &str, property: &str, mode: Mode) -> BTreeSet<Grant> {
    let Some((_, rest)) = resource.split_once(property) else {
        assert!(
            !resource.contains(property.trim()),
            "policies.rs reads {} only with a list below: {resource}",
            property.trim()
        );
        return BTreeSet::new();
    };
    // One more than the property's own, because of the newline.
    let indentation = property.len() - property.trim_start().len();
    let is_within = |line: &&str| line.len() - line.trim_start().len() >= indentation;
    granted_in(rest.lines().take_while(is_within), mode)
}

/// The grants of a policy, as the template writes them: lists of actions on one line, resources on one line or below. All conditions hold,
/// but for `IsGateway`, which the mode decides. Panics at all other lines, which may grant something.
pub fn granted_in<'a>(policy: impl IntoIterator<Item = &'a str>, mode: Mode) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    let mut actions: Vec<&str> = Vec::new();
    let mut is_for_gateway = false;
    for line in policy {
        let unknown = || -> ! { panic!("policies.rs does not read: {line}") };
        let item = line.trim().trim_start_matches("- ");
        let resources = match item.split_once(' ').unwrap_or((item, "")) {
            ("IsGateway", "") => {
                is_for_gateway = true;
                continue;
            }
            // The other branch, and so the end of the condition.
            ("!Ref", "AWS::NoValue") => {
                is_for_gateway = false;
                continue;
            }
            // Within another condition, the end of the inner one would end the outer one, too.
            ("!If", "") if is_for_gateway => unknown(),
            ("#", _) | ("Statement:" | "!If" | "IsTraced" | "ReadsSecrets" | "Resource:", "") => continue,
            (condition, "") if condition.starts_with("Has") => continue,
            // It narrows a grant.
            ("Condition:", _) => continue,
            ("Effect:", "Allow") => {
                actions.clear();
                continue;
            }
            ("Action:", list) => {
                let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
                actions = list.unwrap_or_else(|| unknown()).split(", ").collect();
                continue;
            }
            ("Resource:", list) if list.starts_with('[') => {
                list.strip_prefix('[').unwrap().strip_suffix(']').unwrap_or_else(|| unknown())
            }
            ("Resource:", resource) => resource,
            ("!Sub" | "!GetAtt", _) => item,
            _ => unknown(),
        };
        for resource in resources.split(", ") {
            let name = name_of(resource).unwrap_or_else(|| unknown());
            assert!(!actions.is_empty(), "policies.rs does not read actions that come after their resource: {line}");
            if mode == Mode::Gateway || !is_for_gateway {
                grants.extend(actions.iter().map(|action| ((*action).to_owned(), name.clone())));
            }
        }
    }
    assert!(!is_for_gateway, "policies.rs reads IsGateway only with !Ref AWS::NoValue for otherwise");
    grants
}

/// `Table` for `!GetAtt Table.Arn`, `SocketApi/*/POST/@connections/*` for the same with its partition, region and account.
fn name_of(resource: &str) -> Option<String> {
    let name = match resource.split_once(' ') {
        Some(("!GetAtt", name)) => name.strip_suffix(".Arn")?,
        Some(("!Ref", name)) => name,
        Some(("!Sub", text)) => text.strip_prefix('"')?.strip_suffix('"')?.rsplit("${AWS::AccountId}:").next()?,
        None if resource == "\"*\"" => "*",
        _ => return None,
    };
    Some(name.replace("${", "").replace('}', "").replace(".Arn", ""))
}

/// All that the template grants: the function's binary and the grant.
pub fn granted(mode: Mode) -> BTreeSet<(String, Grant)> {
    let of_function = |(binary, grants): (&String, &[BTreeSet<Grant>; 2])| {
        let binary = binary.clone();
        grants[mode as usize].clone().into_iter().map(move |grant| (binary.clone(), grant))
    };
    GRANTS.iter().flat_map(of_function).collect()
}

/// The grants that no test used in this mode, once all are used or no other test has sent a request for some seconds. Of gateway mode, only
/// those which the other mode has not.
pub async fn unused_grants(mode: Mode) -> Vec<(String, Grant)> {
    const QUIET: Duration = Duration::from_secs(8);
    let mut before = None;
    loop {
        let requests = Some(REQUESTS.load(Ordering::Relaxed));
        let mut asked_for = granted(mode);
        if mode == Mode::Gateway {
            asked_for = &asked_for - &granted(Mode::Pusher);
        }
        let unused: Vec<_> = asked_for.difference(&USED[mode as usize].lock().unwrap()).cloned().collect();
        if unused.is_empty() || requests == before {
            return unused;
        }
        before = requests;
        tokio::time::sleep(QUIET).await;
    }
}

/// The binary of the function that a handler belongs to. None for a test's own handler.
pub(crate) fn function_of<H>(_: &H) -> Option<String> {
    let krate = std::any::type_name::<H>().split("::").next()?;
    let binary = krate.replace('_', "-");
    GRANTS.contains_key(&binary).then_some(binary)
}

/// Does this as the work of a function.
pub(crate) async fn as_function<T>(binary: Option<String>, work: impl Future<Output = T>) -> T {
    // Boxed: a handler's future is large in a debug build, and would be in this one twice.
    let work = Box::pin(work);
    match binary {
        Some(binary) => FUNCTION.scope(binary, work).await,
        None => work.await,
    }
}

/// Provides the credentials of the function whose work this is.
#[derive(Debug)]
pub(crate) struct Roles;

impl ProvideCredentials for Roles {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let place = |binary: &String| GRANTS.keys().position(|known| known == binary).unwrap();
        let key = FUNCTION.try_with(|binary| format!("ROLE{:04}", place(binary)));
        let key = key.unwrap_or_else(|_| TESTS_OWN_KEY.to_owned());
        let token = Some("FwoGZXIvYXdzEXAMPLE//////////w==".to_owned());
        future::ProvideCredentials::ready(Ok(Credentials::new(key, SECRET, token, None, "tests")))
    }
}

/// The function whose credentials signed a request.
fn signer(headers: &HeaderMap) -> Option<&'static String> {
    let (_, key) = headers.get("authorization")?.to_str().ok()?.split_once("Credential=ROLE")?;
    GRANTS.keys().nth(key.split('/').next()?.parse().ok()?)
}

/// The grants that functions have used, in any test of this process, by mode.
static USED: [Mutex<BTreeSet<(String, Grant)>>; 2] = [Mutex::new(BTreeSet::new()), Mutex::new(BTreeSet::new())];
/// The requests of all worlds so far.
static REQUESTS: AtomicUsize = AtomicUsize::new(0);

/// The grants of a world's mode, and those that its functions lacked.
#[derive(Default)]
pub(crate) struct Policies {
    mode: Mode,
    refused: Mutex<BTreeSet<(String, Grant)>>,
}

impl Policies {
    pub(crate) fn of(mode: Mode) -> Self {
        Self { mode, refused: Mutex::default() }
    }

    /// Whether the function that signed a request may do all of this.
    pub(crate) fn admit(&self, headers: &HeaderMap, asked: Vec<Grant>) -> bool {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        let Some(function) = signer(headers) else { return true };
        let (granted, refused): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|grant| GRANTS[function][self.mode as usize].contains(grant));
        let is_admitted = refused.is_empty();
        USED[self.mode as usize].lock().unwrap().extend(granted.into_iter().map(|grant| (function.clone(), grant)));
        self.refused.lock().unwrap().extend(refused.into_iter().map(|grant| (function.clone(), grant)));
        is_admitted
    }

    /// Panics where a function was refused something: it may have hidden that.
    pub(crate) fn check(&self) {
        let refused = std::mem::take(&mut *self.refused.lock().unwrap());
        assert!(refused.is_empty(), "template.yaml does not grant {refused:?} with Channels={:?}", self.mode);
    }
}

/// The grants that a request to DynamoDB needs. A transaction needs the action of each of its items.
pub(crate) fn asked_of_dynamodb(operation: &str, body: &[u8]) -> Vec<Grant> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let on_table = |action: &str| (format!("dynamodb:{action}"), "Table".to_owned());
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().unwrap();
            let kinds = items.iter().flat_map(|item| item.as_object().unwrap().keys());
            // `ConditionCheck`, `Delete`, `Put` and `Update`.
            kinds.map(|kind| on_table(&format!("{kind}Item"))).collect()
        }
        "TransactGetItems" => vec![on_table("GetItem")],
        operation => match body["IndexName"].as_str() {
            Some(index) => vec![(format!("dynamodb:{operation}"), format!("Table/index/{index}"))],
            None => vec![on_table(operation)],
        },
    }
}

/// The grants that a request to SQS needs.
pub(crate) fn asked_of_sqs(operation: &str, body: &[u8]) -> Vec<Grant> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let queue = match body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()) {
        Some("retry") => "RetryQueue",
        Some("webhooks") => "WebhookQueue",
        _ => "DeadLetterQueue",
    };
    vec![(format!("sqs:{}", operation.trim_end_matches("Batch")), queue.to_owned())]
}

/// The grants that a request to EventBridge needs.
pub(crate) fn asked_of_events(operation: &str, _: &[u8]) -> Vec<Grant> {
    vec![(format!("events:{operation}"), "EventBus".to_owned())]
}

/// The grants that `SendEmail` needs: on the sender's identity and the configuration set.
pub(crate) fn asked_of_ses(body: &[u8]) -> Vec<Grant> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let resources =
        [Some("identity/*"), body["ConfigurationSetName"].as_str().map(|_| "configuration-set/EmailEvents")];
    resources.into_iter().flatten().map(|resource| ("ses:SendEmail".to_owned(), resource.to_owned())).collect()
}

/// Middleware that refuses what a function may not do with connections (API Gateway developer guide, "Control access to a WebSocket API
/// with IAM authorization": `execute-api:ManageConnections` on `{api}/{stage}/{method}/@connections/{connection}`).
pub(crate) async fn of_connections(State(policies): State<Arc<Policies>>, request: Request, next: Next) -> Response {
    let resource = format!("SocketApi/*/{}/@connections/*", request.method());
    if policies.admit(request.headers(), vec![("execute-api:ManageConnections".to_owned(), resource)]) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}
