//! The content of a direct message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::api_error::ApiError;
use crate::chats::{NewAttachments, text_with};
use crate::contract::sockets::Sealed;
use crate::contract::text::Text;

/// Most bytes of a ciphertext, before base64: a text of 4,000 characters of four bytes, and the tag.
const MAX_CIPHERTEXT: usize = 16 * 1024 + 16;
/// Bytes of a nonce of XSalsa20-Poly1305 (NaCl's box).
const NONCE: usize = 24;

/// Text, or what is sealed: encrypted by the sender's client so that only the receiver's can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text(Text),
    Sealed(Sealed),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Sent {
    Text(String),
    Sealed(Sealed),
}

impl Content {
    /// Parses the field `content` of a message that comes with these files.
    ///
    /// # Errors
    /// 400 for a text that is empty, too long, or has control characters; 400 for what is sealed in another form.
    pub fn parse(value: Value, attachments: Option<&NewAttachments>) -> Result<Self, ApiError> {
        let rule = "must be text, or {ciphertext, nonce, keyVersion} with both in base64";
        match serde_json::from_value(value).map_err(|_| ApiError::field("content", rule))? {
            Sent::Text(text) => Ok(Self::Text(text_with(attachments, &text, "content")?)),
            Sent::Sealed(sealed) => {
                let bytes = |text: &str| STANDARD.decode(text).map(|bytes| bytes.len()).ok();
                let fits = bytes(&sealed.ciphertext).is_some_and(|length| (1..=MAX_CIPHERTEXT).contains(&length))
                    && bytes(&sealed.nonce) == Some(NONCE);
                if fits { Ok(Self::Sealed(sealed)) } else { Err(ApiError::field("content", rule)) }
            }
        }
    }

    pub(super) fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed(_))
    }

    /// As it is stored.
    pub(super) fn text(self) -> Text {
        match self {
            Self::Text(text) => text,
            Self::Sealed(sealed) => {
                Text::sealed(serde_json::to_string(&sealed).expect("what is sealed is strings and a number"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_content_is_text_or_sealed() {
        let nonce = STANDARD.encode([0; 24]);
        let sealed =
            |ciphertext: &str, nonce: &str| json!({ "ciphertext": ciphertext, "nonce": nonce, "keyVersion": 1 });
        assert!(!Content::parse(json!("hi"), None).unwrap().is_sealed());
        assert!(Content::parse(sealed("AQID", &nonce), None).unwrap().is_sealed());
        let long = STANDARD.encode(vec![0; MAX_CIPHERTEXT + 1]);
        for bad in [
            json!(null),
            json!(7),
            json!(""),
            json!({}),
            sealed("", &nonce),
            sealed("not base64", &nonce),
            sealed("AQID", "AQID"),
            sealed(&long, &nonce),
            json!({ "ciphertext": "AQID", "nonce": nonce }),
            json!({ "ciphertext": "AQID", "nonce": nonce, "keyVersion": 1, "plaintext": "oops" }),
        ] {
            assert!(Content::parse(bad.clone(), None).is_err(), "{bad:.80}");
        }
    }
}
