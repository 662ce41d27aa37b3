//! Pusher's signatures: of a subscription ("Authenticating users"), and of a request to its HTTP API ("HTTP API reference").

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::event::{PUSHER, millis};

/// The authorization of a connection's subscription to a channel, with the member's data where it is a presence channel.
pub(super) fn of_subscription(socket: &str, channel: &str, member: Option<&str>) -> String {
    let signed = match member {
        Some(member) => format!("{socket}:{channel}:{member}"),
        None => format!("{socket}:{channel}"),
    };
    format!("{}:{}", PUSHER.0, by_secret(&signed))
}

/// The query of a request that posts this body now.
///
/// # Errors
/// When `md5sum` is not there: no crate here computes MD5, and nobody waits for this.
pub(super) fn of_post(path: &str, body: &str) -> Result<String> {
    let (key, seconds) = (PUSHER.0, millis() / 1000);
    let query = format!("auth_key={key}&auth_timestamp={seconds}&auth_version=1.0&body_md5={}", md5(body)?);
    let signature = by_secret(&format!("POST\n{path}\n{query}"));
    Ok(format!("{query}&auth_signature={signature}"))
}

fn by_secret(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(PUSHER.1.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn md5(text: &str) -> Result<String> {
    let mut process = Command::new("md5sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("md5sum of coreutils is needed and does not start")?;
    process.stdin.take().context("its input is a pipe")?.write_all(text.as_bytes())?;
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "md5sum failed");
    let line = String::from_utf8(output.stdout)?;
    Ok(line.split_whitespace().next().context("md5sum printed nothing")?.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    /// Pusher's own examples: its page "Authenticating users" has the first, and its page "HTTP API reference" the digest of the last.
    #[test]
    fn signatures_are_pushers() {
        let signed = |text: &str| format!("{}:{text}", PUSHER.0);
        assert_eq!(
            of_subscription("1234.1234", "private-foobar", None),
            signed("58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4")
        );
        let member = r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#;
        assert_eq!(
            of_subscription("1234.1234", "presence-foobar", Some(member)),
            signed("31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80")
        );
        let body = r#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
        assert_eq!(md5(body).unwrap(), "ec365a775a4cd0599faeb73354201b6f");
        let query = of_post("/apps/3/events", body).unwrap();
        assert!(query.contains("&body_md5=ec365a775a4cd0599faeb73354201b6f&auth_signature="), "{query}");
    }
}
