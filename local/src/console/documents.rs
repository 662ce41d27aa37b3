//! The documents that [`super::contract`] has converted.

use tokio::sync::OnceCell;

/// Each is converted when it is first asked for; as text, which keeps the document's order.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) openapi: OnceCell<String>,
    pub(super) asyncapi: OnceCell<String>,
}
