//! Section `[policy_server]`.

use crate::{
    Problem,
    section::{report, section},
};

/// Entries of one list.
const LISTED_MAX: usize = 1_000;

section! {
    name = "policy_server", validate = validate;
    /// This server as the policy server of rooms: servers in such a room ask it before they send, and it does not sign
    /// what is spam. A room uses it when its state event m.room.policy names this server and the key that
    /// /.well-known/matrix/policy_server shows, and somebody of this server is in the room. Leaving and redacting are
    /// never refused. Of encrypted messages only sender, size and number are judged. A number of 0 switches a rule off.
    pub struct PolicyServer {
        /// Whether rooms may use this server. Its key is made at the first start and kept in the data folder.
        pub enabled: bool = false,
        /// Largest event in bytes; 0 leaves it at the 65536 of the specification.
        pub event_bytes_max: usize = 0,
        /// Events of one user in one room within a minute.
        pub events_per_minute_max: u32 = 60,
        /// Joins and knocks in one room within a minute, of all users together.
        pub arrivals_per_minute_max: u32 = 120,
        /// How often the same text may be said in one room within a minute, by whomever.
        pub repeats_per_minute_max: u32 = 6,
        /// Users whom one message may mention.
        pub mentions_max: usize = 20,
        /// Words and phrases that may not be said, in any case; they count inside other words too.
        pub denied_words: Vec<String> = Vec::new(),
        /// Users who may not send: "@spam:example.org", or with wildcards "@*bot*:*".
        pub denied_users: Vec<String> = Vec::new(),
        /// Servers whose users may not send: "example.org" or "*.example.org".
        pub denied_servers: Vec<String> = Vec::new(),
        /// Users with at least this power level in a room are spared everything but the lists of users and servers.
        pub spared_power_level: i64 = 50,
    }
}

fn validate(section: &PolicyServer, problems: &mut Vec<Problem>) {
    for (key, list) in [
        ("denied_words", &section.denied_words),
        ("denied_users", &section.denied_users),
        ("denied_servers", &section.denied_servers),
    ] {
        if list.len() > LISTED_MAX {
            report(problems, "policy_server", key, format!("may have at most {LISTED_MAX} entries"));
        }
        if list.iter().any(|entry| entry.trim().is_empty()) {
            report(problems, "policy_server", key, "has an entry without text, which would fit everything");
        }
    }
}
