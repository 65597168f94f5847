//! Certificates from an authority that speaks ACME (Let's Encrypt and others), proven over TLS on port
//! 443. Account and certificates are kept in the data folder.

use std::path::Path;

use base::Shutdown;
use config::Acme;
use futures_util::StreamExt as _;
use rustls_acme::{AcmeConfig, caches::DirCache};

use crate::{StartError, tls::Tls};

/// Starts asking in the background and gives TLS that uses whatever was obtained so far.
pub(crate) fn start(acme: &Acme, directory: &Path, shutdown: Shutdown) -> Result<Tls, StartError> {
    let mut state = AcmeConfig::new(acme.domains.clone())
        .directory(acme.directory_url.clone())
        .contact(acme.contact.iter().map(|address| format!("mailto:{address}")))
        .cache(DirCache::new(directory.join("acme")))
        .state();
    let tls = Tls::new(state.resolver(), Some(state.challenge_rustls_config()))?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = shutdown.wait() => break,
                event = state.next() => match event {
                    Some(Ok(event)) => tracing::info!(?event, "certificate authority"),
                    Some(Err(error)) => tracing::error!(%error, "obtain certificate"),
                    None => break,
                },
            }
        }
    });
    Ok(tls)
}
