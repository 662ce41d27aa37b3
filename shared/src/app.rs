//! What a function has at hand, made once when its process starts.

use std::fmt;
use std::sync::Arc;

use crate::aws::Aws;
use crate::delivery::{Courier, Pushes, RetryQueue};
use crate::fcm;
use crate::http::{Call, Problem};
use crate::identity::{Identity, Verifier};
use crate::outbox::Committed;
use crate::profile::Keeper;
use crate::pusher::{Client, Signer, Webhook, verify_webhook};
use crate::settings::Settings;
use crate::store::Store;
use crate::time::Millis;

/// Settings and clients.
#[derive(Debug)]
pub struct App {
    /// The settings it was started with.
    pub settings: Settings,
    /// The table.
    pub store: Store,
    /// Pusher's HTTP API.
    pub pusher: Client,
    /// What users' tokens said of them.
    pub profiles: Keeper,
    verifier: Verifier,
    previous_signer: Option<Signer>,
    aws: Aws,
    pushes: Option<Arc<dyn Pushes>>,
}

/// Why a function cannot start. Lambda logs it as it prints.
pub struct StartError(String);

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl App {
    /// Reads the environment and makes the clients, for the life of the process, with connections to DynamoDB and Pusher open:
    /// for functions that use both whenever they are called.
    ///
    /// # Errors
    /// In one sentence, what to set.
    pub async fn start() -> Result<&'static Self, StartError> {
        Self::without_pushes(settings()?, aws()?)?.connected().await
    }

    /// As [`App::start`], for the function that sends the pushes.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with_pushes() -> Result<&'static Self, StartError> {
        Self::with(settings()?, aws()?)?.connected().await
    }

    /// As [`App::start`], for a function that often needs neither: connections are opened by whoever needs them first.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_unconnected() -> Result<&'static Self, StartError> {
        let app = Self::without_pushes(settings()?, aws()?)?;
        app.verifier.warm_up().await;
        Ok(Box::leak(Box::new(app)))
    }

    async fn connected(self) -> Result<&'static Self, StartError> {
        tokio::join!(self.verifier.warm_up(), self.pusher.connect(), self.aws.connect());
        Ok(Box::leak(Box::new(self)))
    }

    /// Makes the clients for these settings, FCM's among them if they name an account to send as.
    ///
    /// # Errors
    /// When a client cannot be made.
    pub fn with(settings: Settings, aws: Aws) -> Result<Self, StartError> {
        let fcm = settings.firebase.as_ref().map(fcm::Client::new).transpose().map_err(failed)?.flatten();
        let pushes = fcm.map(|fcm| Arc::new(fcm) as Arc<dyn Pushes>);
        Ok(Self { pushes, ..Self::without_pushes(settings, aws)? })
    }

    fn without_pushes(settings: Settings, aws: Aws) -> Result<Self, StartError> {
        let store = Store::new(&aws, &settings.table);
        Ok(Self {
            profiles: Keeper::new(store.clone()),
            store,
            pusher: Client::new(&settings.pusher),
            verifier: Verifier::new(&settings.tokens).map_err(failed)?,
            previous_signer: settings.pusher.previous.as_ref().map(Signer::new),
            aws,
            pushes: None,
            settings,
        })
    }

    /// Who is calling.
    ///
    /// # Errors
    /// 401 for no or a bad token.
    pub async fn member(&self, call: &Call) -> Result<Identity, Problem> {
        self.verifier.member(call.header("authorization")).await
    }

    /// The webhook that is calling.
    ///
    /// # Errors
    /// 401 unless Pusher signed it in the last five minutes, 400 when it is none.
    pub fn webhook(&self, call: &Call) -> Result<Webhook, Problem> {
        let signers: Vec<_> = std::iter::once(self.signer()).chain(&self.previous_signer).collect();
        verify_webhook(call, &signers, Millis::now())
    }

    /// Signs with the Pusher app's key.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        self.pusher.signer()
    }

    /// Delivers what rows owe.
    #[must_use]
    pub fn courier(&self) -> Courier {
        Courier::new(self.store.clone(), self.pusher.clone(), self.pushes.clone())
    }

    /// Delivers what was just committed, to be done after the answer.
    pub fn deliver(&self, rows: Vec<Committed>) -> impl Future<Output = ()> + Send + use<> {
        self.courier().inline(rows)
    }

    /// The retry queue, for the one function that has any use for it; the others need not even contain it.
    ///
    /// # Errors
    /// Names the variables that only the function `delivery` has.
    pub fn retry_queue(&self) -> Result<RetryQueue, StartError> {
        let queues = self.settings.queues.as_ref().ok_or_else(|| {
            StartError("set the environment variables RETRY_QUEUE_URL and DEAD_LETTER_QUEUE_URL".to_owned())
        })?;
        Ok(RetryQueue::new(&self.aws, queues.clone()))
    }
}

fn settings() -> Result<Settings, StartError> {
    Settings::from_env().map_err(|error| StartError(error.to_string()))
}

fn aws() -> Result<Aws, StartError> {
    Aws::from_env().map_err(|error| StartError(error.to_string()))
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StartError {
    StartError(error.to_string())
}
