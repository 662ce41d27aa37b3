//! Whether a signature opens a channel to a connection, or lets it sign in. The app's back end signs, mostly by `POST /pusher/auth` here.
//! Sources: Pusher Channels docs, "Auth signatures", "User authentication".

use serde::Deserialize;
use serde_json::value::RawValue;

use super::presence::{MAX_MEMBER_ID, MAX_MEMBER_INFO, MemberId};
use crate::clients::pusher::Signer;
use crate::clients::pusher::frames::{SignInFrame, SubscribeFrame};
use crate::contract::any_channel::AnyChannel;
use crate::contract::id::UserId;
use crate::contract::socket_id::SocketId;

/// Why a subscription or a sign-in is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error(
        "The signature does not open this channel to this connection: send the auth of your back end, made for this socket_id and channel"
    )]
    Signature,
    #[error(
        "channel_data must be JSON with a user_id of at most {MAX_MEMBER_ID} characters, and a user_info of at most {MAX_MEMBER_INFO} bytes"
    )]
    Member,
    #[error("Sign in as this user first: call pusher.signin()")]
    NotSignedIn,
    #[error(
        "user_data must be JSON with an id of 1 to 128 characters out of a-z, A-Z, 0-9 and -_=@,.;, and a user_info of at most {MAX_MEMBER_INFO} bytes"
    )]
    User,
}

#[derive(Deserialize)]
struct UserData<'a> {
    id: MemberId,
    #[serde(borrow, default)]
    user_info: Option<&'a RawValue>,
}

/// Checks the signature of a subscription, where its channel needs one.
pub(super) fn opens(
    signers: &[Signer],
    socket: &SocketId,
    channel: &AnyChannel,
    asked: &SubscribeFrame,
) -> Result<(), Refused> {
    let (auth, data) = (asked.auth.as_deref().unwrap_or_default(), asked.channel_data.as_deref());
    let is_signed = || signers.iter().any(|signer| signer.opens_channel(auth, socket, channel.as_str(), data));
    if !channel.is_signed() || is_signed() { Ok(()) } else { Err(Refused::Signature) }
}

/// Checks the signature of a sign-in; returns who it is, and what presence channels show of the user: JSON text.
pub(super) fn signs_in(
    signers: &[Signer],
    socket: &SocketId,
    asked: &SignInFrame,
) -> Result<(UserId, String), Refused> {
    if !signers.iter().any(|signer| signer.opens_user(&asked.auth, socket, &asked.user_data)) {
        return Err(Refused::Signature);
    }
    let data: UserData<'_> = serde_json::from_str(&asked.user_data).map_err(|_| Refused::User)?;
    let info = data.user_info.map_or("null", RawValue::get);
    if info.len() > MAX_MEMBER_INFO {
        return Err(Refused::User);
    }
    Ok((UserId::parse(data.id.text()).map_err(|_| Refused::User)?, info.to_owned()))
}
