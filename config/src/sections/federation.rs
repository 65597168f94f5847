//! Section `[federation]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// With whom this server talks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FederationPolicy {
    /// With everybody who is not denied.
    #[default]
    Open,
    /// With those who are listed and not denied.
    Listed,
    /// With nobody.
    Closed,
}

/// What another organisation's server is to this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerKind {
    /// A part of the same organisation.
    Subsidiary,
    /// Another organisation that one works with.
    Partner,
    /// Anybody else.
    #[default]
    Other,
}

/// A rule about one or several other servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FederationPeer {
    /// The name, with wildcards.
    pub servers: String,
    /// What they are to this server.
    pub kind: PeerKind,
    /// Whether users of both may be in rooms together.
    pub rooms: Option<bool>,
    /// Whether they may list the room directory.
    pub directory: Option<bool>,
    /// Whether they may ask for profiles.
    pub profiles: Option<bool>,
    /// Whether presence is exchanged.
    pub presence: Option<bool>,
    /// Largest content that is fetched from them.
    pub media_mebibytes_max: Option<u64>,
}

section! {
    name = "federation", validate = validate;
    /// Other Matrix servers: with whom this one talks, and about what. Changes of policy, lists and peers take effect
    /// without a restart when the process gets SIGHUP.
    pub struct Federation {
        /// "open": with everybody but denied_servers; "listed": with allowed_servers only; "closed": with nobody.
        pub policy: FederationPolicy = FederationPolicy::Open,
        /// Names for policy = "listed": "example.org", or "*.example.org" for every name below it.
        pub allowed_servers: Vec<String> = Vec::new(),
        /// Names that are refused under every policy, with the same wildcards.
        pub denied_servers: Vec<String> = Vec::new(),
        /// What single servers are to this one; the first entry that fits counts. For example
        /// [{ servers = "*.example.org", kind = "subsidiary" }, { servers = "partner.net", kind = "partner" }].
        /// A subsidiary sees everything that federation shows; a partner shares rooms and profiles, but sees neither
        /// the room directory nor presence. rooms, directory, profiles, presence (true or false) and
        /// media_mebibytes_max change that for an entry.
        pub peers: Vec<FederationPeer> = Vec::new(),
        /// Servers that are asked for the signing keys of others which cannot be reached.
        pub notaries: Vec<String> = Vec::new(),
        /// Public signing keys (unpadded base64) that are never believed, because they were stolen.
        pub denied_keys: Vec<String> = Vec::new(),
        /// Whether other servers are told what people call their devices, for example "Alice's phone".
        pub device_names_shared: bool = false,
    }
}

fn validate(section: &Federation, problems: &mut Vec<Problem>) {
    if section.policy == FederationPolicy::Listed && section.allowed_servers.is_empty() {
        report(
            problems,
            "federation",
            "allowed_servers",
            "is empty; list servers, or set policy = \"closed\"",
        );
    }
    let is_good = |name: &String| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-*?:[]".contains(&byte))
    };
    let peers: Vec<String> = section.peers.iter().map(|peer| peer.servers.clone()).collect();
    for (key, names) in [
        ("allowed_servers", &section.allowed_servers),
        ("denied_servers", &section.denied_servers),
        ("notaries", &section.notaries),
        ("peers", &peers),
    ] {
        for name in names.iter().filter(|name| !is_good(name)) {
            let advice = format!("`{name}` is no server name; write for example \"example.org\"");
            report(problems, "federation", key, advice);
        }
    }
}
