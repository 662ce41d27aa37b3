//! Every signature of the Pusher protocol: HMAC-SHA256, in lower-case hex.
//!
//! Sources: Pusher Channels docs, "Auth signatures", "User authentication", "HTTP API: authentication", "Webhooks".

use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::contract::channel::ChannelName;
use crate::contract::socket_id::SocketId;
use crate::contract::time::Millis;
use crate::settings::Credentials;

/// Signs with one app's key and secret.
#[derive(Clone)]
pub struct Signer {
    key: String,
    /// HMAC with the key already applied, so that a signature hashes only the message.
    keyed: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A request of Pusher's HTTP API.
#[derive(Debug, Clone, Copy)]
pub struct ApiRequest<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub body: Option<&'a [u8]>,
    /// They must need no escaping.
    pub parameters: &'a [(&'a str, &'a str)],
}

/// A request of Pusher's HTTP API, as its server gets it.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedRequest<'a> {
    pub method: &'a str,
    /// The path from `/apps/` on, in each form in which the client may have signed it.
    pub paths: &'a [String],
    /// Names and values, without escapes.
    pub parameters: &'a [(String, String)],
    pub body: &'a [u8],
}

impl ReceivedRequest<'_> {
    /// A parameter's value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Signer {
    #[must_use]
    pub fn new(credentials: &Credentials) -> Self {
        let keyed = Hmac::new_from_slice(credentials.secret.bytes()).expect("HMAC takes keys of any length");
        Self { key: credentials.key.clone(), keyed }
    }

    /// The app's key, which is public.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `auth` for a private channel, or with `channel_data` for a presence channel.
    #[must_use]
    pub fn channel(&self, socket: &SocketId, channel: &ChannelName, channel_data: Option<&str>) -> String {
        let (socket, channel) = (socket.as_str(), channel.as_str());
        let signature = match channel_data {
            None => self.hex(&[socket, ":", channel]),
            Some(data) => self.hex(&[socket, ":", channel, ":", data]),
        };
        format!("{}:{signature}", self.key)
    }

    /// `auth` for a user who signs in.
    #[must_use]
    pub fn user(&self, socket: &SocketId, user_data: &str) -> String {
        format!("{}:{}", self.key, self.hex(&[socket.as_str(), "::user::", user_data]))
    }

    /// The query that signs a request.
    #[must_use]
    pub fn query(&self, request: &ApiRequest<'_>, now: Millis) -> String {
        let ApiRequest { method, path, body, parameters: extra } = *request;
        let mut parameters = vec![
            ("auth_key", self.key.clone()),
            ("auth_timestamp", now.seconds().to_string()),
            ("auth_version", "1.0".to_owned()),
        ];
        if let Some(body) = body {
            parameters.push(("body_md5", hex::encode(Md5::digest(body))));
        }
        parameters.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        parameters.sort();
        let query = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let signature = self.hex(&[method, "\n", path, "\n", &query]);
        format!("{query}&auth_signature={signature}")
    }

    /// Whether `auth_signature` is that of the request: over its method, its path and its other parameters, which are sorted by name
    /// and not escaped (Pusher Channels docs, "HTTP API reference", "Generating authentication signatures").
    #[must_use]
    pub fn signed_request(&self, request: &ReceivedRequest<'_>) -> bool {
        let Some(signature) = request.parameter("auth_signature") else { return false };
        let others = request.parameters.iter().filter(|(name, _)| name != "auth_signature");
        let mut others: Vec<_> = others.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        others.sort();
        let query = others.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let text = |path: &String| [request.method, path, &query].join("\n");
        request.paths.iter().any(|path| self.signed(text(path).as_bytes(), signature))
    }

    /// Whether the signature, in hex, is that of these bytes, such as a webhook's body. Compares in constant time.
    #[must_use]
    pub fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else {
            return false;
        };
        let mut mac = self.keyed.clone();
        mac.update(bytes);
        mac.verify_slice(&signature).is_ok()
    }

    /// Whether this `auth` (`key:signature`) opens the channel to the connection.
    #[must_use]
    pub fn opens_channel(&self, auth: &str, socket: &SocketId, channel: &str, channel_data: Option<&str>) -> bool {
        let rest = channel_data.map(|data| format!(":{data}")).unwrap_or_default();
        self.signed_auth(auth, &format!("{}:{channel}{rest}", socket.as_str()))
    }

    /// Whether this `auth` lets the connection sign in as the user of this data.
    #[must_use]
    pub fn opens_user(&self, auth: &str, socket: &SocketId, user_data: &str) -> bool {
        self.signed_auth(auth, &format!("{}::user::{user_data}", socket.as_str()))
    }

    fn signed_auth(&self, auth: &str, text: &str) -> bool {
        let signature = auth.split_once(':').filter(|(key, _)| *key == self.key).map(|(_, signature)| signature);
        signature.is_some_and(|signature| self.signed(text.as_bytes(), signature))
    }

    /// The signature of a webhook's body.
    #[must_use]
    pub fn signature(&self, body: &str) -> String {
        self.hex(&[body])
    }

    fn hex(&self, parts: &[&str]) -> String {
        let mut mac = self.keyed.clone();
        for part in parts {
            mac.update(part.as_bytes());
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn signer(key: &str, secret: &str) -> Signer {
        Signer::new(&Credentials { key: key.to_owned(), secret: Secret::new(secret) })
    }

    /// The app in the examples of Pusher's documentation.
    fn documented() -> Signer {
        signer("278d425bdf160c739803", "7ad3773142a6692b25b8")
    }

    fn socket() -> SocketId {
        SocketId::parse("1234.1234").unwrap()
    }

    fn name(text: &str) -> ChannelName {
        ChannelName::parse(text).unwrap()
    }

    #[test]
    fn a_private_channel_signs_as_documented() {
        let auth = documented().channel(&socket(), &name("private-foobar"), None);
        let expected = "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
        assert_eq!(auth, expected);
    }

    #[test]
    fn a_presence_channel_signs_its_data_too() {
        let data = r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#;
        let auth = documented().channel(&socket(), &name("presence-foobar"), Some(data));
        let expected = "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80";
        assert_eq!(auth, expected);
    }

    #[test]
    fn a_user_signs_in_as_documented() {
        let auth = documented().user(&socket(), r#"{"id":"12345"}"#);
        let expected = "278d425bdf160c739803:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba";
        assert_eq!(auth, expected);
    }

    #[test]
    fn a_signature_for_one_connection_and_channel_opens_no_other() {
        let (signer, data) = (documented(), r#"{"user_id":10}"#);
        let (socket, other) = (socket(), SocketId::parse("1234.12345").unwrap());
        let auth = signer.channel(&socket, &name("presence-foobar"), Some(data));
        assert!(signer.opens_channel(&auth, &socket, "presence-foobar", Some(data)));
        assert!(!signer.opens_channel(&auth, &other, "presence-foobar", Some(data)));
        assert!(!signer.opens_channel(&auth, &socket, "presence-foobaz", Some(data)));
        assert!(!signer.opens_channel(&auth, &socket, "presence-foobar", None));
        assert!(!signer.opens_channel(&auth, &socket, "presence-foobar", Some(r#"{"user_id":11}"#)));
        assert!(!signer.opens_channel(auth.split_once(':').unwrap().1, &socket, "presence-foobar", Some(data)));
        let user = signer.user(&socket, data);
        assert!(signer.opens_user(&user, &socket, data) && !signer.opens_user(&user, &other, data));
        assert!(!signer.opens_user(&auth, &socket, data));
    }

    #[test]
    fn an_api_request_signs_as_documented() {
        let body = br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
        let now = Millis(1_353_088_179_000);
        let query = documented()
            .query(&ApiRequest { method: "POST", path: "/apps/3/events", body: Some(body), parameters: &[] }, now);
        assert_eq!(
            query,
            "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0\
             &body_md5=ec365a775a4cd0599faeb73354201b6f\
             &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
        );
    }

    #[test]
    fn further_parameters_are_signed_in_order_and_keep_their_commas() {
        let now = Millis(1_353_088_179_000);
        let query = documented().query(
            &ApiRequest {
                method: "GET",
                path: "/apps/3/channels/x",
                body: None,
                parameters: &[("info", "user_count,subscription_count")],
            },
            now,
        );
        assert!(query.contains("auth_version=1.0&info=user_count,subscription_count&auth_signature="), "{query}");
    }

    #[test]
    fn a_received_request_is_signed_as_documented() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let documented_signature = "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c";
        // In another order than that of the signed text.
        let parameters = pairs(&[
            ("body_md5", "ec365a775a4cd0599faeb73354201b6f"),
            ("auth_signature", documented_signature),
            ("auth_version", "1.0"),
            ("auth_timestamp", "1353088179"),
            ("auth_key", "278d425bdf160c739803"),
        ]);
        let is_signed = |method, path: &str, parameters: &[(String, String)]| {
            let paths = ["/apps/4/events".to_owned(), path.to_owned()];
            documented().signed_request(&ReceivedRequest { method, paths: &paths, parameters, body: b"" })
        };
        assert!(is_signed("POST", "/apps/3/events", &parameters));
        assert!(!is_signed("GET", "/apps/3/events", &parameters));
        assert!(!is_signed("POST", "/apps/3/batch_events", &parameters));
        for place in 0..parameters.len() {
            let mut changed = parameters.clone();
            changed[place].1.push('0');
            assert!(!is_signed("POST", "/apps/3/events", &changed), "{changed:?}");
            changed.remove(place);
            assert!(!is_signed("POST", "/apps/3/events", &changed), "{changed:?}");
        }
        let more = [parameters, pairs(&[("info", "user_count")])].concat();
        assert!(!is_signed("POST", "/apps/3/events", &more));
    }

    #[test]
    fn a_server_verifies_the_requests_that_the_client_signs() {
        let (method, path, now) = ("GET", "/apps/3/channels", Millis(1_353_088_179_000));
        let parameters = [("info", "user_count,subscription_count"), ("filter_by_prefix", "presence-a@b;c=d")];
        let query = documented().query(&ApiRequest { method, path, body: None, parameters: &parameters }, now);
        let pair = |text: &str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        let parameters: Vec<_> = query.split('&').map(pair).collect();
        let received = ReceivedRequest { method, paths: &[path.to_owned()], parameters: &parameters, body: b"" };
        assert!(documented().signed_request(&received));
        assert!(!signer("278d425bdf160c739803", "another").signed_request(&received));
    }

    #[test]
    fn a_webhook_is_signed_over_its_bytes() {
        let body = br#"{"time_ms":1403175510755,"events":[{"channel":"test_channel","name":"channel_vacated"}]}"#;
        let good = "c17257e92037cd7de407ebc1ed174ceb7b2e518db127f44411b9ffc4f5b28cc5";
        let signer = signer("key", "tofu");
        assert!(signer.signed(body, good));
        assert!(!signer.signed(&body[1..], good));
        for bad in ["", "zz", &good[2..], &good.replace('c', "d")] {
            assert!(!signer.signed(body, bad), "{bad}");
        }
    }
}
