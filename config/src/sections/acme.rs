//! Section `[acme]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "acme", validate = validate;
    /// A certificate from an authority that speaks ACME, for example Let's Encrypt. The authority
    /// connects to port 443 of each domain, so listeners.client_tls must hold "0.0.0.0:443", or port
    /// 443 must be forwarded to it.
    pub struct Acme {
        /// Whether to ask for certificates.
        pub enabled: bool = false,
        /// Domains that the certificate is for.
        pub domains: Vec<String> = Vec::new(),
        /// Mail address that the authority may write to.
        pub contact: Option<String> = None => "\"admin@example.org\"",
        /// The authority's directory. When its own certificate is of an authority of yours, name that one in
        /// outbound.authorities_file.
        pub directory_url: String = "https://acme-v02.api.letsencrypt.org/directory".to_owned(),
    }
}

fn validate(section: &Acme, problems: &mut Vec<Problem>) {
    if section.enabled && section.domains.is_empty() {
        report(problems, "acme", "domains", "is empty; write for example [\"matrix.example.org\"]");
    }
    if section.enabled && !section.directory_url.starts_with("https://") {
        report(problems, "acme", "directory_url", "must start with https://");
    }
}
