//! Certificates from an authority that speaks ACME (Let's Encrypt and others), proven over TLS on port
//! 443. Account and certificates are kept in the data folder.

use std::{fs::DirBuilder, io, path::Path, sync::Arc};

use base::Shutdown;
use config::Acme;
use futures_util::StreamExt as _;
use rustls::{ClientConfig, crypto::ring};
use rustls_acme::{AcmeConfig, caches::DirCache};

use crate::{StartError, tls::Tls};

/// The folder in the data folder that account and certificates are kept in, with their private keys.
const FOLDER_NAME: &str = "acme";

/// Starts asking in the background and gives TLS that uses whatever was obtained so far. `authorities_pem` are the
/// operator's own authorities, one of which may have issued the certificate of the directory.
pub(crate) fn start(
    acme: &Acme,
    directory: &Path,
    authorities_pem: Option<&[u8]>,
    shutdown: Shutdown,
) -> Result<Tls, StartError> {
    let folder = directory.join(FOLDER_NAME);
    make_private(&folder).map_err(|error| StartError::Directory { path: folder.clone(), error })?;
    let config = match authorities_pem {
        // The authorities of Mozilla, which are built in: a public directory is reached from any system.
        None => AcmeConfig::new(acme.domains.clone()),
        Some(pem) => AcmeConfig::new_with_client_config(acme.domains.clone(), Arc::new(client_config(pem)?)),
    };
    let mut state = config
        .directory(acme.directory_url.clone())
        .contact(acme.contact.iter().map(|address| format!("mailto:{address}")))
        .cache(DirCache::new(folder))
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

fn client_config(authorities_pem: &[u8]) -> Result<ClientConfig, StartError> {
    let wrong = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
    let roots = outbound::trusted_authorities(Some(authorities_pem)).map_err(|error| wrong(&error))?;
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Makes the folder, if it is not there, so that nobody else on the machine reads the keys in it.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
