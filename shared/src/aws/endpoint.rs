//! Where a service is: `https://{service}.{region}.{suffix of the partition}`, or where a variable says.

use super::EnvironmentError;

/// Partitions other than AWS's first, by the beginnings of their regions' names. Longer beginnings come first.
const PARTITIONS: &[(&str, &str)] = &[
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
    ("eusc-", "amazonaws.eu"),
    ("cn-", "amazonaws.com.cn"),
];

/// Scheme and host, with a port where it is not the scheme's own: `https://dynamodb.eu-west-1.amazonaws.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The service's own endpoint in a region.
    #[must_use]
    pub fn of(service: &str, region: &str) -> Self {
        let partition = PARTITIONS.iter().find(|(beginning, _)| region.starts_with(beginning));
        let suffix = partition.map_or("amazonaws.com", |(_, suffix)| suffix);
        Self(format!("https://{service}.{region}.{suffix}"))
    }

    /// Another, such as a VPC endpoint's or an emulator's. `name` is the variable that says so.
    ///
    /// # Errors
    /// When it is anything but `http://` or `https://` with a host and perhaps a port: requests go to its root.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, EnvironmentError> {
        let wrong = || EnvironmentError(format!("{name} must be an address without a path, such as https://host:8000"));
        let address = text.strip_suffix('/').unwrap_or(text);
        let uri: http::Uri = address.parse().map_err(|_| wrong())?;
        let is_origin = matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.path() == "/"
            && uri.query().is_none()
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if is_origin && !address.ends_with('/') { Ok(Self(address.to_owned())) } else { Err(wrong()) }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the `host` header has it.
    pub(super) fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, host)| {
            let own = if scheme == "http" { ":80" } else { ":443" };
            host.strip_suffix(own).unwrap_or(host)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_whole_or_not_at_all() {
        let parse = |text| Endpoint::parse("AWS_ENDPOINT_URL", text).map(|endpoint| endpoint.0);
        assert_eq!(parse("http://127.0.0.1:4566/"), Ok("http://127.0.0.1:4566".to_owned()));
        let private = "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com";
        assert_eq!(parse(private), Ok(private.to_owned()));
        for wrong in
            ["", "/", "localhost:4566", "ftp://a", "http://a/b", "http://a?b", "http://u:p@a", "http://a//", "a"]
        {
            let told = parse(wrong).unwrap_err().to_string();
            assert!(told.starts_with("AWS_ENDPOINT_URL must be an address"), "{wrong}: {told}");
        }
    }

    #[test]
    fn the_host_has_a_port_unless_it_goes_without_saying() {
        let host = |text| Endpoint::parse("X", text).unwrap().host().to_owned();
        assert_eq!(host("http://a:8000"), "a:8000");
        assert_eq!(host("http://a:80"), "a");
        assert_eq!(host("https://a:443"), "a");
        assert_eq!(host("https://a:80"), "a:80");
    }
}
