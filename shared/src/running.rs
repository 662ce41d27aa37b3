//! [`Running`]: the [`App`] of a process, made again when its secret was rotated.
//!
//! Secrets are in the environment, or `SECRETS_FROM` names a secret of Secrets Manager (`settings/secrets.rs`). That one is read at the
//! start, and again before the first invocation that comes [`REFRESH_SECONDS`] or more after the last reading. Lambda freezes a process between
//! invocations, so the clock counts, and no timer. If the secret has another version then, all clients are made again with it, over the
//! connections that are open. If it cannot be read, the old values stay, the log line raises `OperatorErrorAlarm`, and the next
//! invocation after [`RETRY_SECONDS`] tries again.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::sync::Mutex;

use crate::app::{App, StartError};
use crate::clients::aws;
use crate::clients::https::HttpClient;
use crate::clients::secrets_manager::{SecretReader, Version};
use crate::contract::time::Millis;
use crate::http;
use crate::settings::secrets::{self, Secrets};
use crate::settings::{Need, Settings};
use crate::telemetry::{self, Record};

/// How long a version is used before Secrets Manager is asked again. (Lambda developer guide, "Use Secrets Manager secrets in Lambda
/// functions": AWS's extension keeps secrets for as long.)
pub const REFRESH_SECONDS: i64 = 300;
/// How long after a failure.
pub const RETRY_SECONDS: i64 = 30;
/// How long an invocation waits for the secret.
const WAIT: Duration = Duration::from_secs(1);

/// Makes an [`App`] of these settings.
pub type Make = fn(Settings, HttpClient, SdkConfig) -> Result<App, StartError>;

impl App {
    /// Reads the settings and makes the clients, for the life of the process, with connections to DynamoDB and Pusher open: for
    /// functions that use them whenever they are called. The needs say which secrets the function has.
    ///
    /// # Errors
    /// In one sentence, what to set.
    pub async fn start(needs: &'static [Need]) -> Result<&'static Running, StartError> {
        let running = Running::start(Self::with, needs).await?;
        running.connect().await;
        Ok(running)
    }

    /// As [`App::start`], for the function that sends pushes and e-mails.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with_senders(needs: &'static [Need]) -> Result<&'static Running, StartError> {
        let running = Running::start(Self::with_senders, needs).await?;
        running.connect().await;
        Ok(running)
    }

    /// As [`App::start`], for a function that often needs neither: the first request that needs a connection opens it.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_unconnected(needs: &'static [Need]) -> Result<&'static Running, StartError> {
        let running = Running::start(Self::with, needs).await?;
        running.warm_up().await;
        Ok(running)
    }
}

/// Stands for the newest [`App`]: `&Running` is used as `&App`.
pub struct Running {
    app: RwLock<&'static App>,
    rotating: Option<Rotating>,
}

/// Makes an app with a newer version of the secret.
struct Rotating {
    reader: SecretReader,
    make: Make,
    needs: &'static [Need],
    http: HttpClient,
    aws: SdkConfig,
    variables: HashMap<String, String>,
    last: Mutex<Last>,
}

struct Last {
    version: String,
    next_reading: Millis,
}

impl Deref for Running {
    type Target = App;

    fn deref(&self) -> &App {
        *self.app.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("app", &**self).finish_non_exhaustive()
    }
}

impl Running {
    /// Reads the environment, and the secret where the environment says so. Each invocation over HTTP refreshes it.
    async fn start(make: Make, needs: &'static [Need]) -> Result<&'static Self, StartError> {
        let http = HttpClient::default();
        let aws = aws::loader(&http).load().await;
        let running: &'static Self =
            Box::leak(Box::new(Self::with((make, needs), http, aws, secrets::environment()).await?));
        if running.rotating.is_some() {
            http::before_each(|| Box::pin(running.refresh()));
        }
        Ok(running)
    }

    /// Reads these variables, and the secret where they say so.
    ///
    /// # Errors
    /// In one sentence, what to set, or why the secret cannot be read.
    pub async fn with(
        (make, needs): (Make, &'static [Need]),
        http: HttpClient,
        aws: SdkConfig,
        variables: HashMap<String, String>,
    ) -> Result<Self, StartError> {
        let secret = secrets::secret_of(&variables).map_err(|error| StartError(error.to_string()))?;
        let Some(secret) = secret else {
            let settings = Settings::read(needs, |name| variables.get(name).cloned());
            let app = make(settings.map_err(|error| StartError(error.to_string()))?, http, aws)?;
            return Ok(Self { app: RwLock::new(Box::leak(Box::new(app))), rotating: None });
        };
        let reader = SecretReader::new(&aws, secret.to_owned());
        let Version { id, secrets } = reader.read().await.map_err(|error| StartError(unreadable(&reader, &error)))?;
        let last = Mutex::new(Last { version: id, next_reading: Millis::now().plus_seconds(REFRESH_SECONDS) });
        let rotating = Rotating { reader, make, needs, http, aws, variables, last };
        Ok(Self { app: RwLock::new(rotating.app(&secrets)?), rotating: Some(rotating) })
    }

    /// Reads the secret again if it is time to, and from then on stands for an app with its newest version.
    pub async fn refresh(&self) {
        if let Some(record) = self.refresh_at(Millis::now()).await {
            record.print();
        }
    }

    /// As [`Running::refresh`], at this moment. Returns the log line of a rotation or of a failure.
    pub async fn refresh_at(&self, now: Millis) -> Option<Record> {
        let rotating = self.rotating.as_ref()?;
        let mut last = rotating.last.lock().await;
        if now < last.next_reading {
            return None;
        }
        let record = Record::new("", "SECRETS_FROM");
        let newer = rotating.newer_than(&last.version).await;
        last.next_reading = now.plus_seconds(if newer.is_ok() { REFRESH_SECONDS } else { RETRY_SECONDS });
        match newer {
            Ok(None) => return None,
            Ok(Some((version, app))) => {
                record.scope(async { telemetry::note("secretVersion", version.as_str()) }).await;
                last.version = version;
                *self.app.write().unwrap_or_else(PoisonError::into_inner) = app;
            }
            Err(text) => record.scope(async { telemetry::operator_error(text) }).await,
        }
        Some(record)
    }
}

impl Rotating {
    /// An app with the secret's newest version, unless that is this one.
    async fn newer_than(&self, version: &str) -> Result<Option<(String, &'static App)>, String> {
        let newest = self.reader.read_within(WAIT).await.map_err(|error| unreadable(&self.reader, &error))?;
        if newest.id == version {
            return Ok(None);
        }
        let app = self.app(&newest.secrets).map_err(|error| format!("{error}; the version before it stays in use"))?;
        Ok(Some((newest.id, app)))
    }

    /// It lives as long as the process, as those of earlier versions do: handlers may hold one.
    fn app(&self, secrets: &Secrets) -> Result<&'static App, StartError> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let settings = Settings::read(self.needs, |name| secrets.value(name, variable)).map_err(|error| {
            StartError(format!("{error}; its value is read from the secret {}", self.reader.secret()))
        })?;
        Ok(Box::leak(Box::new((self.make)(settings, self.http.clone(), self.aws.clone())?)))
    }
}

fn unreadable(reader: &SecretReader, error: &(dyn std::error::Error + 'static)) -> String {
    format!("the secret {} (SECRETS_FROM) cannot be read: {}", reader.secret(), telemetry::chain(error))
}
