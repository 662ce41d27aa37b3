//! `PUSHER_*`: the Pusher app that events go through.

use std::fmt;

use base64::Engine as _;
use zeroize::Zeroizing;

use super::{Secret, SettingsError, Variables};

/// A Pusher app, or a self-hosted server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct PusherSettings {
    /// `PUSHER_APP_ID`
    pub app_id: String,
    /// `PUSHER_KEY` (or `PUSHER_APP_KEY`) and `PUSHER_SECRET` (or `PUSHER_APP_SECRET`).
    pub credentials: Credentials,
    /// `PUSHER_PREVIOUS_KEY` and `PUSHER_PREVIOUS_SECRET`: webhooks signed by these are accepted during rotation.
    pub previous: Option<Credentials>,
    /// `PUSHER_ENCRYPTION_MASTER_KEY_BASE64`: 32 bytes; encrypted channels are refused without it.
    pub encryption_master_key: Option<MasterKey>,
    /// Scheme, host and port of Pusher's HTTP API, from `PUSHER_HOST`, `PUSHER_PORT` and `PUSHER_SCHEME` or
    /// `PUSHER_CLUSTER`; `None` with `CHANNELS=gateway`, where Carillon itself serves the channels.
    pub origin: Option<String>,
}

/// A Pusher key (public) with its secret.
#[derive(Clone)]
pub struct Credentials {
    /// Public: it tells which secret signed.
    pub key: String,
    /// The key of the signatures; never leaves the process.
    pub secret: Secret,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The key from which the keys of encrypted channels derive.
#[derive(Clone)]
pub struct MasterKey(pub(crate) Zeroizing<[u8; 32]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl PusherSettings {
    pub(super) fn read(env: &Variables<'_>, serves_channels: bool) -> Result<Self, SettingsError> {
        let previous = match (env.get("PUSHER_PREVIOUS_KEY"), env.get("PUSHER_PREVIOUS_SECRET")) {
            (Some(key), Some(secret)) => Some(Credentials { key, secret: Secret::new(secret) }),
            (Some(_), None) => return Err(SettingsError::Missing("PUSHER_PREVIOUS_SECRET")),
            (None, _) => None,
        };
        let app_id = env.require("PUSHER_APP_ID")?;
        if !app_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(SettingsError::Malformed("PUSHER_APP_ID", "the id from the app's keys, letters and digits"));
        }
        Ok(Self {
            app_id,
            credentials: Credentials {
                key: env.either("PUSHER_KEY", "PUSHER_APP_KEY")?,
                secret: Secret::new(env.either("PUSHER_SECRET", "PUSHER_APP_SECRET")?),
            },
            previous,
            encryption_master_key: env
                .get("PUSHER_ENCRYPTION_MASTER_KEY_BASE64")
                .map(|text| master_key(&text))
                .transpose()?,
            origin: if serves_channels { None } else { Some(Self::origin(env)?) },
        })
    }

    fn origin(env: &Variables<'_>) -> Result<String, SettingsError> {
        let scheme = env.get("PUSHER_SCHEME").unwrap_or_else(|| "https".to_owned());
        if scheme != "http" && scheme != "https" {
            return Err(SettingsError::Malformed("PUSHER_SCHEME", "http or https"));
        }
        let is_host = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        let host = match (env.get("PUSHER_HOST"), env.get("PUSHER_CLUSTER")) {
            (Some(host), _) => host,
            (None, Some(cluster)) => format!("api-{cluster}.pusher.com"),
            (None, None) => return Err(SettingsError::Missing("PUSHER_CLUSTER")),
        };
        if !is_host(&host) {
            return Err(SettingsError::Malformed("PUSHER_HOST", "a host name without scheme, port or path"));
        }
        match env.get("PUSHER_PORT") {
            None => Ok(format!("{scheme}://{host}")),
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => Ok(format!("{scheme}://{host}:{port}")),
                _ => Err(SettingsError::Malformed("PUSHER_PORT", "a port number")),
            },
        }
    }
}

fn master_key(text: &str) -> Result<MasterKey, SettingsError> {
    const MALFORMED: SettingsError =
        SettingsError::Malformed("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "32 bytes in base64 (openssl rand -base64 32)");
    let bytes = Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| MALFORMED)?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MALFORMED)?;
    Ok(MasterKey(Zeroizing::new(key)))
}
