//! `ATTACHMENTS_*`: the bucket for files of messages, and what may come in.

use super::{SettingsError, Variables};

/// The default of `MAX_ATTACHMENT_BYTES`: 10 MB.
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// The most that `MAX_ATTACHMENT_BYTES` may be: a form of a browser is one request, so a larger file would fail on a slow line.
const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// The default of `ATTACHMENT_TYPES`. A browser runs scripts of none of them: of SVG and HTML it would.
const TYPES: &str = "image/jpeg,image/png,image/gif,image/webp,application/pdf";

/// The bucket of attachments, in functions that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentSettings {
    /// `ATTACHMENTS_BUCKET`: its name. Without one, there are no attachments.
    pub bucket: String,
    /// `ATTACHMENTS_ENDPOINT`: the address of a stand-in for S3; S3's own if not set.
    pub endpoint: Option<String>,
    /// `MAX_ATTACHMENT_BYTES`: the most bytes of a file; 10 MB if not set. With 0, no file comes in any more.
    pub max_bytes: u64,
    /// `ATTACHMENT_TYPES`: the media types that files may have, in lower case.
    pub types: Vec<String>,
}

impl AttachmentSettings {
    pub(super) fn read(env: &Variables<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(bucket) = env.get("ATTACHMENTS_BUCKET") else { return Ok(None) };
        let endpoint = env.get("ATTACHMENTS_ENDPOINT").map(|url| url.trim_end_matches('/').to_owned());
        if endpoint.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(SettingsError::Malformed("ATTACHMENTS_ENDPOINT", "an https address"));
        }
        let max_bytes = match env.get("MAX_ATTACHMENT_BYTES").map(|bytes| bytes.parse()) {
            None => MAX_BYTES,
            Some(Ok(bytes @ 0..=MOST_BYTES)) => bytes,
            Some(_) => return Err(SettingsError::Malformed("MAX_ATTACHMENT_BYTES", "a number from 0 to 104857600")),
        };
        let named = env.get("ATTACHMENT_TYPES").unwrap_or_else(|| TYPES.to_owned());
        let types: Vec<_> = named.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
        if !types.iter().all(|name| is_media_type(name)) {
            let rule = "media types with commas between them, such as image/png,application/pdf";
            return Err(SettingsError::Malformed("ATTACHMENT_TYPES", rule));
        }
        Ok(Some(Self { bucket, endpoint, max_bytes, types }))
    }
}

/// `type/subtype`, without parameters (RFC 6838, section 4.2).
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=127).contains(&name.len()) && name.bytes().all(is_part)
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<AttachmentSettings>, SettingsError> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        AttachmentSettings::read(&Variables(&variable))
    }

    const BUCKET: (&str, &str) = ("ATTACHMENTS_BUCKET", "b");

    #[test]
    fn without_a_bucket_there_are_no_attachments() {
        assert_eq!(read(&[("ATTACHMENT_TYPES", "image/png")]), Ok(None));
        assert_eq!(read(&[BUCKET]).unwrap().unwrap().endpoint, None);
        let local = read(&[BUCKET, ("ATTACHMENTS_ENDPOINT", "http://localhost:3000/")]).unwrap().unwrap();
        assert_eq!(local.endpoint.as_deref(), Some("http://localhost:3000"));
    }

    #[test]
    fn only_types_without_scripts_are_taken_unless_the_operator_names_others() {
        let settings = read(&[BUCKET]).unwrap().unwrap();
        assert_eq!(settings.max_bytes, 10_485_760);
        assert!(settings.types.contains(&"image/png".to_owned()));
        assert!(!settings.types.iter().any(|name| name.contains("svg") || name.contains("html")));
        let more = [BUCKET, ("ATTACHMENT_TYPES", "Image/HEIC, application/vnd.ms-excel")];
        assert_eq!(read(&more).unwrap().unwrap().types, ["image/heic", "application/vnd.ms-excel"]);
    }

    #[test]
    fn a_bad_value_is_named() {
        for (name, value) in [
            ("ATTACHMENTS_ENDPOINT", "s3.amazonaws.com"),
            ("MAX_ATTACHMENT_BYTES", "-1"),
            ("MAX_ATTACHMENT_BYTES", "10 MB"),
            ("MAX_ATTACHMENT_BYTES", "104857601"),
            ("ATTACHMENT_TYPES", "png"),
            ("ATTACHMENT_TYPES", "image/png,"),
            ("ATTACHMENT_TYPES", "image/*"),
            ("ATTACHMENT_TYPES", "text/plain; charset=utf-8"),
        ] {
            let refused = read(&[(name, value), BUCKET]);
            assert!(matches!(refused, Err(SettingsError::Malformed(named, _)) if named == name), "{name}={value}");
        }
    }
}
