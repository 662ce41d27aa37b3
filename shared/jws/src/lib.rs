//! The cryptography of tokens, with ring.
//!
//! `jsonwebtoken` leaves cryptography to a provider. Its own providers would link a second cryptographic library. ring
//! is linked already, for TLS, and verifies the algorithms that Carillon accepts: HS256, and [`PUBLIC_KEY_ALGORITHMS`]. It
//! signs HS256, and RS256 for Google's OAuth endpoint.
//!
//! `jsonwebtoken` comes with RustCrypto, whose `rsa` has an open advisory for private-key operations (RUSTSEC-2023-0071), and
//! aws-lc, which gathers entropy for 22 ms before its first handshake.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey, Header};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaKeyPair, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::Serialize;

/// The algorithms that a published key may verify (RFC 7518, section 3.1; RFC 8037). ring has no P-521, so no ES512.
pub const PUBLIC_KEY_ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes ring sign and verify tokens in this process; calling it again is harmless. `sign` and `verify` call it.
pub fn install() {
    #[cfg(feature = "rust-crypto")]
    install_for_tests();
    // An error means that a provider is already installed: this one, or a test's.
    let _ = PROVIDER.install_default();
}

/// A token with these claims, signed.
///
/// # Errors
/// When the key is not one of the header's algorithm.
pub fn sign(header: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<String, Error> {
    install();
    jsonwebtoken::encode(header, claims, key)
}

/// Whether a signature, in base64url, is this key's of the message.
///
/// # Errors
/// When the key is not one of the algorithm, or the signature is not base64url.
pub fn verify(message: &[u8], signature: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<bool, Error> {
    install();
    jsonwebtoken::crypto::verify(signature, message, key, algorithm)
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let verifying_key = match (algorithm, key.kind()) {
        (Algorithm::HS256, DecodingKeyKind::SecretOrDer(secret)) => {
            VerifyingKey::Shared(hmac::Key::new(hmac::HMAC_SHA256, secret))
        }
        (_, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let key = RsaPublicKeyComponents { n: without_leading_zeros(n), e: without_leading_zeros(e) };
            VerifyingKey::Rsa(rsa(*algorithm)?, key)
        }
        (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => {
            VerifyingKey::public(&ECDSA_P384_SHA384_FIXED, point)
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            VerifyingKey::public(&ECDSA_P256_SHA256_FIXED, point)
        }
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => VerifyingKey::public(&ED25519, point),
        (_, DecodingKeyKind::SecretOrDer(der)) => VerifyingKey::public(rsa(*algorithm)?, der),
    };
    Ok(Box::new(Verification { algorithm: *algorithm, verifying_key }))
}

/// How an algorithm of RSA verifies.
fn rsa(algorithm: Algorithm) -> Result<&'static RsaParameters, Error> {
    Ok(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    })
}

/// Some issuers publish the leading zero that a signed integer needs, which RFC 7518, section 6.3.1.1, forbids and ring refuses.
fn without_leading_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|&octet| octet == 0).collect()
}

struct Verification {
    algorithm: Algorithm,
    verifying_key: VerifyingKey,
}

enum VerifyingKey {
    Shared(hmac::Key),
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    Public(UnparsedPublicKey<Vec<u8>>),
}

impl VerifyingKey {
    fn public(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Self {
        Self::Public(UnparsedPublicKey::new(algorithm, key.to_vec()))
    }
}

impl Verifier<Vec<u8>> for Verification {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match &self.verifying_key {
            VerifyingKey::Shared(key) => hmac::verify(key, message, signature),
            VerifyingKey::Rsa(parameters, key) => key.verify(parameters, message, signature),
            VerifyingKey::Public(key) => key.verify(message, signature),
        };
        verified.map_err(|_unspecified| signature::Error::new())
    }
}

impl JwtVerifier for Verification {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => {
            Ok(Box::new(SharedSecret(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))))
        }
        (Algorithm::RS256, AlgorithmFamily::Rsa) => {
            let der = key.as_bytes();
            let pair = RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der));
            Ok(Box::new(Rsa(pair.map_err(|rejected| ErrorKind::InvalidRsaKey(rejected.to_string()))?)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

struct SharedSecret(hmac::Key);

impl Signer<Vec<u8>> for SharedSecret {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for SharedSecret {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct Rsa(RsaKeyPair);

impl Signer<Vec<u8>> for Rsa {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map(|()| signature).map_err(|_unspecified| signature::Error::new())
    }
}

impl JwtSigner for Rsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

/// In tests, one implementation signs tokens and another verifies them.
#[cfg(feature = "rust-crypto")]
pub fn install_for_tests() {
    use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
    static PROVIDER: std::sync::LazyLock<CryptoProvider> = std::sync::LazyLock::new(|| CryptoProvider {
        signer_factory: DEFAULT_PROVIDER.signer_factory,
        verifier_factory: verifier,
        key_utils: DEFAULT_PROVIDER.key_utils.clone(),
    });
    // Only the first call takes effect.
    let _ = std::sync::LazyLock::force(&PROVIDER).install_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;

    #[test]
    fn another_implementation_verifies_what_ring_signs() {
        let rsa = base64::engine::general_purpose::STANDARD
            .decode(include_str!("../../src/identity/testdata/rsa.txt").trim())
            .unwrap();
        let (n, e) = (DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_private_key)(&rsa).unwrap();
        let pairs = [
            (Algorithm::HS256, EncodingKey::from_secret(b"secret"), DecodingKey::from_secret(b"secret")),
            (Algorithm::RS256, EncodingKey::from_rsa_der(&rsa), DecodingKey::from_rsa_raw_components(&n, &e)),
        ];
        for (algorithm, encoding, decoding) in pairs {
            let mut signature = signer(&algorithm, &encoding).unwrap().try_sign(b"message").unwrap();
            let other = (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &decoding).unwrap();
            let ours = verifier(&algorithm, &decoding).unwrap();
            assert!(other.verify(b"message", &signature).is_ok() && ours.verify(b"message", &signature).is_ok());
            signature[0] ^= 1;
            assert!(ours.verify(b"message", &signature).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_works_only_with_its_own_family() {
        let secret = DecodingKey::from_secret(b"secret");
        for other in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS384] {
            assert!(verifier(&other, &secret).is_err(), "{other:?}");
        }
        assert!(signer(&Algorithm::RS256, &EncodingKey::from_secret(b"secret")).is_err());
    }
}
