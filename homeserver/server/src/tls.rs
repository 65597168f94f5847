//! TLS for the listeners: certificates from files (read again on request) or from an authority.

use std::{io, path::Path, sync::Arc};

use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::StartError;

/// The protocols offered to clients.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How handshakes are answered. Cloning shares the certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    serving: Arc<ServerConfig>,
    challenge: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// TLS with whatever certificate the resolver has; `challenge` answers an authority that checks the
    /// domain over TLS.
    pub fn new(
        resolver: Arc<dyn ResolvesServerCert>,
        challenge: Option<Arc<ServerConfig>>,
    ) -> Result<Self, StartError> {
        let mut serving = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| StartError::Tls(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        serving.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { serving: Arc::new(serving), challenge })
    }

    /// Does the handshake; nothing when the peer was an authority and has its answer.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        if let Some(challenge) = &self.challenge
            && rustls_acme::is_tls_alpn_challenge(&start.client_hello())
        {
            start.into_stream(Arc::clone(challenge)).await?.shutdown().await?;
            return Ok(None);
        }
        start.into_stream(Arc::clone(&self.serving)).await.map(Some)
    }
}

/// A certificate that can be replaced while the server runs; running connections keep the old one.
#[derive(Debug)]
pub(crate) struct Certificate(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// A certificate chain in DER with its key.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, StartError> {
        Ok(Self(RwLock::new(certified(chain, key)?)))
    }

    /// Reads both PEM files.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self, StartError> {
        let (chain, key) = read(chain, key)?;
        Self::new(chain, key)
    }

    /// Reads both PEM files again; on an error the old certificate stays.
    pub fn reload(&self, chain: &Path, key: &Path) -> Result<(), StartError> {
        let (chain, key) = read(chain, key)?;
        *self.0.write() = certified(chain, key)?;
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

fn read(
    chain: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), StartError> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        StartError::Tls(format!("{} cannot be read: {error}", path.display()))
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(chain, &error))?;
    if certificates.is_empty() {
        return Err(StartError::Tls(format!("{} holds no certificate", chain.display())));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, &error))?;
    Ok((certificates, key))
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, StartError> {
    CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map(Arc::new)
        .map_err(|error| StartError::Tls(error.to_string()))
}
