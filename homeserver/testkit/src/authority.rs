//! A certificate authority that only the servers of one scenario trust.

use std::path::PathBuf;

use config::Config;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, IsCa, KeyPair};

/// An authority, and one certificate of it that is good for all the names of a scenario. The files are gone when it is
/// dropped.
pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// Issues a certificate for these host names and addresses.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let authority_key = KeyPair::generate().expect("a key is generated");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "authority of a scenario");
        let authority = parameters.self_signed(&authority_key).expect("an authority signs itself");

        let key = KeyPair::generate().expect("a key is generated");
        let certificate = CertificateParams::new(names.to_vec())
            .and_then(|parameters| parameters.signed_by(&key, &authority, &authority_key))
            .expect("a certificate is issued");
        for (name, pem) in [
            ("authority.pem", authority.pem()),
            ("certificate.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), pem).expect("a file is written");
        }
        Self { folder }
    }

    /// The certificate of the authority.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The certificate for the names.
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Its private key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Lets a server use the certificate and trust the authority. The files are read at its start.
    pub fn configure(&self, config: &mut Config) {
        let text = |path: PathBuf| Some(path.to_string_lossy().into_owned());
        config.tls.certificate_file = text(self.certificate_file());
        config.tls.private_key_file = text(self.key_file());
        config.outbound.authorities_file = text(self.authority_file());
    }
}
