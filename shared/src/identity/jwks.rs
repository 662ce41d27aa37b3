//! Verification keys from the issuer's JWKS address, by `kid`.
//!
//! The set is fetched at start, when it is older than [`MAX_AGE`], and when a token names a key that is not in it (the
//! issuer may have rotated its keys). Fetches are at least [`MIN_REFRESH_INTERVAL`] apart, so that tokens with invented
//! kids cannot flood the issuer. When a fetch fails, the old set stays in use. While there is no set at all, every
//! request fails, so the next fetch comes sooner: after [`FIRST_RETRY`], then twice that, up to the usual interval.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use jws::PUBLIC_KEY_ALGORITHMS;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::token::ED25519;
use crate::clients::https::{HttpClient, read_body, without_address};
use crate::json;
use crate::telemetry;

const MAX_AGE: Duration = Duration::from_secs(600);
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// The wait after the first failed fetch while no key is known.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// Most bytes of a key set, which usually has a handful of keys.
const MAX_SET_BYTES: usize = 256 * 1024;

/// A key, with the algorithms that it may be used with.
pub(super) struct SigningKey {
    id: Option<String>,
    pub(super) decoding: DecodingKey,
    /// The one that the set names for it (`alg`), or else all of its type. Each of them needs the private key, so it is safe to
    /// let the token choose.
    pub(super) algorithms: &'static [Algorithm],
}

/// The issuer's keys cannot be fetched, and there is no earlier set.
#[derive(Debug, thiserror::Error)]
#[error("the JWKS address gives no key to verify with: {0}")]
pub(super) struct Unavailable(String);

#[derive(Default)]
struct State {
    keys: Vec<Arc<SigningKey>>,
    fetched: Option<Instant>,
    attempted: Option<Instant>,
    /// Fetches that failed since the last one that did not.
    failures: u32,
    failure: String,
}

impl State {
    /// The least time from the last attempt to the next one.
    fn pause(&self, min_refresh_interval: Duration) -> Duration {
        if !self.keys.is_empty() {
            return min_refresh_interval;
        }
        let doubled = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(self.failures.saturating_sub(1)));
        doubled.min(min_refresh_interval)
    }
}

pub(super) struct Jwks {
    address: reqwest::Url,
    http: HttpClient,
    state: RwLock<State>,
    min_refresh_interval: Duration,
    /// Allows one fetch at a time; callers that wait for it use its result.
    fetching: tokio::sync::Mutex<()>,
}

