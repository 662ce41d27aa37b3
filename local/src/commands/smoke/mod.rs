//! `cargo local smoke`: what can be checked of a stack from outside, after a deployment.
//!
//! It reads, and sends what is refused; only with `--write` it stores something, which it takes away again. A check does not stop
//! the others, unless they need what it was to find. `docs/DEPLOY_CHECK.md` has what only the owner of an account can try.

pub(super) mod address;
mod checks;
pub(super) mod http;
mod options;
mod report;
pub(super) mod secret;
mod sections;
mod socket;
mod target;
#[cfg(test)]
mod tests;
pub(super) mod wire;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use self::checks::Site;
use self::http::Http;
pub(crate) use self::options::SmokeOptions;
use self::report::{Counts, SmokeReport};
use self::secret::Redaction;
use self::socket::SocketApi;
use self::target::{Target, Tokens};
use self::wire::Connector;
use crate::files::workspace::Workspace;

/// Fails if a check does.
pub(crate) async fn smoke(workspace: &Workspace, options: &SmokeOptions) -> Result<ExitCode> {
    let target = Target::read(workspace, options)?;
    let run = Run { connector: Connector::new(), timeout: options.timeout(), json: options.json, write: options.write };
    let Counts { failed, .. } = run.check(target, &mut std::io::stdout()).await;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the checks are made.
struct Run {
    connector: Connector,
    timeout: Duration,
    json: bool,
    write: bool,
}

impl Run {
    /// Makes all checks.
    async fn check(self, target: Target, out: &mut dyn Write) -> Counts {
        let Self { connector, timeout, json, write } = self;
        let Target { http: address, sockets: socket_address, tokens, origin } = target;
        let Tokens { member, service, expired } = &tokens;
        let secrets = [Some(member), service.as_ref(), expired.as_ref()].into_iter().flatten().cloned();
        let redaction = Redaction::of(secrets.chain([member.forged()]));
        let mut report = SmokeReport::new(out, json);
        report.heading(&format!("Checking {address}, and the WebSockets of {socket_address}"));
        let site = Site {
            http: Http { address, connector: connector.clone(), timeout },
            sockets: SocketApi { address: socket_address, connector, timeout },
            tokens,
            origin,
            redaction,
        };
        checks::all(&site, write, &mut report).await;
        report.finish()
    }
}
