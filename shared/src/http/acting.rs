//! The back end that acts for the user of the current request, as the context of a write and an idempotency key
//! need it, which have no caller.

use std::cell::OnceCell;

use crate::contract::id::UserId;

tokio::task_local! {
    static SERVICE: OnceCell<UserId>;
}

/// Runs one request.
pub(super) async fn scope<T>(work: impl Future<Output = T>) -> T {
    SERVICE.scope(OnceCell::new(), work).await
}

/// Notes that this service sent the current request, for a user.
pub fn note_acting_service(service: &UserId) {
    // Outside a request nothing asks for it. A request has one caller.
    let _ = SERVICE.try_with(|noted| noted.set(service.clone()));
}

/// The service that sent the current request for a user, once [`crate::App::authenticate`] has verified it.
#[must_use]
pub fn acting_service() -> Option<UserId> {
    SERVICE.try_with(|noted| noted.get().cloned()).ok().flatten()
}
