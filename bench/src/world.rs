//! The processes that are measured: their commands, environment and stand-ins.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::certificates::Certificates;
use crate::event::{JWT_SECRET, PUSHER};
use crate::programs::Programs;
use crate::runtime_api::RuntimeApi;
use crate::stand_in::StandIns;
use crate::system::System;
use crate::work::{Transport, Work};

/// The id of the Pusher app.
pub(crate) const APP: &str = "3";
/// The value of a variable that is in Secrets Manager (`shared/src/settings/secrets.rs`).
const MARKER: &str = "read-from-secrets-manager";

/// The environment of the measured processes.
pub(crate) struct World {
    pub(crate) programs: Programs,
    pub(crate) stand_ins: StandIns,
    pub(crate) certificates: Certificates,
    /// The files of this run.
    pub(crate) directory: PathBuf,
}

impl World {
    /// Starts a process and its clock. `wrapper` is a program that runs it, such as valgrind.
    pub(crate) fn start(&self, system: System, work: &Work, api: &RuntimeApi, wrapper: &[String]) -> Result<Child> {
        let line = self.programs.command_line(system, work);
        let mut line = wrapper.iter().map(PathBuf::from).chain(line);
        let program = line.next().context("a command line is not empty")?;
        let mut command = Command::new(&program);
        command.args(line).env_clear().envs(self.environment(work.function, work.transport, &api.address.to_string()));
        if system == System::CarillonReading {
            command.envs(self.secrets_manager(work.transport));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        api.start_clock();
        command.spawn().with_context(|| format!("{} does not start", program.display()))
    }

    /// Instead of the secrets: where they are. The other name of this host keeps the connections apart, as on AWS.
    fn secrets_manager(&self, transport: Transport) -> [(&'static str, String); 4] {
        let (scheme, port) = match transport {
            Transport::None | Transport::Plain => ("http", self.stand_ins.plain_port),
            Transport::Tls => ("https", self.stand_ins.tls_port),
        };
        [
            ("SECRETS_FROM", "carillon/bench".to_owned()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("{scheme}://localhost:{port}")),
            ("JWT_SECRET", MARKER.to_owned()),
            ("PUSHER_SECRET", MARKER.to_owned()),
        ]
    }

    /// The environment of a function's process. `api` is the address of its Runtime API.
    pub(crate) fn environment(&self, function: &str, transport: Transport, api: &str) -> Vec<(&'static str, String)> {
        let (scheme, port) = match transport {
            Transport::None | Transport::Plain => ("http", self.stand_ins.plain_port),
            Transport::Tls => ("https", self.stand_ins.tls_port),
        };
        let origin = format!("{scheme}://127.0.0.1:{port}");
        let mut environment = vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("AWS_LAMBDA_RUNTIME_API", api.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]bench".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "ASIAQABCDEFGHIJKLMNO".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab".to_owned()),
            ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2Vj".repeat(50)),
            ("AWS_ENDPOINT_URL", origin.clone()),
            ("TABLE_NAME", "carillon".to_owned()),
            ("RETRY_QUEUE_URL", format!("{origin}/123456789012/retry")),
            ("DEAD_LETTER_QUEUE_URL", format!("{origin}/123456789012/dead-letter")),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("PUSHER_APP_ID", APP.to_owned()),
            ("PUSHER_KEY", PUSHER.0.to_owned()),
            ("PUSHER_SECRET", PUSHER.1.to_owned()),
            ("PUSHER_HOST", "127.0.0.1".to_owned()),
            ("PUSHER_PORT", port.to_string()),
            ("PUSHER_SCHEME", scheme.to_owned()),
        ];
        if transport == Transport::Tls {
            let path = |path: &PathBuf| path.display().to_string();
            environment.push(("SSL_CERT_FILE", path(&self.certificates.bundle)));
            environment.push(("NODE_EXTRA_CA_CERTS", path(&self.certificates.authority)));
            environment.push(("CARILLON_EXTRA_ROOT", path(&self.certificates.authority)));
        }
        environment
    }
}
