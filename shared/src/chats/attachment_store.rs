//! Where the files of messages are, and what may come in.

use crate::api_error::ApiError;
use crate::clients::bucket::Bucket;
use crate::contract::attachments::AttachmentId;
use crate::settings::AttachmentSettings;

/// Most attachments of a message.
pub const MAX_ATTACHMENTS: usize = 5;

/// The bucket with its limits.
#[derive(Debug, Clone)]
pub struct AttachmentStore {
    pub(super) bucket: Bucket,
    pub(super) max_bytes: u64,
    pub(super) types: Vec<String>,
}

impl AttachmentStore {
    pub(crate) fn new(bucket: Bucket, settings: &AttachmentSettings) -> Self {
        Self { bucket, max_bytes: settings.max_bytes, types: settings.types.clone() }
    }

    /// 404 where the stack has no bucket.
    #[must_use]
    pub fn none() -> ApiError {
        ApiError::NotFound(
            "Messages have no attachments here: an operator turns them on with Attachments=on".to_owned(),
        )
    }
}

/// The files that are to come with a new message.
#[derive(Debug, Clone)]
pub struct NewAttachments {
    pub(super) ids: Vec<AttachmentId>,
    pub(super) store: AttachmentStore,
}

impl NewAttachments {
    /// Parses the field `attachmentIds`; `None` for none.
    ///
    /// # Errors
    /// 400 for more than five, for one that comes twice, and for any other text; 404 where the stack has no bucket.
    pub fn parse(ids: &[String], store: Option<&AttachmentStore>) -> Result<Option<Self>, ApiError> {
        if ids.is_empty() {
            return Ok(None);
        }
        let store = store.ok_or_else(AttachmentStore::none)?.clone();
        let refused = || {
            let rule =
                format!("must be 1 to {MAX_ATTACHMENTS} different ids, as the requests for the uploads returned them");
            ApiError::field("attachmentIds", rule)
        };
        let ids = ids.iter().map(|id| AttachmentId::parse(id).ok_or_else(refused)).collect::<Result<Vec<_>, _>>()?;
        let is_repeated = (1..ids.len()).any(|place| ids[..place].contains(&ids[place]));
        if ids.len() > MAX_ATTACHMENTS || is_repeated { Err(refused()) } else { Ok(Some(Self { ids, store })) }
    }
}
