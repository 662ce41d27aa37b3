//! The kinds of lines.

use super::job::ReadJob;
use super::line::LineFields;
use super::{book, chat, kudos, lease, notification, party, person, staff};
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::table::LineDigest;

/// A kind of line.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineKind {
    name: &'static str,
    read: fn(LineFields, &LineDigest, Millis) -> Result<ReadJob, ApiError>,
}

/// All kinds.
const KINDS: [LineKind; 15] = [
    LineKind { name: "profile", read: person::profile },
    LineKind { name: "preferences", read: person::preferences },
    LineKind { name: "device", read: person::device },
    LineKind { name: "book", read: book::book },
    LineKind { name: "kudos", read: kudos::kudos },
    LineKind { name: "notification", read: notification::notification },
    LineKind { name: "party", read: party::party },
    LineKind { name: "member", read: party::member },
    LineKind { name: "invitation", read: party::invitation },
    LineKind { name: "staff", read: staff::staff },
    LineKind { name: "lease", read: lease::lease },
    LineKind { name: "leaseRequest", read: lease::request },
    LineKind { name: "message", read: chat::message },
    LineKind { name: "readMark", read: chat::read_mark },
    LineKind { name: "chat", read: chat::chat },
];

impl LineKind {
    /// Takes the kind out of a line.
    ///
    /// # Errors
    /// 400 for a line without a known kind.
    pub(super) fn take(fields: &mut LineFields) -> Result<Self, ApiError> {
        let name = fields.text("kind")?;
        KINDS.into_iter().find(|kind| kind.name == name).ok_or_else(|| {
            ApiError::field("kind", format!("must be one of {}", KINDS.map(|kind| kind.name).join(", ")))
        })
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }

    /// The job of a line of this kind.
    ///
    /// # Errors
    /// 400, 413 and 422 as the product's own route.
    pub(super) fn read(self, fields: LineFields, digest: &LineDigest, now: Millis) -> Result<ReadJob, ApiError> {
        (self.read)(fields, digest, now)
    }
}
