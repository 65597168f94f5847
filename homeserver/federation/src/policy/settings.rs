//! What an operator can say about other servers.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::PEER_RULES_MAX;

/// With whom we talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyMode {
    /// With everybody but those who are denied.
    #[default]
    Open,
    /// With those on the list, but for those who are denied.
    Listed,
    /// With nobody.
    Closed,
}

/// The whole policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// With whom we talk.
    pub mode: PolicyMode,
    /// Names for [`PolicyMode::Listed`]; `*` is any run of characters, `?` exactly one.
    pub allowed: Vec<String>,
    /// Names that are refused in every mode, with the same wildcards.
    pub denied: Vec<String>,
    /// What the operator says of single peers; the first that fits counts.
    pub peers: Vec<PeerRule>,
}

/// What a peer is to us; the kind says what it may see unless the rule says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerKind {
    /// A part of the same organisation: it may see everything that federation shows.
    Subsidiary,
    /// Another organisation: shared rooms and profiles, but neither the room directory nor presence.
    Partner,
    /// Anybody else: as the specification has it.
    #[default]
    Other,
}

/// A rule about one or several peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeerRule {
    /// The name, with wildcards.
    pub servers: String,
    /// What they are to us.
    pub kind: PeerKind,
    /// Whether their users and ours may be in rooms together.
    pub rooms: Option<bool>,
    /// Whether they may list our room directory and ask for aliases.
    pub directory: Option<bool>,
    /// Whether they may ask for the profiles of our users.
    pub profiles: Option<bool>,
    /// Whether they and we tell each other who is online.
    pub presence: Option<bool>,
    /// Largest content that is fetched from them, in bytes; without it the general bound counts.
    pub media_bytes_max: Option<u64>,
}

/// What a peer may see and do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerTerms {
    /// What it is to us.
    pub kind: PeerKind,
    /// Shared rooms: transactions, joins, invites.
    pub rooms: bool,
    /// Our room directory and aliases.
    pub directory: bool,
    /// Profiles of our users.
    pub profiles: bool,
    /// Presence, both ways.
    pub presence: bool,
    /// Largest content that is fetched from it, in bytes, when smaller than the general bound.
    pub media_bytes_max: Option<u64>,
}

impl Default for PeerTerms {
    fn default() -> Self {
        Self::of(&PeerRule::default())
    }
}

impl PeerTerms {
    pub(super) fn of(rule: &PeerRule) -> Self {
        let is_partner = match rule.kind {
            PeerKind::Partner => true,
            PeerKind::Subsidiary | PeerKind::Other => false,
        };
        Self {
            kind: rule.kind,
            rooms: rule.rooms.unwrap_or(true),
            directory: rule.directory.unwrap_or(!is_partner),
            profiles: rule.profiles.unwrap_or(true),
            presence: rule.presence.unwrap_or(!is_partner),
            media_bytes_max: rule.media_bytes_max,
        }
    }
}

/// Why a policy cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyProblem {
    /// More rules than are kept.
    #[error("there are more than {PEER_RULES_MAX} names or rules")]
    TooMany,
    /// A name that can match nothing.
    #[error("`{0}` is no server name; write for example \"example.org\" or \"*.example.org\"")]
    Name(String),
}

impl PolicySettings {
    /// Looks for mistakes.
    ///
    /// # Errors
    /// [`PolicyProblem`], the first one.
    pub fn check(&self) -> Result<(), PolicyProblem> {
        if [self.allowed.len(), self.denied.len(), self.peers.len()]
            .iter()
            .any(|count| *count > PEER_RULES_MAX)
        {
            return Err(PolicyProblem::TooMany);
        }
        let names =
            self.allowed.iter().chain(&self.denied).chain(self.peers.iter().map(|rule| &rule.servers));
        let is_good = |name: &str| {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-*?:[]".contains(&byte);
            !name.is_empty() && name.len() <= 255 && name.bytes().all(good)
        };
        match names.into_iter().find(|name| !is_good(name)) {
            Some(name) => Err(PolicyProblem::Name(name.clone())),
            None => Ok(()),
        }
    }
}
