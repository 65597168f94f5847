//! What the configuration says about other servers.

use config::Config;
use federation::{
    FederationSettings,
    policy::{PeerKind, PeerRule, PolicyMode, PolicySettings},
    policy_server::PolicyServerSettings,
};
use ruma::OwnedServerName;

use crate::StartError;

/// Server names are read here, so that a mistake is found at the start.
pub(crate) fn federation(config: &Config) -> Result<FederationSettings, StartError> {
    let section = &config.federation;
    let notaries = section.notaries.iter().map(|name| {
        OwnedServerName::try_from(name.as_str())
            .map_err(|error| StartError::Setting { key: "federation.notaries", reason: error.to_string() })
    });
    Ok(FederationSettings {
        policy: policy(section)?,
        notaries: notaries.collect::<Result<_, _>>()?,
        denied_keys: section.denied_keys.clone(),
        device_names_shared: section.device_names_shared,
    })
}

/// What this server recommends as the policy server of rooms.
pub(crate) fn policy_server(section: &config::PolicyServer) -> PolicyServerSettings {
    PolicyServerSettings {
        event_bytes_max: section.event_bytes_max,
        events_per_minute_max: section.events_per_minute_max,
        arrivals_per_minute_max: section.arrivals_per_minute_max,
        repeats_per_minute_max: section.repeats_per_minute_max,
        mentions_max: section.mentions_max,
        denied_words: section.denied_words.clone(),
        denied_users: section.denied_users.clone(),
        denied_servers: section.denied_servers.clone(),
        spared_power_level: section.spared_power_level,
    }
}

/// With whom we talk.
pub(crate) fn policy(section: &config::Federation) -> Result<PolicySettings, StartError> {
    let peers = section.peers.iter().map(|peer| PeerRule {
        servers: peer.servers.clone(),
        kind: match peer.kind {
            config::PeerKind::Subsidiary => PeerKind::Subsidiary,
            config::PeerKind::Partner => PeerKind::Partner,
            config::PeerKind::Other => PeerKind::Other,
        },
        rooms: peer.rooms,
        directory: peer.directory,
        profiles: peer.profiles,
        presence: peer.presence,
        media_bytes_max: peer.media_mebibytes_max.map(|mebibytes| mebibytes.saturating_mul(1024 * 1024)),
    });
    let policy = PolicySettings {
        mode: match section.policy {
            config::FederationPolicy::Open => PolicyMode::Open,
            config::FederationPolicy::Listed => PolicyMode::Listed,
            config::FederationPolicy::Closed => PolicyMode::Closed,
        },
        allowed: section.allowed_servers.clone(),
        denied: section.denied_servers.clone(),
        peers: peers.collect(),
    };
    policy.check().map_err(|error| StartError::Setting { key: "federation", reason: error.to_string() })?;
    Ok(policy)
}
