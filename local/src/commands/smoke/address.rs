//! Addresses of the two APIs.

use std::fmt;

use anyhow::{Context, Result, bail};
use http::Uri;

/// An address without its query: `https://api.example/base`, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct Address {
    scheme: &'static str,
    pub(in crate::commands) host: String,
    pub(in crate::commands) port: u16,
    /// The path that precedes every route; mostly empty.
    prefix: String,
}

/// The scheme with TLS, and the one without.
type Schemes = [&'static str; 2];
const HTTP: Schemes = ["https", "http"];
const SOCKETS: Schemes = ["wss", "ws"];

impl Address {
    /// The HTTP API's.
    ///
    /// # Errors
    /// For another scheme than http and https, http to another machine, and whatever an address of an API has not.
    pub(in crate::commands) fn of_http(text: &str) -> Result<Self> {
        Self::parse(text, HTTP)
    }

    /// The WebSocket API's.
    ///
    /// # Errors
    /// As [`Address::of_http`], for ws and wss.
    pub(in crate::commands) fn of_sockets(text: &str) -> Result<Self> {
        Self::parse(text, SOCKETS)
    }

    /// The WebSocket API's, where both APIs have one origin; `None` for API Gateway's own addresses, of which each API has one.
    pub(in crate::commands) fn sockets_beside(&self) -> Option<Self> {
        (!self.is_api_gateways()).then(|| Self { scheme: SOCKETS[usize::from(!self.is_tls())], ..self.clone() })
    }

    /// Whether it is `{api}.execute-api.{region}.amazonaws.com`, and not a domain of the stack's owner.
    pub(in crate::commands) fn is_api_gateways(&self) -> bool {
        self.host.split('.').nth(1) == Some("execute-api")
    }

    pub(in crate::commands) fn is_tls(&self) -> bool {
        self.scheme == HTTP[0] || self.scheme == SOCKETS[0]
    }

    /// The value of `Host`: with the port, unless it is the scheme's own.
    pub(in crate::commands) fn authority(&self) -> String {
        let of_scheme = if self.is_tls() { 443 } else { 80 };
        if self.port == of_scheme { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The path of a route.
    pub(in crate::commands) fn path(&self, route: &str) -> String {
        format!("{}{route}", self.prefix)
    }

    fn parse(text: &str, [with_tls, without]: Schemes) -> Result<Self> {
        let example = format!("give an address such as {with_tls}://api.example.com");
        let uri: Uri = text.parse().ok().with_context(|| format!("This is not an address; {example}"))?;
        let scheme = match uri.scheme_str() {
            Some(given) if given == with_tls => with_tls,
            Some(given) if given == without => without,
            _ => bail!("An address begins with {with_tls}:// here; {example}"),
        };
        let authority = uri.authority().with_context(|| format!("The address has no host; {example}"))?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            bail!("The address has a user or a query, where a secret may be; {example}");
        }
        let host = authority.host().to_ascii_lowercase();
        if scheme == without && !matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
            bail!("Tokens are sent to another machine only with TLS: begin the address with {with_tls}://");
        }
        let port = authority.port_u16().unwrap_or(if scheme == with_tls { 443 } else { 80 });
        Ok(Self { scheme, host, port, prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}://{}{}", self.scheme, self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_a_stack_prints_or_what_its_owner_made_of_it() {
        for (text, shown, path) in [
            (
                "https://abc.execute-api.eu-west-1.amazonaws.com",
                "https://abc.execute-api.eu-west-1.amazonaws.com",
                "/kudos",
            ),
            ("https://Api.example:8443/v1/", "https://api.example:8443/v1", "/v1/kudos"),
            ("http://localhost:3000/", "http://localhost:3000", "/kudos"),
            ("https://api.example:443", "https://api.example", "/kudos"),
        ] {
            let address = Address::of_http(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.path("/kudos").as_str()), (shown, path));
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for text in [
            "api.example",
            "ftp://api.example",
            "https://",
            "https://u:secret@api.example",
            "https://api.example?secret",
            "a b",
        ] {
            let message = Address::of_http(text).unwrap_err().to_string();
            assert!(message.contains("https://") && !message.contains("secret,"), "{text}: {message}");
            assert!(!message.contains("u:secret"), "{message}");
        }
        assert!(Address::of_http("http://api.example").unwrap_err().to_string().contains("only with TLS"));
        assert!(Address::of_http("wss://api.example").is_err());
        assert!(Address::of_sockets("https://api.example").is_err());
    }

    #[test]
    fn the_sockets_are_beside_the_http_api_unless_each_has_an_address_of_api_gateways() {
        let beside = |text: &str| Address::of_http(text).unwrap().sockets_beside().map(|address| address.to_string());
        assert_eq!(beside("https://app.example").as_deref(), Some("wss://app.example"));
        assert_eq!(beside("http://localhost:3000").as_deref(), Some("ws://localhost:3000"));
        assert_eq!(beside("https://abc.execute-api.eu-west-1.amazonaws.com"), None);
    }
}
