//! Where a service is: `https://{service}.{region}.{suffix of the partition}`, or where a variable says.

use http::Uri;

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
pub struct Endpoint(Uri);

impl Endpoint {
    /// The service's own endpoint in a region.
    ///
    /// # Errors
    /// When that is no name of a region.
    pub fn of(service: &str, region: &str) -> Result<Self, EnvironmentError> {
        let partition = PARTITIONS.iter().find(|(beginning, _)| region.starts_with(beginning));
        let suffix = partition.map_or("amazonaws.com", |(_, suffix)| suffix);
        let wrong = || EnvironmentError("AWS_REGION must be a region's name, such as eu-west-1".to_owned());
        let is_name = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let address = format!("https://{service}.{region}.{suffix}").parse().ok();
        address.filter(|_| is_name).map(Self).ok_or_else(wrong)
    }

    /// Another, such as a VPC endpoint's or an emulator's. `name` is the variable that says so.
    ///
    /// # Errors
    /// When it is anything but `http://` or `https://` with a host and perhaps a port: requests go to its root.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, EnvironmentError> {
        let wrong = || EnvironmentError(format!("{name} must be an address without a path, such as https://host:8000"));
        let text = text.strip_suffix('/').unwrap_or(text);
        let address: Uri = text.parse().map_err(|_| wrong())?;
        let is_origin = matches!(address.scheme_str(), Some("http" | "https"))
            && address.path() == "/"
            && address.query().is_none()
            && address.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if is_origin && !text.ends_with('/') { Ok(Self(address)) } else { Err(wrong()) }
    }

    /// The address of its root.
    #[must_use]
    pub fn address(&self) -> &Uri {
        &self.0
    }

    /// As the `host` header has it: without the port that goes without saying.
    pub(super) fn host(&self) -> &str {
        let own = if self.0.scheme_str() == Some("http") { ":80" } else { ":443" };
        let host = self.0.authority().map_or("", |authority| authority.as_str());
        host.strip_suffix(own).unwrap_or(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_whole_or_not_at_all() {
        let parse = |text| Endpoint::parse("AWS_ENDPOINT_URL", text).map(|endpoint| endpoint.0.to_string());
        assert_eq!(parse("http://127.0.0.1:4566/"), Ok("http://127.0.0.1:4566/".to_owned()));
        let private = "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com";
        assert_eq!(parse(private), Ok(format!("{private}/")));
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
