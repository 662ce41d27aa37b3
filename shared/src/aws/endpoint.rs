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
pub struct Endpoint {
    text: String,
    address: http::Uri,
}

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
        let text = format!("https://{service}.{region}.{suffix}");
        let address = text.parse().ok().filter(|_| is_name).ok_or_else(wrong)?;
        Ok(Self { text, address })
    }

    /// Another, such as a VPC endpoint's or an emulator's. `name` is the variable that says so.
    ///
    /// # Errors
    /// When it is anything but `http://` or `https://` with a host and perhaps a port: requests go to its root.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, EnvironmentError> {
        let wrong = || EnvironmentError(format!("{name} must be an address without a path, such as https://host:8000"));
        let text = text.strip_suffix('/').unwrap_or(text);
        let address: http::Uri = text.parse().map_err(|_| wrong())?;
        let is_origin = matches!(address.scheme_str(), Some("http" | "https"))
            && address.path() == "/"
            && address.query().is_none()
            && address.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if is_origin && !text.ends_with('/') { Ok(Self { text: text.to_owned(), address }) } else { Err(wrong()) }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, parsed.
    pub(super) fn address(&self) -> &http::Uri {
        &self.address
    }

    /// As the `host` header has it.
    pub(super) fn host(&self) -> &str {
        self.text.split_once("://").map_or("", |(scheme, host)| {
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
        let parse = |text| Endpoint::parse("AWS_ENDPOINT_URL", text).map(|endpoint| endpoint.text);
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
