//! Where a page is from: `--origin`, and this machine.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, Uri};

/// An origin as a browser sends it: scheme, host and, unless it is the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

/// The text is not an origin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAnOrigin;

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(
            "an origin is a scheme, a host and perhaps a port, such as https://app.example or http://192.168.1.20:5173",
        )
    }
}

impl std::error::Error for NotAnOrigin {}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    /// Takes a slash at the end, capital letters and a scheme's own port too, though browsers send none of these.
    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(NotAnOrigin)?;
        // The template's list of origins has commas between them, and `*` in an origin means something else there.
        if authority.contains(['/', '?', '#', '@', ',', '*']) {
            return Err(NotAnOrigin);
        }
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let of_scheme = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        match uri.host() {
            None | Some("") => Err(NotAnOrigin),
            Some(host) => Ok(Self(match uri.port_u16() {
                Some(port) if Some(port) != of_scheme => format!("{scheme}://{host}:{port}"),
                _ => format!("{scheme}://{host}"),
            })),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether the page is open at this machine's own name. A name that somebody else made resolve to it gets no tokens.
pub(crate) fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<Origin>().ok().map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_becomes_what_a_browser_sends() {
        for (given, sent) in [
            ("http://192.168.1.20:5173", "http://192.168.1.20:5173"),
            ("https://App.example/", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("http://app.example:443", "http://app.example:443"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(read(given).as_deref(), Some(sent), "{given}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["*", "app.example", "https://", "https://*", "https://a.example,https://b.example", "https://a/b", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
