//! Webhooks as Pusher sends them, but twice and in the wrong order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use hmac::{Hmac, Mac as _};
use http::Request;
use serde_json::json;
use sha2::Sha256;

use super::event::RoomUser;
use crate::net::relay::Relay;
use crate::state::State;

/// Sends webhooks in Pusher's name.
#[derive(Clone)]
pub(super) struct Webhooks {
    relay: Relay,
    key: String,
    secret: String,
    taken: Arc<AtomicU64>,
}

impl Webhooks {
    pub(super) fn of(state: &State, front_door: &str) -> Self {
        let (key, secret) = (state.pusher.key.clone(), state.pusher.secret.clone().unwrap_or_default());
        Self { relay: Relay::to(front_door), key, secret, taken: Arc::default() }
    }

    /// How many webhooks were taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Tells twice that the user came and left a moment ago, and the later before the earlier.
    pub(super) async fn send_wrong(self, room_user: RoomUser) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let event = |name: &str, ago: u128| {
            let channel = format!("{}{}", contract::channel::ROOM, room_user.book);
            let event = json!({ "name": name, "channel": channel, "user_id": room_user.user });
            json!({ "time_ms": u64::try_from(now.saturating_sub(ago)).unwrap_or_default(), "events": [event] })
                .to_string()
        };
        let (came, left) = (event("member_added", 200), event("member_removed", 100));
        for body in [&left, &came, &left, &came] {
            if self.send(body).await? {
                self.taken.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Sends one; returns whether it was taken.
    async fn send(&self, body: &str) -> Result<bool> {
        let request = Request::post("/pusher/webhook")
            .header("content-type", "application/json")
            .header("x-pusher-key", &self.key)
            .header("x-pusher-signature", signature(&self.secret, body))
            .body(())?;
        let sent = self.relay.send(request.into_parts().0, body.to_owned().into()).await;
        Ok(sent.is_ok_and(|response| response.status().is_success()))
    }
}

fn signature(secret: &str, body: &str) -> String {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    keyed.update(body.as_bytes());
    hex::encode(keyed.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_pushers() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", "what do ya want for nothing?"), expected);
    }
}
