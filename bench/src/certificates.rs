//! A certificate authority for one run, created at its start and trusted only by the measured processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The authority's certificate, and the TLS configuration of the stand-ins.
pub(crate) struct Certificates {
    /// File with only the authority's certificate.
    pub(crate) authority: PathBuf,
    /// File with the system's roots and the authority, so that loading the roots takes as long as on any system.
    pub(crate) bundle: PathBuf,
    /// The TLS configuration of the stand-ins.
    pub(crate) server: Arc<ServerConfig>,
}

impl Certificates {
    /// Creates the certificates, with their files in this directory.
    pub(crate) fn make(directory: &Path) -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "Carillon bench");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);

        let leaf_key = KeyPair::generate()?;
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?
            .signed_by(&leaf_key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)?;

        let files = (directory.join("authority.pem"), directory.join("bundle.pem"));
        std::fs::write(&files.0, authority.pem())?;
        std::fs::write(&files.1, system_roots() + &authority.pem()).context("the bundle of roots cannot be written")?;
        Ok(Self { authority: files.0, bundle: files.1, server: Arc::new(server) })
    }
}

/// The system's roots as PEM text; empty on a system without a file of roots.
fn system_roots() -> String {
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default()
}
