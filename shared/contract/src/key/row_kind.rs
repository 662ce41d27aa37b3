//! The kinds of rows, by their keys.

use super::Key;

/// The kinds of rows. Code for every row of the table, such as the erasure of a user, matches on this, so that the compiler finds
/// a new kind there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    Book,
    Profile,
    Presence,
    Kudos,
    Notification,
    NotificationCounter,
    Preferences,
    Device,
    DeviceOwner,
    Idempotency,
    Party,
    Member,
    Invitation,
    Limit,
    Socket,
    SocketPlace,
    UserSockets,
    SocketEvent,
    AppEvent,
    PublicKey,
    Contact,
    ChannelGrant,
    ChannelMember,
    ChannelConnection,
    Subscription,
    Subscriber,
    PresentMember,
    OccupiedChannel,
    CachedEvent,
    Heard,
    SocketLimit,
    Waiting,
    Heartbeat,
    Staff,
    ChatHead,
    ChatMessage,
    ChatKey,
    ChatRead,
    Lease,
    LeaseRequest,
    LeaseEmail,
    Reconcile,
    Erasure,
}

impl RowKind {
    /// The kind of the row with this key; `None` for a key that none of [`Key`]'s functions makes.
    #[must_use]
    pub fn of(key: &Key) -> Option<Self> {
        fn beginning(text: &str) -> &str {
            text.split_once('#').map_or(text, |(beginning, _)| beginning)
        }
        Some(match (beginning(&key.pk), beginning(&key.sk)) {
            ("BOOK", "BOOK") => Self::Book,
            ("USER", "PROFILE") => Self::Profile,
            ("ROOM", "USER") => Self::Presence,
            ("KUDOS", "KUDOS") => Self::Kudos,
            ("USER", "NOTIFICATION") => Self::Notification,
            ("USER", "NOTIFICATIONS") => Self::NotificationCounter,
            ("USER", "PREFERENCES") => Self::Preferences,
            ("USER", "DEVICE") => Self::Device,
            ("DEVICE", "OWNER") => Self::DeviceOwner,
            ("IDEMPOTENCY", "IDEMPOTENCY") => Self::Idempotency,
            ("PARTY", "PARTY") => Self::Party,
            ("PARTY", "MEMBER") => Self::Member,
            ("USER", "INVITATION") => Self::Invitation,
            ("USER", "LIMIT") => Self::Limit,
            ("SOCKET", "SOCKET") => Self::Socket,
            ("SOCKETS", _) => Self::SocketPlace,
            ("USER", "SOCKETS") => Self::UserSockets,
            ("SOCKETEVENT", "SOCKETEVENT") => Self::SocketEvent,
            ("APPEVENT", "APPEVENT") => Self::AppEvent,
            ("USER", "PUBLICKEY") => Self::PublicKey,
            ("USER", "CONTACT") => Self::Contact,
            ("USER", "CHANNEL") => Self::ChannelGrant,
            ("USER", "CHANNELMEMBER") => Self::ChannelMember,
            ("CONNECTION", "CONNECTION") => Self::ChannelConnection,
            ("CONNECTION", "SUBSCRIPTION") => Self::Subscription,
            ("SUBSCRIBERS", _) => Self::Subscriber,
            ("PRESENCE", _) => Self::PresentMember,
            ("OCCUPIED", _) => Self::OccupiedChannel,
            ("CACHE", "CACHE") => Self::CachedEvent,
            ("HEARD", _) => Self::Heard,
            ("SOCKET", "LIMIT") => Self::SocketLimit,
            ("WAITING", _) => Self::Waiting,
            ("HEARTBEATS", _) => Self::Heartbeat,
            ("HOTEL", "STAFF") => Self::Staff,
            ("CHAT", "HEAD") => Self::ChatHead,
            ("CHAT", "MSG") => Self::ChatMessage,
            ("CHAT", "KEY") => Self::ChatKey,
            ("CHAT", "READ") => Self::ChatRead,
            ("LEASE", "LEASE") => Self::Lease,
            ("LEASE", "REQUEST") => Self::LeaseRequest,
            ("LEASE", "EMAIL") => Self::LeaseEmail,
            ("RECONCILE", "ROOMS") => Self::Reconcile,
            ("ERASURE", "ERASURE") => Self::Erasure,
            _ => return None,
        })
    }
}
