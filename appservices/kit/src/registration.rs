//! The registration of the bots: what the homeserver has to know of them.

use base::Rng;
use serde_json::Value;

/// The id of the bots' registration, for ever: what the homeserver still owes them is kept under it.
pub const SERVICE_ID: &str = "lianqiao-bots";

/// The type of account data in which people say who may know of their time: [`crate::PREFIX`] and what it is.
pub const AVAILABILITY_POLICY: &str = "com.lianqiao.availability_policy";

/// Length of a token: about 380 bits.
const TOKEN_CHARACTERS: usize = 64;

/// The two secrets of a registration.
#[derive(Clone)]
pub struct Tokens {
    /// What the bots show.
    pub as_token: String,
    /// What the homeserver shows.
    pub hs_token: String,
}

impl Tokens {
    /// New ones.
    #[must_use]
    pub fn generate(rng: &Rng) -> Self {
        Self { as_token: rng.string(TOKEN_CHARACTERS), hs_token: rng.string(TOKEN_CHARACTERS) }
    }
}

/// The registration in the form of the specification: JSON, which is YAML too.
/// [Specification](https://spec.matrix.org/v1.19/application-service-api/#registration)
#[must_use]
pub fn registration(url: &str, tokens: &Tokens, localparts: &[&str], server_name: &str) -> String {
    let namespaces = Namespaces { localparts, prefixes: &[], server_name };
    let mut registration = value_of(SERVICE_ID, url, tokens, &namespaces);
    // Calendars are the bots': they say when people are busy, and who may know stands in account data.
    registration["lianqiao.availability"] = true.into();
    registration["lianqiao.account_data"] = serde_json::json!([AVAILABILITY_POLICY]);
    format!("{registration:#}\n")
}

/// Whose accounts a service has for itself.
#[derive(Clone, Copy, Debug)]
pub struct Namespaces<'a> {
    /// These very local parts.
    pub localparts: &'a [&'a str],
    /// Every local part that begins so.
    pub prefixes: &'a [&'a str],
    /// On this server.
    pub server_name: &'a str,
}

/// As [`registration`], for a service of this id. The user that the registration itself is has the id for its local part; it is
/// in no room and sends nothing.
#[must_use]
pub fn registration_of(id: &str, url: &str, tokens: &Tokens, namespaces: &Namespaces<'_>) -> String {
    format!("{:#}\n", value_of(id, url, tokens, namespaces))
}

fn value_of(id: &str, url: &str, tokens: &Tokens, namespaces: &Namespaces<'_>) -> Value {
    let Namespaces { localparts, prefixes, server_name } = namespaces;
    let pattern = |localpart: String| serde_json::json!({ "exclusive": true, "regex": format!("@{localpart}:{}$", escaped(server_name)) });
    let exact = localparts.iter().map(|localpart| pattern(escaped(localpart)));
    let users: Vec<_> =
        exact.chain(prefixes.iter().map(|prefix| pattern(format!("{}.*", escaped(prefix))))).collect();
    serde_json::json!({
        "id": id,
        "url": url,
        "as_token": tokens.as_token,
        "hs_token": tokens.hs_token,
        "sender_localpart": id,
        "rate_limited": false,
        // Messages to the bots' devices, and what else encryption needs.
        "receive_ephemeral": true,
        "org.matrix.msc3202": true,
        "io.element.msc4190": true,
        // In this process or in one of its own: what they say is an answer to somebody.
        "lianqiao.people_wait": true,
        // People find the bots by name.
        "lianqiao.in_user_directory": true,
        // The bots know whom the organisation lets in for the first time; bridges do not.
        "lianqiao.looks_after_people": id == SERVICE_ID,
        "namespaces": { "users": users, "aliases": [], "rooms": [] },
    })
}

/// The signs of user ids and server names that mean something in a pattern.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| (".+[]".contains(c)).then_some('\\').into_iter().chain([c])).collect()
}
