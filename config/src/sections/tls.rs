//! Section `[tls]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "tls", validate = validate;
    /// A certificate from files. Send SIGHUP after you renew them, and new connections get the new one.
    pub struct Tls {
        /// PEM file with the certificate and the chain above it.
        pub certificate_file: Option<String> = None => "\"/etc/lianqiao/fullchain.pem\"",
        /// PEM file with its private key.
        pub private_key_file: Option<String> = None => "\"/etc/lianqiao/privkey.pem\"",
    }
}

fn validate(section: &Tls, problems: &mut Vec<Problem>) {
    match (&section.certificate_file, &section.private_key_file) {
        (Some(_), None) => report(problems, "tls", "private_key_file", "is missing beside certificate_file"),
        (None, Some(_)) => report(problems, "tls", "certificate_file", "is missing beside private_key_file"),
        (Some(_), Some(_)) | (None, None) => {}
    }
}
