//! Whom we believe over TLS: the authorities of the system and those that the operator adds.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::OutboundError;

/// The authorities of the system and those of a PEM file's text, for clients that are not [`crate::Outbound`].
///
/// # Errors
/// [`OutboundError::Setup`] when the text holds no certificate.
pub fn trusted_authorities(extra_pem: Option<&[u8]>) -> Result<RootCertStore, OutboundError> {
    Ok(roots(&extra_authorities(extra_pem)?))
}

/// Reads the operator's certificates, so that a wrong file is found at the start.
pub(crate) fn extra_authorities(pem: Option<&[u8]>) -> Result<Vec<CertificateDer<'static>>, OutboundError> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    let wrong = |reason: String| OutboundError::Setup(format!("extra authorities: {reason}"));
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("the file holds no certificate".to_owned())) } else { Ok(found) }
}

/// A system without authorities still serves plain HTTP and whatever the operator's certificates cover.
fn roots(extra: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "cannot read an authority of the system");
    }
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(extra.iter().cloned());
    if roots.is_empty() {
        tracing::warn!("the system trusts no certificate authority; https addresses cannot be reached");
    }
    roots
}

/// The TLS side of the clients.
pub(crate) fn client_config(
    extra: &[CertificateDer<'static>],
    http1_only: bool,
) -> Result<ClientConfig, OutboundError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| OutboundError::Setup(error.to_string()))?
        .with_root_certificates(roots(extra))
        .with_no_client_auth();
    let protocols: &[&[u8]] = if http1_only { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}
