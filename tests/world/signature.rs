//! Signature Version 4 as AWS checks it, by AWS's own crate.

use std::time::SystemTime;

use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::HeaderMap;

/// The region, access key and secret of everyone who calls.
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const KEY: (&str, &str) = ("AKIDTEST", "a-secret/with+signs");

/// What a request for this service (`dynamodb`, `sqs`) would have to bear; `None` when it does.
pub(crate) fn wrong(service: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let given = header("authorization").unwrap_or_default();
    let token = header("x-amz-security-token").map(str::to_owned);
    let names = given.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    // AWS refuses a request that leaves any of these out of its signature.
    let bound =
        ["host", "x-amz-date", "x-amz-target"].into_iter().chain(token.as_ref().map(|_| "x-amz-security-token"));
    if let Some(unbound) = bound.into_iter().find(|name| !names.split(';').any(|signed| signed == *name)) {
        return Some(format!("{unbound} is not signed"));
    }
    let Some(time) = header("x-amz-date").and_then(moment) else {
        return Some("x-amz-date is none".to_owned());
    };
    if SystemTime::now().duration_since(time).is_ok_and(|age| age.as_secs() > 300) {
        return Some("the signature has expired".to_owned());
    }
    let identity = Credentials::new(KEY.0, KEY.1, token, None, "tests").into();
    let parameters = v4::SigningParams::builder().identity(&identity).region(REGION).name(service).time(time);
    let parameters = SigningParams::V4(parameters.settings(SigningSettings::default()).build().unwrap());
    // The date and the token are the signer's own.
    let others = names.split(';').filter(|name| !matches!(*name, "x-amz-date" | "x-amz-security-token"));
    let others: Vec<_> = others.map(|name| (name, header(name).unwrap_or_default())).collect();
    let address = format!("http://{}/", header("host").unwrap_or_default());
    let request = SignableRequest::new("POST", &address, others.into_iter(), SignableBody::Bytes(body)).unwrap();
    let (right, _) = sign(request, &parameters).unwrap().into_parts();
    let right = right.headers().find(|(name, _)| *name == "authorization").map(|(_, value)| value.to_owned());
    (right.as_deref() != Some(given)).then(|| format!("{given} is not {}", right.unwrap_or_default()))
}

fn moment(text: &str) -> Option<SystemTime> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}
