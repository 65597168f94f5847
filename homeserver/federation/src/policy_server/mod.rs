//! Policy servers: asking those that rooms name, and being the one that is asked.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>
//!
//! `rooms` says when a policy server must be asked and checks what it signed; here is how it is asked
//! ([`asking`]), and what this server answers for rooms that name it ([`serving`], by the rules of [`judge`]). Its key
//! for this purpose signs nothing else.

mod asking;
mod judge;
mod limits;
mod serving;
mod settings;

use std::sync::Arc;

use base::Clock;
use moka::sync::Cache;
use rooms::RoomsError;
use ruma::serde::Base64;
use ruma::signatures::Ed25519KeyPair;
use ruma::{OwnedEventId, OwnedServerName};
use store::StoreError;
use thiserror::Error;

pub use self::settings::PolicyServerSettings;
use self::{
    judge::Judge,
    limits::{JUDGEMENTS_MAX, PAUSE, PAUSES_MAX},
};

/// This server as a policy server: the key and the rules.
#[derive(Clone, Debug)]
pub struct PolicyServerParts {
    /// The key; its version is `policy_server`.
    pub key: Arc<Ed25519KeyPair>,
    /// The rules.
    pub settings: PolicyServerSettings,
}

/// Why this server does not sign an event as a policy server.
#[derive(Debug, Error)]
pub enum PolicyServerError {
    /// It is no policy server.
    #[error("this server is not a policy server")]
    NotServing,
    /// The room does not use it, or is not known here.
    #[error("this server is not the policy server of this room")]
    NotProtected,
    /// What was sent is no event of the room.
    #[error("{0}")]
    BadEvent(String),
    /// The room keeps the asking server out.
    #[error("the room keeps your server out")]
    KeptOut,
    /// The event is not recommended.
    #[error("{0}")]
    Refused(String),
    /// A room could not be read.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What this module keeps for [`crate::Federation`].
pub(crate) struct PolicyServers {
    own: Option<Own>,
    /// Policy servers that did not answer a moment ago, and what went wrong.
    silent: Cache<OwnedServerName, String>,
}

struct Own {
    key: Arc<Ed25519KeyPair>,
    judge: Judge,
    /// What was said of events: nothing, or why not.
    judgements: Cache<OwnedEventId, Option<String>>,
}

impl PolicyServers {
    pub fn new(parts: Option<PolicyServerParts>, clock: &Clock) -> Self {
        let own = parts.map(|parts| Own {
            key: parts.key,
            judge: Judge::new(parts.settings, clock.clone()),
            judgements: Cache::builder().max_capacity(JUDGEMENTS_MAX).build(),
        });
        Self { own, silent: Cache::builder().max_capacity(PAUSES_MAX).time_to_live(PAUSE).build() }
    }

    /// The public key, unpadded base64, if this server is a policy server.
    pub fn public_key(&self) -> Option<String> {
        let key = self.own.as_ref()?.key.public_key();
        Some(Base64::<ruma::serde::base64::Standard, _>::new(key.to_vec()).encode())
    }
}
