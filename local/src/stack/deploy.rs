//! Deploys the template with a bridge in Python, the only language that has SAM's transform.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, bail};
use contract::id::{BookId, HotelSlug, UserId};
use contract::key::Key;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::files::private_file;
use crate::files::release::Release;
use crate::files::workspace::Workspace;
use crate::front_door::Cors;
use crate::net::ports::Ports;
use crate::process::step::Step;
use crate::services::ministack;
use crate::stack::plan::Plan;
use crate::state::demo::{AUTHOR_NAME, Demo};
use crate::state::issuer::Keys;
use crate::state::pusher_app::{ANY_CLUSTER, APP_ID, AppServer, HOST, HostedApp, KEY};
use crate::state::secrets::Secrets;
use crate::state::settings::{Channels, Settings, WebhookAddress};
use crate::state::{Outputs, function_names::STACK_NAME};

/// The id of the API. ministack requires eight hexadecimal digits.
pub(crate) const API_ID: &str = "ca411107";
/// The id of the WebSocket API.
pub(crate) const SOCKET_API_ID: &str = "ca411108";

/// The sender of e-mails.
const EMAIL_FROM: &str = "chat@carillon.example";
/// Where nobody listens: without sockudo, a function that asked a Pusher server all the same would reach none, and not Pusher's own.
const NO_PORT: u16 = 9;
/// Instead of five minutes, which nobody waits for at a desk.
const EMAIL_WINDOW_SECONDS: u32 = 20;

/// The deployed stack.
#[derive(Deserialize)]
pub(crate) struct Deployment {
    pub(crate) outputs: Outputs,
    pub(crate) cors: Cors,
}

/// A line of the bridge's output.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Progress { step: String, done: u64, total: u64 },
    Result { result: Deployment },
}

/// Deploys to a new, empty ministack. The functions' secrets go into a private file of the place's, not into ministack.
pub(super) async fn deploy(plan: &Plan<'_>, secrets: &Secrets, demo: &Demo) -> Result<Deployment> {
    let Plan { workspace, tools, ports, settings, directory, .. } = plan;
    let kept = of_functions(secrets, settings);
    let by_word: BTreeMap<_, _> = kept.iter().map(|&(name, value)| (word_for(name, value), value)).collect();
    private_file::write(&directory.function_secrets(), &serde_json::to_string(&by_word)?)?;
    let log = directory.logs.join("deploy.log");
    let errors = fs::File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
    let mut step = Step::begin("Deploying template.yaml");
    let mut bridge = Command::new(&tools.python)
        .arg("-B")
        .arg(workspace.root.join("local/bridge/deploy.py"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .envs(ministack::credentials())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()
        .context("The deployment cannot be started")?;
    let mut request = request(workspace, ports, secrets, settings, demo)?;
    request["functions"] = json!(directory.functions());
    let mut input = bridge.stdin.take().context("The deployment has no input")?;
    input.write_all(request.to_string().as_bytes()).await?;
    drop(input);
    let mut lines = BufReader::new(bridge.stdout.take().context("The deployment has no output")?).lines();
    let mut deployment = None;
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line).with_context(|| format!("The deployment said what it should not: {line}"))? {
            Line::Progress { step: note, done, total } => step.advance(done, total, &note),
            Line::Result { result } => deployment = Some(result),
        }
    }
    if !bridge.wait().await?.success() {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let sentence = said.lines().last().unwrap_or("it said nothing").trim_end_matches('.');
        bail!("template.yaml was not deployed: {sentence}. The full log is {}", log.display());
    }
    step.finish();
    deployment.ok_or_else(|| anyhow!("The deployment ended without a result; its log is {}", log.display()))
}

/// All types: on this machine they cost nothing.
const WEBHOOK_EVENTS: &str =
    "channel_occupied,channel_vacated,member_added,member_removed,client_event,cache_miss,subscription_count";

