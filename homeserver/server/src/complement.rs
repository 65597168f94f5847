//! The start mode for Complement, the black-box test suite of the Matrix project.
//!
//! The server name comes from `SERVER_NAME`, the certificate for it is issued at each start by the
//! authority that Complement puts into the container, everything that tests need is open. Never use it
//! for anything else. For runs without containers the folders and the address come from
//! `LIANQIAO_COMPLEMENT_CA_DIR`, `LIANQIAO_DATA_DIR` and `LIANQIAO_BIND_ADDRESS`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use config::Config;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, pem::PemObject as _,
};

use crate::{StartError, tls::Certificate};

/// What the environment says about a Complement run.
#[derive(Clone, Debug)]
pub struct ComplementEnvironment {
    /// `SERVER_NAME`.
    pub server_name: String,
    /// Folder with `ca.crt` and `ca.key`.
    pub authority_directory: String,
    /// Folder for the data.
    pub data_directory: String,
    /// Address that 8008 and 8448 are opened on.
    pub bind_address: String,
}

impl ComplementEnvironment {
    /// Reads it through `variable`, with the defaults of a container.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let or = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        Self {
            server_name: or("SERVER_NAME", "localhost"),
            authority_directory: or("LIANQIAO_COMPLEMENT_CA_DIR", "/complement/ca"),
            data_directory: or("LIANQIAO_DATA_DIR", "/data"),
            bind_address: or("LIANQIAO_BIND_ADDRESS", "0.0.0.0"),
        }
    }

    /// The settings that Complement expects of a server.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.server.name = self.server_name.clone();
        config.server.data_directory = self.data_directory.clone();
        config.server.public_base_url = Some(format!("https://{}", self.server_name));
        config.listeners.client = vec![format!("{}:8008", self.bind_address)];
        config.listeners.federation = vec![format!("{}:8448", self.bind_address)];
        config.listeners.private = Vec::new();
        config.listeners.shutdown_timeout_seconds = 5;
        config.proxies.trusted = Vec::new();
        config.registration.open = true;
        config.registration.guests = true;
        config.registration.shared_secret = Some("complement".to_owned());
        config.passwords.length_min = 1;
        config.passwords.memory_kibibytes = 8;
        config.passwords.passes = 1;
        config.server_notices.localpart = Some("_server".to_owned());
        config.rooms.directory_without_token = true;
        // Some tests name the creator in the power levels, which rooms of version 12 forbid.
        config.rooms.default_version = "11".to_owned();
        config.media.without_token = true;
        config.url_previews.enabled = true;
        // The pages that are previewed and the other servers are served by the tests, from wherever they run, with
        // certificates of Complement's authority.
        config.outbound.allowed_ranges = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
        config.appservices.registrations = vec!["/complement/appservice".to_owned()];
        config.bots.enabled = false;
        let authority = self.authority_file();
        if authority.exists() {
            config.outbound.authorities_file = Some(authority.to_string_lossy().into_owned());
        }
        config.rate_limits.enabled = false;
        // The tests look for names of devices on other servers.
        config.federation.device_names_shared = true;
        config.metrics.enabled = false;
        config.logging.filter = "info,ruma_state_res=error".to_owned();
        config
    }

    fn authority_file(&self) -> PathBuf {
        Path::new(&self.authority_directory).join("ca.crt")
    }

    /// A certificate for the server name from Complement's authority; none where there is no
    /// authority, and then only plain HTTP is served.
    ///
    /// # Errors
    /// When the authority's files are there and cannot be used.
    pub(crate) fn certificate(&self) -> Result<Option<Arc<Certificate>>, StartError> {
        let key = Path::new(&self.authority_directory).join("ca.key");
        let certificate = self.authority_file();
        if !certificate.exists() || !key.exists() {
            return Ok(None);
        }
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| StartError::Tls(format!("{}: {error}", path.display())))
        };
        issue(&read(&certificate)?, &read(&key)?, &self.server_name).map(|issued| Some(Arc::new(issued)))
    }
}

/// Issues a certificate for `name`.
fn issue(authority: &[u8], authority_key: &[u8], name: &str) -> Result<Certificate, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Tls(format!("authority of Complement: {error}"));
    let authority_key = PrivateKeyDer::from_pem_slice(authority_key).map_err(|error| failed(&error))?;
    let authority_key = as_pkcs8(&authority_key).ok_or_else(|| failed(&"the key is of an unknown kind"))?;
    let authority_key = KeyPair::try_from(&authority_key).map_err(|error| failed(&error))?;
    let authority = CertificateDer::from_pem_slice(authority).map_err(|error| failed(&error))?;
    // Only names and key identifier of this copy end up in what it issues.
    let issuer = CertificateParams::from_ca_cert_der(&authority)
        .and_then(|parameters| parameters.self_signed(&authority_key))
        .map_err(|error| failed(&error))?;

    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let issued = CertificateParams::new(vec![name.to_owned()])
        .and_then(|parameters| parameters.signed_by(&key, &issuer, &authority_key))
        .map_err(|error| failed(&error))?;
    let chain = vec![issued.der().clone(), authority.into_owned()];
    Certificate::new(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// `ring` reads RSA keys in PKCS#8 only, Complement writes PKCS#1: the same numbers without the
/// wrapping.
fn as_pkcs8(key: &PrivateKeyDer<'_>) -> Option<PrivatePkcs8KeyDer<'static>> {
    match key {
        PrivateKeyDer::Pkcs8(key) => Some(key.clone_key()),
        PrivateKeyDer::Pkcs1(key) => Some(wrap(key)),
        _ => None,
    }
}

fn wrap(key: &PrivatePkcs1KeyDer<'_>) -> PrivatePkcs8KeyDer<'static> {
    /// Version 0, then `rsaEncryption` with no parameters.
    const HEAD: [u8; 18] = [2, 1, 0, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    let octets = der(4, key.secret_pkcs1_der());
    PrivatePkcs8KeyDer::from(der(0x30, &[&HEAD[..], &octets].concat()))
}

/// Tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match (content.len(), u8::try_from(significant.len())) {
        (0..=127, _) => out.push(significant.first().copied().unwrap_or(0)),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(significant);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_encoding_rules() {
        assert_eq!(der(4, &[]), [4, 0]);
        assert_eq!(der(4, &[9; 3]), [4, 3, 9, 9, 9]);
        assert_eq!(der(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(der(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn an_rsa_authority_in_pkcs1_issues_a_usable_certificate() {
        let certificate = include_bytes!("../testdata/ca.crt");
        let key = include_bytes!("../testdata/ca.key");
        assert!(issue(certificate, key, "hs1").is_ok());
    }

    #[test]
    fn the_settings_pass_their_own_check() {
        let config = ComplementEnvironment::read(|_| None).config();
        assert_eq!(config.problems(), []);
        assert!(config.registration.open);
    }
}
