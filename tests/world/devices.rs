//! The devices of a user.

use serde_json::json;

use crate::{Request, World};

/// The request that registers a device of this user.
pub fn register(user: &str, token: &str) -> Request {
    Request::new("POST /notifications/device-token").by(user).json(&json!({ "token": token }))
}

/// A world with push in which ada has these devices.
pub async fn with_devices(devices: &[&str]) -> World {
    let world = World::with_push().await;
    for device in devices {
        assert_eq!(world.send(device_tokens::handle, &register("ada", device)).await.status, 200);
    }
    world
}