/// The secrets in the functions' environment; an empty one for what is not set.
fn of_functions<'a>(secrets: &'a Secrets, settings: &'a Settings) -> [(&'static str, &'a str); 8] {
    let firebase = settings.pushes.firebase();
    [
        ("PUSHER_SECRET", settings.channels.hosted().map_or(&secrets.pusher_secret, |app| &app.secret)),
        ("PUSHER_PREVIOUS_SECRET", ""),
        ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", &secrets.encryption_master_key_base64),
        (
            "JWT_SECRET",
            match &settings.issuer.keys {
                Keys::Own => &secrets.jwt_secret,
                Keys::Secret(of_app) => of_app,
                Keys::Jwks(_) => "",
            },
        ),
        ("EMAIL_LINK_KEY", &secrets.email_link_key),
        ("EMAIL_PREVIOUS_LINK_KEY", ""),
        ("FIREBASE_CLIENT_EMAIL", firebase.map_or("", |firebase| &firebase.client_email)),
        ("FIREBASE_PRIVATE_KEY", firebase.map_or("", |firebase| &firebase.private_key)),
    ]
}

/// Stands for a secret in ministack, which shows every program on this machine all that it has.
fn word_for(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("kept by cargo local: {name}") }
}

fn request(workspace: &Workspace, ports: &Ports, secrets: &Secrets, settings: &Settings, demo: &Demo) -> Result<Value> {
    let book = Key::book(&BookId::parse(&*demo.book_id)?);
    let staff = Key::staff(&HotelSlug::parse(&*demo.hotel_slug)?, &UserId::parse(&*demo.staff_id)?);
    let Settings { issuer, pushes, channels, .. } = settings;
    let firebase = pushes.firebase();
    let words = of_functions(secrets, settings).map(|(name, value)| (name.to_owned(), json!(word_for(name, value))));
    let mut request = json!({
        "endpoint": ministack::endpoint(ports.ministack_port),
        "template": settings.release.as_ref().map_or_else(|| workspace.root.join("template.yaml"), Release::template),
        "release": settings.release.as_ref().map(Release::folder),
        "stackName": STACK_NAME,
        "apiId": API_ID,
        "socketApiId": SOCKET_API_ID,
        "program": workspace.functions(),
        "codeBucket": "carillon-code",
        "parameters": {
            "Stage": "dev",
            // Pages of any port of this machine may call the route, and with a developer's own app it would send to that app's users.
            "MockEvents": if matches!(channels, Channels::Hosted(_)) { "false" } else { "true" },
            "Architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" },
            "AllowedOrigins": settings.origins(ports.port).join(","),
            "WebhookUrl": settings.webhook_url.as_ref().map_or("", WebhookAddress::as_str),
            "WebhookEvents": WEBHOOK_EVENTS,
            "SubscriptionCounts": if settings.subscription_counts { "on" } else { "off" },
            "Facts": "on,text,presence",
            "Attachments": "on",
            // The front door stands in for S3 (`front_door/bucket.rs`).
            "AttachmentsEndpoint": format!("http://localhost:{}", ports.port),
            "SecretName": "carillon",
            // The events' domain name lacks ministack's port.
            "SocketEndpoint": format!("{}/_aws/execute-api/{SOCKET_API_ID}", ministack::endpoint(ports.aws_of_functions())),
            "FirebaseProjectId": firebase.map_or("", |firebase| &firebase.project_id),
            "EmailFrom": EMAIL_FROM,
            "EmailFromName": "Carillon",
            "EmailWindowSeconds": EMAIL_WINDOW_SECONDS.to_string(),
            "AppUrl": format!("http://localhost:{}", ports.port),
            "GuestUrl": format!("http://localhost:{}/examples/guest-chat?hotel={{hotelSlug}}&booking={{bookingId}}#message-{{messageId}}", ports.port),
            "ApiUrl": format!("http://localhost:{}", ports.port),
            "FcmEndpoint": firebase.map(|firebase| firebase.endpoint()).unwrap_or_default(),
        },
        "emailIdentity": EMAIL_FROM,
        "secret": {
            "name": "carillon",
            "value": Value::Object(words.into_iter().collect()),
        },
        "items": [{
            "pk": book.pk,
            "sk": book.sk,
            "title": demo.book_title,
            "authorId": demo.author_id,
            "authorName": AUTHOR_NAME,
        }, {
            "pk": staff.pk,
            "sk": staff.sk,
        }],
    });
    for (name, value) in issuer.parameters() {
        request["parameters"][name] = json!(value);
    }
    for (name, value) in of_pusher(channels, ports) {
        request["parameters"][name] = json!(value);
    }
    Ok(request)
}

