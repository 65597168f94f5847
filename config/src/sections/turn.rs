//! Section `[turn]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "turn", validate = validate;
    /// The TURN server through which calls find their way. Clients get credentials from this server.
    pub struct Turn {
        /// Addresses for clients, for example "turn:turn.example.org?transport=udp". None switches it off.
        pub uris: Vec<String> = Vec::new(),
        /// The secret shared with the TURN server (coturn: static-auth-secret).
        pub shared_secret: Option<String> = None => "\"a-long-secret\"",
        /// A fixed user name, for a TURN server that shares no secret.
        pub username: Option<String> = None => "\"calls\"",
        /// Its password.
        pub password: Option<String> = None => "\"another-secret\"",
        /// How long credentials live, in seconds.
        pub lifetime_seconds: u64 = 86_400,
        /// Whether guests get credentials.
        pub guests: bool = false,
    }
}

fn validate(section: &Turn, problems: &mut Vec<Problem>) {
    for uri in &section.uris {
        if !(uri.starts_with("turn:") || uri.starts_with("turns:") || uri.starts_with("stun:")) {
            report(problems, "turn", "uris", format!("`{uri}` must begin with turn:, turns: or stun:"));
        }
    }
    let fixed = section.username.is_some() && section.password.is_some();
    if !section.uris.is_empty() && section.shared_secret.is_none() && !fixed {
        report(problems, "turn", "shared_secret", "is missing; set it, or both username and password");
    }
    if !(60..=31_536_000).contains(&section.lifetime_seconds) {
        report(problems, "turn", "lifetime_seconds", "must be between 60 and 31536000");
    }
}
