//! With whom we talk, and about what: open to all, closed, or open to a list; and what each kind of peer may see.
//!
//! Asked at every edge: a request that came in, a request that goes out, the keys of a server, the servers of a
//! join. Our own name is always allowed. The policy changes without a restart.

mod settings;

use std::sync::Arc;

use parking_lot::RwLock;
use rules::acl::ServerAcl;
use ruma::{OwnedServerName, ServerName};
use serde_json::json;
use store::{Batch, Store, StoreError};

pub use self::settings::{PeerKind, PeerRule, PeerTerms, PolicyMode, PolicyProblem, PolicySettings};
use crate::tables::{FEDERATION_POLICY, PolicyRow};

/// Beginnings of paths that mean something also between servers that share no rooms.
const ROOMLESS_PATHS: [&str; 6] = [
    "/_matrix/key/",
    "/_matrix/media/",
    "/_matrix/federation/v1/media/",
    "/_matrix/federation/v1/publicRooms",
    "/_matrix/federation/v1/query/",
    "/_matrix/federation/v1/version",
];

/// The policy in force. Clones share it.
#[derive(Clone)]
pub struct Policy(Arc<Inner>);

struct Inner {
    store: Store,
    server_name: OwnedServerName,
    state: RwLock<State>,
}

struct State {
    /// What the configuration says; in force unless an administrator said otherwise.
    configured: PolicySettings,
    in_force: Arc<Compiled>,
    is_overridden: bool,
}

struct Compiled {
    settings: PolicySettings,
    /// Nobody is on it when the server is closed.
    list: ServerAcl,
    peers: Vec<(ServerAcl, PeerTerms)>,
}

impl Compiled {
    fn new(settings: PolicySettings) -> Self {
        let everybody = vec!["*".to_owned()];
        let allow = match settings.mode {
            PolicyMode::Open => everybody,
            PolicyMode::Listed => settings.allowed.clone(),
            PolicyMode::Closed => Vec::new(),
        };
        let list = ServerAcl::new(&json!({ "allow": allow, "deny": settings.denied }).to_string());
        let peers = settings.peers.iter().map(|rule| {
            (ServerAcl::new(&json!({ "allow": [rule.servers] }).to_string()), PeerTerms::of(rule))
        });
        let peers = peers.collect();
        Self { settings, list, peers }
    }
}

impl Policy {
    /// Reads what an administrator set; without it the configuration counts.
    pub(crate) async fn open(
        store: &Store,
        server_name: OwnedServerName,
        configured: PolicySettings,
    ) -> Result<Self, StoreError> {
        let row = store.snapshot().get(&FEDERATION_POLICY, &()).await?;
        let set = row.and_then(|row| match serde_json::from_str(&row.policy) {
            Ok(policy) => Some(policy),
            Err(error) => {
                tracing::error!(%error, "the stored federation policy cannot be read; the configuration counts");
                None
            }
        });
        let is_overridden = set.is_some();
        let in_force = Arc::new(Compiled::new(set.unwrap_or_else(|| configured.clone())));
        let state = RwLock::new(State { configured, in_force, is_overridden });
        Ok(Self(Arc::new(Inner { store: store.clone(), server_name, state })))
    }

    /// Whether we talk with a server at all.
    #[must_use]
    pub fn allows(&self, server: &ServerName) -> bool {
        server == self.0.server_name || self.in_force().list.allows(server)
    }

    /// What a server may see of us; nothing at all when we do not talk with it. The first rule that names it counts.
    #[must_use]
    pub fn terms(&self, server: &ServerName) -> Option<PeerTerms> {
        if server == self.0.server_name {
            return Some(PeerTerms::default());
        }
        let policy = self.in_force();
        if !policy.list.allows(server) {
            return None;
        }
        let rule = policy.peers.iter().find(|(servers, _)| servers.allows(server));
        Some(rule.map_or_else(PeerTerms::default, |(_, terms)| terms.clone()))
    }

    /// Whether users of a server and ours may be in rooms together.
    #[must_use]
    pub fn shares_rooms(&self, server: &ServerName) -> bool {
        self.terms(server).is_some_and(|terms| terms.rooms)
    }

    /// Whether a server and we tell each other who is online.
    #[must_use]
    pub fn shares_presence(&self, server: &ServerName) -> bool {
        self.terms(server).is_some_and(|terms| terms.rooms && terms.presence)
    }

    /// Whether a request to this path may pass between a server and us, in either direction. Whatever is not known to
    /// have nothing to do with rooms needs the right to share them, so that no endpoint is forgotten.
    #[must_use]
    pub fn allows_path(&self, server: &ServerName, path: &str) -> bool {
        let needs_rooms = !ROOMLESS_PATHS.iter().any(|start| path.starts_with(start));
        self.terms(server).is_some_and(|terms| terms.rooms || !needs_rooms)
    }

    /// The policy in force, and whether an administrator set it over the configuration.
    #[must_use]
    pub fn current(&self) -> (PolicySettings, bool) {
        let state = self.0.state.read();
        (state.in_force.settings.clone(), state.is_overridden)
    }

    /// Takes what the configuration says now. It waits behind what an administrator set.
    pub fn reconfigure(&self, configured: PolicySettings) {
        let mut state = self.0.state.write();
        if !state.is_overridden {
            state.in_force = Arc::new(Compiled::new(configured.clone()));
        }
        state.configured = configured;
    }

    /// Sets the policy over the configuration, from now on and after every restart; with nothing, the configuration
    /// counts again.
    ///
    /// # Errors
    /// Whatever the store answers; the old policy stays in force then.
    pub async fn set(&self, policy: Option<PolicySettings>) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        match &policy {
            Some(policy) => {
                let policy = json!(policy).to_string();
                batch.put(&FEDERATION_POLICY, &(), &PolicyRow { policy });
            }
            None => {
                batch.delete(&FEDERATION_POLICY, &());
            }
        }
        self.0.store.commit(batch).await?;
        let mut state = self.0.state.write();
        state.is_overridden = policy.is_some();
        let policy = policy.unwrap_or_else(|| state.configured.clone());
        state.in_force = Arc::new(Compiled::new(policy));
        Ok(())
    }

    fn in_force(&self) -> Arc<Compiled> {
        Arc::clone(&self.0.state.read().in_force)
    }
}

#[cfg(test)]
mod tests;
