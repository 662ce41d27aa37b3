//! The arguments of `cargo local smoke`.

use std::time::Duration;

use clap::{Args, value_parser};

use crate::net::origin::Origin;

// No `Debug`: some fields are tokens.
#[derive(Args)]
pub(crate) struct SmokeOptions {
    /// Address of a deployed stack's HTTP API, its output ApiUrl. Without it, the running local stack is checked
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Address of its WebSocket API, the output SocketUrl. May be left out where both APIs have one origin
    #[arg(long, value_name = "URL", requires = "url")]
    pub(super) socket_url: Option<String>,
    /// A member's token. Other users of this machine see arguments, so rather set the environment variable CARILLON_TOKEN
    #[arg(long)]
    pub(super) token: Option<String>,
    /// A token with the role service, for the checks of other back ends' routes; or CARILLON_SERVICE_TOKEN
    #[arg(long, value_name = "TOKEN")]
    pub(super) service_token: Option<String>,
    /// A member's token that has expired, to see that it is refused; or CARILLON_EXPIRED_TOKEN
    #[arg(long, value_name = "TOKEN")]
    pub(super) expired_token: Option<String>,
    /// An origin of AllowedOrigins, to see that its pages may call the API
    #[arg(long)]
    pub(super) origin: Option<Origin>,
    /// Also sends one event to a channel of its own and sees it arrive; needs the token of a service
    #[arg(long)]
    pub(super) write: bool,
    /// Time-out of each request and of each awaited frame, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=60))]
    timeout: u64,
    /// One JSON object per check and line, and the counts at the end
    #[arg(long)]
    pub(super) json: bool,
}

impl SmokeOptions {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}
