//! The form by which a page uploads one file, without Carillon between it and S3.
//!
//! The policy in it names each field and the exact size, and S3 refuses what differs (Amazon S3 API reference, "POST Object"; Amazon S3 user
//! guide, "Browser-Based Uploads Using POST (AWS Signature Version 4)": "POST Policy", "Calculating a Signature").

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::{SERVICE, Tag, system_time};
use crate::contract::time::Millis;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A file that may be uploaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormFile<'a> {
    /// The key of its object.
    pub(crate) object: &'a str,
    pub(crate) content_type: &'a str,
    /// In bytes: no more and no fewer.
    pub(crate) size: u64,
    pub(crate) tag: Tag,
}

/// A form, to be sent as `multipart/form-data`: its fields, and then the file as the field `file`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// Where it is posted to.
    pub url: String,
    pub fields: BTreeMap<&'static str, String>,
    /// ISO 8601. S3 takes the file until then.
    pub expires_at: String,
}

/// A log must not show the signature.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("url", &self.url).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The key that signs, and its region.
pub(super) struct FormSigner<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
}

impl FormSigner<'_> {
    /// The signature of a policy in base64.
    fn signature(&self, policy: &str, now: Millis) -> String {
        let key = generate_signing_key(self.credentials.secret_access_key(), system_time(now), self.region, SERVICE);
        calculate_signature(key, policy.as_bytes())
    }
}

/// The fields of the form for this file, signed now.
pub(super) fn form(
    bucket: &str,
    signer: &FormSigner<'_>,
    file: &FormFile<'_>,
    now: Millis,
    until: Millis,
) -> BTreeMap<&'static str, String> {
    let at = basic_iso(now);
    let (day, key) = (&at[..8], signer.credentials.access_key_id());
    let (name, value) = file.tag;
    let tagging = format!("<Tagging><TagSet><Tag><Key>{name}</Key><Value>{value}</Value></Tag></TagSet></Tagging>");
    let mut fields = BTreeMap::from([
        ("key", file.object.to_owned()),
        ("Content-Type", file.content_type.to_owned()),
        ("tagging", tagging),
        ("x-amz-algorithm", ALGORITHM.to_owned()),
        ("x-amz-credential", format!("{key}/{day}/{}/{SERVICE}/aws4_request", signer.region)),
        ("x-amz-date", at),
    ]);
    if let Some(token) = signer.credentials.session_token() {
        fields.insert("x-amz-security-token", token.to_owned());
    }
    let policy = STANDARD.encode(policy(bucket, &fields, file.size, until).to_string());
    fields.insert("x-amz-signature", signer.signature(&policy, now));
    fields.insert("policy", policy);
    fields
}

/// Each field has exactly this value. S3 refuses a form with a field that its policy does not name.
fn policy(bucket: &str, fields: &BTreeMap<&'static str, String>, size: u64, until: Millis) -> Value {
    let exact = fields.iter().map(|(name, value)| json!({ *name: value }));
    let conditions: Vec<_> =
        exact.chain([json!({ "bucket": bucket }), json!(["content-length-range", size, size])]).collect();
    json!({ "expiration": until.iso(), "conditions": conditions })
}

/// Such as `20151229T000000Z` (ISO 8601, basic format).
fn basic_iso(at: Millis) -> String {
    let iso = at.iso();
    let kept = iso.split('.').next().unwrap_or_default().chars().filter(|c| !matches!(c, '-' | ':'));
    kept.chain(['Z']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Option<&str> = Some("a-session");

    fn credentials(token: Option<&str>) -> Credentials {
        let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        Credentials::new(id, secret, token.map(str::to_owned), None, "tests")
    }

    /// Amazon S3 user guide, "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)": its policy and its signature.
    #[test]
    fn a_policy_is_signed_as_the_guide_s_example() {
        let policy = include_str!("testdata/guide-policy.txt").trim();
        let signer = FormSigner { credentials: &credentials(None), region: "us-east-1" };
        let at = Millis::parse_iso("2015-12-29T00:00:00.000Z").unwrap();
        let signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";
        assert_eq!(signer.signature(policy, at), signature);
        assert_eq!(basic_iso(at), "20151229T000000Z", "as in that policy");
    }

    #[test]
    fn the_policy_names_every_field_and_the_exact_size() {
        let signer = FormSigner { credentials: &credentials(TOKEN), region: "eu-west-1" };
        let file = FormFile { object: "chats/1", content_type: "image/png", size: 70, tag: ("state", "unsent") };
        let at = Millis::parse_iso("2026-11-30T10:00:00.500Z").unwrap();
        let fields = form("files", &signer, &file, at, at.plus_seconds(900));
        let policy: Value = serde_json::from_slice(&STANDARD.decode(&fields["policy"]).unwrap()).unwrap();
        assert_eq!(policy["expiration"], "2026-11-30T10:15:00.500Z");
        let conditions = policy["conditions"].as_array().unwrap();
        for (name, value) in &fields {
            let is_named = conditions.contains(&json!({ *name: value }));
            assert_eq!(is_named, !matches!(*name, "policy" | "x-amz-signature"), "{name}");
        }
        assert!(conditions.contains(&json!({ "bucket": "files" })));
        assert!(conditions.contains(&json!(["content-length-range", 70, 70])));
        assert_eq!(conditions.len(), fields.len());
        assert_eq!(fields["x-amz-credential"], "AKIAIOSFODNN7EXAMPLE/20261130/eu-west-1/s3/aws4_request");
        assert_eq!(fields["x-amz-security-token"], "a-session");
    }

    #[test]
    fn a_form_shows_no_signature_in_a_log() {
        let fields = BTreeMap::from([("x-amz-signature", "8afdbf40".to_owned())]);
        let form = Form { url: "https://b".to_owned(), fields, expires_at: String::new() };
        assert!(!format!("{form:?}").contains("8afdbf40"));
    }
}
