//! The secrets of this machine's stack: created once, kept private, never in the repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::files::private_file;

/// The values that the deployed functions read from Secrets Manager.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secrets {
    pub(crate) pusher_secret: String,
    pub(crate) encryption_master_key_base64: String,
    pub(crate) jwt_secret: String,
    /// Absent from files of before there was e-mail.
    #[serde(default = "random_key")]
    pub(crate) email_link_key: String,
}

fn random_key() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

impl Secrets {
    /// The secrets in the directory; created at the first start.
    pub(crate) fn keep_in(directory: &Path) -> Result<Self> {
        let path = directory.join("secrets.json");
        if let Ok(kept) = fs::read_to_string(&path) {
            let secrets: Self = serde_json::from_str(&kept)
                .with_context(|| format!("{} is not readable; delete it and start again", path.display()))?;
            private_file::write(&path, &serde_json::to_string_pretty(&secrets)?)?;
            return Ok(secrets);
        }
        let secrets = Self::random();
        private_file::write(&path, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }

    fn random() -> Self {
        Self {
            pusher_secret: hex::encode(rand::random::<[u8; 10]>()),
            encryption_master_key_base64: STANDARD.encode(rand::random::<[u8; 32]>()),
            jwt_secret: random_key(),
            email_link_key: random_key(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_created_once() {
        let directory = std::env::temp_dir().join(format!("carillon-secrets-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let made = Secrets::keep_in(&directory).unwrap();
        assert_eq!(Secrets::keep_in(&directory).unwrap(), made);
        assert_ne!(Secrets::random(), made);
        fs::remove_dir_all(&directory).unwrap();
    }
}