/// The template's parameters of Pusher, each with its value.
fn of_pusher(channels: &Channels, ports: &Ports) -> [(&'static str, String); 7] {
    let (word, app_id, key, cluster, server) = match channels {
        Channels::Gateway => ("gateway", APP_ID, KEY, ANY_CLUSTER, Some((HOST, NO_PORT, false))),
        Channels::Sockudo => ("pusher", APP_ID, KEY, ANY_CLUSTER, Some((HOST, ports.pusher_of_functions(), false))),
        Channels::Hosted(HostedApp { app_id, key, cluster, server, .. }) => {
            let server = server.as_ref().map(|AppServer { host, port, tls }| (host.as_str(), *port, *tls));
            ("pusher", app_id.as_str(), key.as_str(), cluster.as_str(), server)
        }
    };
    // Empty for Pusher's own, which the functions find by the cluster.
    let (host, port, tls) =
        server.map_or_else(|| ("", String::new(), true), |(host, port, tls)| (host, port.to_string(), tls));
    [
        ("Channels", word.to_owned()),
        ("PusherAppId", app_id.to_owned()),
        ("PusherKey", key.to_owned()),
        ("PusherCluster", cluster.to_owned()),
        ("PusherHost", host.to_owned()),
        ("PusherPort", port),
        ("PusherScheme", if tls { "https" } else { "http" }.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::ports;
    use crate::state::firebase::Firebase;
    use crate::state::settings::PushTarget;

    #[test]
    fn ministack_is_given_words_and_no_secret() {
        let secrets = Secrets {
            pusher_secret: "secret of Pusher".to_owned(),
            encryption_master_key_base64: "c2VjcmV0IGtleQ==".to_owned(),
            jwt_secret: "secret of tokens".to_owned(),
            email_link_key: "secret of links".to_owned(),
        };
        let firebase = Firebase {
            project_id: "app".to_owned(),
            client_email: "push@app.example".to_owned(),
            private_key: "a real key".to_owned(),
            port: None,
            control_port: None,
        };
        let app = HostedApp {
            app_id: "1234567".to_owned(),
            key: "a-public-key".to_owned(),
            secret: "secret of an app at Pusher".to_owned(),
            cluster: "eu".to_owned(),
            server: None,
        };
        let settings =
            Settings { pushes: PushTarget::Google(firebase), channels: Channels::Hosted(app), ..Settings::default() };
        let workspace = Workspace::locate().unwrap();
        let request =
            request(&workspace, &ports::free().unwrap(), &secrets, &settings, &Demo::new()).unwrap().to_string();
        assert!(request.contains("\"MockEvents\":\"false\""), "the app is a developer's own");
        for (name, value) in of_functions(&secrets, &settings) {
            assert!(value.is_empty() || !request.contains(value), "{name}");
            assert!(request.contains(&format!("\"{name}\":\"{}\"", word_for(name, value))), "{name}");
        }
    }

    #[test]
    fn the_functions_send_to_the_server_of_the_stacks_channels() {
        let ports = ports::free().unwrap();
        let sent = |channels: &Channels| of_pusher(channels, &ports).map(|(_, value)| value);
        let own = |word: &str, port: u16| {
            [word, "1000", "carillon-local", "mt1", "127.0.0.1", &port.to_string(), "http"].map(str::to_owned)
        };
        assert_eq!(sent(&Channels::Gateway), own("gateway", NO_PORT));
        assert_eq!(sent(&Channels::Sockudo), own("pusher", ports.sockudo_port));
        let hosted = |server| {
            let [app_id, key, secret, cluster] = ["7", "k", "s", "eu"].map(str::to_owned);
            sent(&Channels::Hosted(HostedApp { app_id, key, secret, cluster, server }))
        };
        assert_eq!(hosted(None), ["pusher", "7", "k", "eu", "", "", "https"]);
        let server = AppServer { host: "pusher.example".to_owned(), port: 8443, tls: true };
        assert_eq!(hosted(Some(server)), ["pusher", "7", "k", "eu", "pusher.example", "8443", "https"]);
    }
}
