//! Every table of this crate, with the question it answers.

use std::collections::BTreeMap;

use ruma::OwnedServerName;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Servers that could not be reached.
pub const SERVER_DOWN: Table<OwnedServerName, DownRow> = Table::new(
    1200,
    "server_down",
    Profile::Scan,
    "since when is this server down, and when is it tried again?",
);

/// What servers said about their signing keys.
pub const SERVER_KEYS: Table<OwnedServerName, ServerKeysRow> =
    Table::new(1201, "server_keys", Profile::Point, "which signing keys does this server have and had?");

/// The policy that an administrator set while the server ran; it wins over the configuration.
pub const FEDERATION_POLICY: Table<(), PolicyRow> = Table::new(
    1202,
    "federation_policy",
    Profile::Point,
    "with whom do we talk, if an administrator said so?",
);

/// Every table of this crate, for the store's list.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    let mut all = vec![SERVER_DOWN.info(), SERVER_KEYS.info(), FEDERATION_POLICY.info()];
    all.extend(crate::sender::tables::tables());
    all.extend(crate::inbound::tables());
    all
}

/// A server that could not be reached.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct DownRow {
    /// Tries that failed one after the other.
    pub failures: u32,
    /// Of the first of them, in milliseconds since 1970.
    pub since_ms: u64,
    /// Before this time the server is not asked again, in milliseconds since 1970.
    pub retry_at_ms: u64,
}
record!(DownRow);

/// The signing keys of a server, as far as they were ever seen.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServerKeysRow {
    /// By key id (`ed25519:a_1`).
    pub keys: BTreeMap<String, KeyRow>,
    /// The last answer of the server, byte for byte, for those who ask us as a notary.
    pub response: String,
    /// When it was asked last, in milliseconds since 1970.
    pub fetched_ms: u64,
    /// Until when that answer says it is valid, in milliseconds since 1970.
    pub valid_until_ms: u64,
}
record!(ServerKeysRow);

/// One signing key of a server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyRow {
    /// The public key, unpadded base64.
    pub key: String,
    /// Until when it signs, or signed, in milliseconds since 1970.
    pub valid_until_ms: u64,
    /// Whether the server stopped using it.
    pub is_old: bool,
}
record!(KeyRow);

/// A policy as JSON, because it is written and read by people.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PolicyRow {
    /// A [`crate::policy::PolicySettings`].
    pub policy: String,
}
record!(PolicyRow);
