//! Section `[listeners]`.

use super::check_addresses;
use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "listeners", validate = validate;
    /// Where the server listens. Each entry is `address:port`.
    pub struct Listeners {
        /// The client API over plain HTTP: for use behind a reverse proxy, or on a trusted network.
        pub client: Vec<String> = vec!["0.0.0.0:8008".to_owned()],
        /// The client API over TLS. Needs a certificate, see [tls] and [acme].
        pub client_tls: Vec<String> = Vec::new(),
        /// The API for other servers over TLS, used when there is a certificate. Behind a proxy the listeners for
        /// clients serve it as well.
        pub federation: Vec<String> = vec!["0.0.0.0:8448".to_owned()],
        /// Health, readiness and metrics. Keep it private: it needs no password.
        pub private: Vec<String> = vec!["127.0.0.1:9008".to_owned()],
        /// Connections open at once on each listener; the next one waits.
        pub connections_max: usize = 20_000,
        /// Requests in progress at once, long polls included; the next one is refused with 503.
        pub requests_max: usize = 16_384,
        /// Seconds that a client has to send the head of a request.
        pub header_timeout_seconds: u64 = 20,
        /// Seconds that a client has to send the whole body of a request, uploads of media aside.
        pub body_timeout_seconds: u64 = 30,
        /// Seconds that running requests get to finish when the server stops.
        pub shutdown_timeout_seconds: u64 = 20,
    }
}

fn validate(section: &Listeners, problems: &mut Vec<Problem>) {
    let lists = [
        ("client", &section.client),
        ("client_tls", &section.client_tls),
        ("federation", &section.federation),
        ("private", &section.private),
    ];
    for (key, addresses) in lists {
        check_addresses(problems, "listeners", key, addresses);
    }
    if section.client.is_empty() && section.client_tls.is_empty() {
        report(problems, "listeners", "client", "is empty, and client_tls too: no client could connect");
    }
    for (key, value) in [("connections_max", section.connections_max), ("requests_max", section.requests_max)]
    {
        if value == 0 {
            report(problems, "listeners", key, "must be at least 1");
        }
    }
    for (key, seconds) in [
        ("header_timeout_seconds", section.header_timeout_seconds),
        ("body_timeout_seconds", section.body_timeout_seconds),
    ] {
        if seconds == 0 {
            report(problems, "listeners", key, "must be at least 1");
        }
    }
}
