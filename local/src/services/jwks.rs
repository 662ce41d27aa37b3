//! The keys of the app's issuer (`JWT_JWKS_URL`), as far as this machine can read them.

use std::process::Stdio;

use tokio::process::Command;

use crate::state::issuer::{Issuer, Keys};

/// Prints why the keys at an address cannot be read. Node has a client for HTTPS; this program has none.
const LOOK: &str = "const fail = (why) => { process.stdout.write(why); process.exitCode = 1; }; \
     fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then(async (response) => { \
       if (!response.ok) return fail(`it answers ${response.status}`); \
       const set = await response.json().catch(() => null); \
       if (!set?.keys?.length) fail('it answers without keys'); \
     }).catch((error) => fail(error.cause?.code ?? error.cause?.message ?? error.message))";

/// Why the functions could not verify a token now: the issuer's keys cannot be read.
pub(crate) async fn failure(issuer: &Issuer) -> Option<String> {
    let Keys::Jwks(url) = &issuer.keys else {
        return None;
    };
    let node = Command::new("node").args(["-e", LOOK, url]).stdin(Stdio::null()).kill_on_drop(true).output();
    let looked = node.await.ok().filter(|looked| !looked.status.success())?;
    Some(String::from_utf8_lossy(&looked.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_error_says_why_keys_cannot_be_read() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/good", get(async || r#"{"keys":[{"kty":"RSA"}]}"#))
            .route("/empty", get(async || r#"{"keys":[]}"#))
            .route("/page", get(async || "<!doctype html>"));
        tokio::spawn(async { axum::serve(listener, router).await });
        let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
        for (url, expected) in [
            (format!("http://{address}/good"), None),
            (format!("http://{address}/empty"), Some("it answers without keys")),
            (format!("http://{address}/page"), Some("it answers without keys")),
            (format!("http://{address}/other"), Some("it answers 404")),
            (format!("http://{closed}/jwks"), Some("ECONNREFUSED")),
        ] {
            let issuer = Issuer { keys: Keys::Jwks(url.clone()), ..Issuer::default() };
            assert_eq!(failure(&issuer).await.as_deref(), expected, "{url}");
        }
        assert_eq!(failure(&Issuer::default()).await, None);
    }
}