impl Jwks {
    pub(super) fn new(http: HttpClient, url: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self {
            address: url
                .parse()
                .map_err(|_| "JWT_JWKS_URL must be an address such as https://issuer/.well-known/jwks.json")?,
            http,
            state: RwLock::default(),
            min_refresh_interval: MIN_REFRESH_INTERVAL,
            fetching: tokio::sync::Mutex::default(),
        })
    }

    #[cfg(test)]
    pub(super) fn with_min_refresh_interval(mut self, interval: Duration) -> Self {
        self.min_refresh_interval = interval;
        self
    }

    /// The key with this id, of several the one for this algorithm; without an id, the key of a set that has only one.
    pub(super) async fn key(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<SigningKey>>, Unavailable> {
        if let Some(found) = self.find(id, algorithm)
            && !self.is_old()
        {
            return Ok(Some(found));
        }
        self.refresh().await;
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.keys.is_empty() {
            return Err(Unavailable(state.failure.clone()));
        }
        drop(state);
        Ok(self.find(id, algorithm))
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (id, state.keys.as_slice()) {
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
            (Some(id), keys) => {
                // RFC 7517, section 4.5: keys of different types may share an id.
                let named = || keys.iter().filter(|key| key.id.as_deref() == Some(id));
                named().find(|key| key.algorithms.contains(&algorithm)).or_else(|| named().next()).cloned()
            }
        }
    }

    fn is_old(&self) -> bool {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.fetched.is_none_or(|at| at.elapsed() > MAX_AGE)
    }

    /// Fetches the set, unless the last attempt was too recent.
    pub(super) async fn refresh(&self) {
        let _one = self.fetching.lock().await;
        {
            let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            let pause = state.pause(self.min_refresh_interval);
            if state.attempted.is_some_and(|at| at.elapsed() < pause) {
                return;
            }
            // Noted here too, because the fetch may be cancelled.
            state.attempted = Some(Instant::now());
        }
        // Boxed because it is rare, and would enlarge every handler's future.
        let fetched = Box::pin(self.fetch()).await;
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        // Counted from the end of the fetch: after a time-out, those who waited for it do not each wait for another.
        state.attempted = Some(now);
        match fetched {
            Ok(keys) => {
                state.keys = keys;
                state.fetched = Some(now);
                state.failures = 0;
            }
            Err(failure) => {
                state.failures = state.failures.saturating_add(1);
                state.failure = failure;
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Arc<SigningKey>>, String> {
        let failed = |error| telemetry::chain(&without_address(error));
        let response = self.http.get().get(self.address.clone()).timeout(FETCH_TIMEOUT).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(format!("it answers {}", response.status().as_u16()));
        }
        let body = read_body(response, MAX_SET_BYTES).await.map_err(|error| telemetry::chain(&error))?;
        let set: Set = serde_json::from_slice(&body)
            .map_err(|error| if error.is_data() { "no \"keys\" list" } else { "not JSON" })?;
        let keys: Vec<Value> = set.keys.iter().filter_map(|key| json::repaired(key.get())).collect();
        // One key of a kind that this library does not know must not make the others unusable.
        let usable: Vec<_> = keys.iter().filter_map(read).filter_map(|key| usable(&key)).map(Arc::new).collect();
        if usable.is_empty() { Err(none_usable(&keys)) } else { Ok(usable) }
    }
}

/// A JWK set (RFC 7517, section 5). Its keys are read one by one, so that an odd one costs no other.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Box<RawValue>>,
}

/// The fields of a key that are read. An odd one among the others, such as its certificates, does not cost the key.
const FIELDS: [&str; 10] = ["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e"];

fn read(key: &Value) -> Option<Jwk> {
    let mut key = key.as_object()?.clone();
    key.retain(|name, _| FIELDS.contains(&name.as_str()));
    if let Some(name) = key.get_mut("alg").filter(|name| *name == ED25519) {
        *name = Value::from("EdDSA");
    }
    serde_json::from_value(Value::Object(key)).ok()
}

/// Says what is in a set of no use, and what would be of use.
fn none_usable(keys: &[Value]) -> String {
    /// Most keys that are named.
    const SHOWN: usize = 8;
    let text = |key: &Value, name: &str| {
        let text = key.get(name).and_then(Value::as_str).unwrap_or("-");
        text.chars().filter(char::is_ascii_graphic).take(32).collect::<String>()
    };
    let of = |key| {
        format!("{} (kty {}, crv {}, use {})", text(key, "alg"), text(key, "kty"), text(key, "crv"), text(key, "use"))
    };
    let found: Vec<_> = keys.iter().take(SHOWN).map(of).collect();
    let accepted = PUBLIC_KEY_ALGORITHMS.map(|algorithm| format!("{algorithm:?}")).join(", ");
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    format!("its set has {found}; a signature key for one of {accepted} is needed")
}

const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// A signature key of an accepted kind, with its algorithms.
fn usable(jwk: &Jwk) -> Option<SigningKey> {
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    // RFC 7517, section 4.3: `key_ops` lists all that the key is for.
    if jwk.common.key_operations.as_ref().is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
        return None;
    }
    let of_type: &'static [Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        // Symmetric keys are refused too: a published key is not a secret.
        _ => return None,
    };
    let algorithms = match jwk.common.key_algorithm {
        Some(named) => {
            let at = of_type.iter().position(|algorithm| KeyAlgorithm::from(*algorithm) == named)?;
            of_type.get(at..=at)?
        }
        None => of_type,
    };
    Some(SigningKey { id: jwk.common.key_id.clone(), decoding: DecodingKey::from_jwk(jwk).ok()?, algorithms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_key_the_wait_doubles_from_a_second_up_to_the_usual_interval() {
        let waits = [0, 1, 2, 3, 4, 5, 6, 40, u32::MAX].map(|failures| {
            let state = State { failures, ..State::default() };
            state.pause(MIN_REFRESH_INTERVAL).as_secs()
        });
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
