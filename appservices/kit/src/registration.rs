//! The registration of the bots: what the homeserver has to know of them.

use base::Rng;

/// The id of the bots' registration, for ever: what the homeserver still owes them is kept under it.
pub const SERVICE_ID: &str = "lianqiao-bots";

/// The user that the registration itself is; it is in no room and sends nothing.
pub(crate) const SENDER_LOCALPART: &str = "lianqiao-bots";

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
    let users = localparts.iter().map(|localpart| {
        let regex = format!("@{}:{}$", escaped(localpart), escaped(server_name));
        serde_json::json!({ "exclusive": true, "regex": regex })
    });
    let users: Vec<_> = users.collect();
    let registration = serde_json::json!({
        "id": SERVICE_ID,
        "url": url,
        "as_token": tokens.as_token,
        "hs_token": tokens.hs_token,
        "sender_localpart": SENDER_LOCALPART,
        "rate_limited": false,
        // Messages to the bots' devices, and what else encryption needs.
        "receive_ephemeral": true,
        "org.matrix.msc3202": true,
        "io.element.msc4190": true,
        // People find the bots by name.
        "lianqiao.in_user_directory": true,
        "namespaces": { "users": users, "aliases": [], "rooms": [] },
    });
    format!("{registration:#}\n")
}

/// The signs of user ids and server names that mean something in a pattern.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| (".+[]".contains(c)).then_some('\\').into_iter().chain([c])).collect()
}
