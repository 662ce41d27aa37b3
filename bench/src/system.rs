//! The measured systems: the floor, Carillon and its peers, as processes.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::certificates::Certificates;
use crate::event::{JWT_SECRET, PUSHER};
use crate::runtime_api::RuntimeApi;
use crate::stand_in::StandIns;
use crate::work::{Transport, Work};

/// A system that does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum System {
    /// A bare `lambda_runtime` that returns its event.
    Floor,
    /// The floor with one request to the table, by AWS's SDK, configured as in Carillon.
    FloorWithSdk,
    /// Carillon's function.
    Carillon,
    /// Carillon's function from another directory, to compare two builds.
    Variant,
    /// The same work in Rust with every crate's default features and cargo's default release profile.
    NaturalRust,
    /// The same work in Node with the official `pusher`, `jsonwebtoken` and the AWS SDK, bundled by esbuild.
    Node,
}

impl System {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "bare echo",
            Self::FloorWithSdk => "echo + SDK request",
            Self::Carillon => "**Carillon**",
            Self::Variant => "variant",
            Self::NaturalRust => "natural Rust",
            Self::Node => "Node",
        }
    }

    /// Whether it does all of the work, so that it must make the same requests as Carillon.
    pub(crate) fn does_the_work(self) -> bool {
        !matches!(self, Self::Floor | Self::FloorWithSdk)
    }
}

/// The directories of the built programs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Carillon's functions and the floor.
    pub(crate) carillon: PathBuf,
    /// Another build of Carillon's functions.
    pub(crate) variant: Option<PathBuf>,
    /// The Rust peer.
    pub(crate) natural: PathBuf,
    /// Node's runtime loop, and the bundles that it runs.
    pub(crate) node: PathBuf,
}

impl Programs {
    /// The file that is started, or for Node the bundle. The table has its size.
    pub(crate) fn file(&self, system: System, work: &Work) -> PathBuf {
        match system {
            System::Floor => self.carillon.join("bench-echo"),
            System::FloorWithSdk => self.carillon.join("bench-echo-sdk"),
            System::Carillon => self.carillon.join(work.function),
            System::Variant => self.variant.as_ref().unwrap_or(&self.carillon).join(work.function),
            System::NaturalRust => self.natural.join(work.function),
            System::Node => self.node.join(format!("{}.mjs", work.function)),
        }
    }

    fn command_line(&self, system: System, work: &Work) -> Vec<PathBuf> {
        let file = self.file(system, work);
        match system {
            System::Node => vec!["node".into(), self.node.join("runtime.mjs"), file],
            _ => vec![file],
        }
    }
}

/// The environment of the measured processes.
pub(crate) struct World {
    pub(crate) programs: Programs,
    pub(crate) stand_ins: StandIns,
    pub(crate) certificates: Certificates,
}

impl World {
    /// Starts a process and its clock. `wrapper` is a program that runs it, such as valgrind.
    pub(crate) fn start(&self, system: System, work: &Work, api: &RuntimeApi, wrapper: &[String]) -> Result<Child> {
        let line = self.programs.command_line(system, work);
        let mut line = wrapper.iter().map(PathBuf::from).chain(line);
        let program = line.next().context("a command line is not empty")?;
        let mut command = Command::new(&program);
        command.args(line).env_clear().envs(self.environment(work.function, work.transport, &api.address.to_string()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        api.start_clock();
        command.spawn().with_context(|| format!("{} does not start", program.display()))
    }

    /// What a function's process finds in its environment. `api` is the address of its Runtime API.
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
            ("PUSHER_APP_ID", "3".to_owned()),
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
