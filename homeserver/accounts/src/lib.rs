//! Users, devices, tokens, user-interactive auth, profiles, account data, filters.
//!
//! This crate owns who a person is to this server: the account, what proves it (password, tokens),
//! its devices, and the private notes that its clients keep. It never knows rooms: when a profile
//! changes, `flows` tells the rooms. When a device goes, a [`DeviceObserver`] adds what else must go
//! to the same batch. Tokens are stored as SHA-256 only, passwords as argon2 only, and neither is
//! ever logged. Read [`Accounts`] first, then `sessions.rs` for the life of a token.

mod account_data;
mod address_proofs;
mod administrator;
mod cache;
mod deactivation;
mod default_push_rules;
mod devices;
mod endings;
mod error;
mod external_ids;
mod filters;
mod first_logins;
mod ignored_users;
mod invite_policy;
pub mod limits;
mod login;
mod login_tokens;
mod openid;
mod password;
mod password_reset;
mod ports;
mod profile;
mod provider_logouts;
mod push_rules;
mod refresh;
mod registration;
mod registration_tokens;
mod rows;
mod services;
mod session_origins;
mod sessions;
mod settings;
mod shared_secret;
mod sign_ons;
mod standing;
mod tables;
mod tags;
#[cfg(test)]
mod tests;
mod third_party_ids;
mod tokens;
mod uia;
mod unattended;
mod user_list;
mod user_name;
mod users;
mod visit_links;
mod visitors;

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::{OwnedServerName, ServerName, UserId};
use store::Store;

pub use self::{
    account_data::{AccountDatum, is_server_controlled},
    address_proofs::{AddressProof, AddressProofBegun, AddressProofRequest, AddressPurpose, ProofLetter},
    deactivation::UnfinishedWork,
    devices::Device,
    endings::SessionWatch,
    error::{AccountError, AuthError},
    external_ids::ExternalId,
    first_logins::FirstLogin,
    login::{DeviceChoice, LoggedIn, LoginName},
    ports::{DeviceObserver, ReservedNames},
    profile::{Profile, ProfileChange},
    provider_logouts::ProviderLogout,
    push_rules::{PushRuleError, RulePlace},
    registration::{ExternalUser, NewUser, Registered, RegistrationRequest},
    registration_tokens::RegistrationToken,
    sessions::{Session, SessionKey},
    settings::{AccountSettings, PasswordCost, Registration},
    shared_secret::SharedSecretRegistration,
    sign_ons::{SessionOrigin, SignOn, SignOnBegun, SignOnPurpose},
    standing::Standing,
    tables::tables,
    third_party_ids::OwnAddress,
    tokens::IssuedTokens,
    uia::{Confirmation, Earned, Operation, UiaError},
    user_list::{UserOrder, UserPage, UserQuery},
    users::{UserStatus, UserSummary},
    visit_links::{Visit, VisitCode},
    visitors::{Closed, DueVisit, InvitedVisitor, NewVisit, VISITOR_SUFFIX},
};

/// What [`Accounts`] is built from.
pub struct AccountsParts {
    /// The store that holds the tables of [`tables`].
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness for ids and tokens.
    pub rng: Rng,
    /// The name in every local user id.
    pub server_name: OwnedServerName,
    /// What the operator decided.
    pub settings: AccountSettings,
}

/// The accounts of this server. Cloning it is one reference count.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

pub(crate) struct Inner {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    pub server_name: OwnedServerName,
    pub settings: AccountSettings,
    pub passwords: password::Passwords,
    pub sessions: sessions::SessionCache,
    /// Long polls that must end with their session.
    pub endings: endings::Endings,
    pub seen: devices::SeenDevices,
    pub uia: uia::UiaSessions,
    pub nonces: shared_secret::Nonces,
    pub sign_ons: sign_ons::SignOnsUnderWay,
    pub ignored: cache::ChangeCache<std::collections::HashSet<ruma::OwnedUserId>>,
    pub invites: cache::ChangeCache<rules::invites::InvitePolicy>,
    pub push_rules: cache::ChangeCache<rules::push::CompiledRules>,
    pub positions: cache::ChangeCache<model::StreamPos>,
    pub filters: filters::FilterCache,
    pub ports: ports::Ports,
}

impl Accounts {
    /// Makes the accounts over an open store. Reads and writes nothing yet.
    pub fn new(parts: AccountsParts) -> Self {
        let AccountsParts { store, clock, rng, server_name, settings } = parts;
        Self(Arc::new(Inner {
            passwords: password::Passwords::new(&settings, rng.clone()),
            sessions: sessions::SessionCache::new(),
            endings: endings::Endings::default(),
            seen: devices::SeenDevices::new(),
            uia: uia::UiaSessions::new(&rng),
            nonces: shared_secret::Nonces::default(),
            sign_ons: sign_ons::SignOnsUnderWay::default(),
            ignored: cache::ChangeCache::new(),
            invites: cache::ChangeCache::new(),
            push_rules: cache::ChangeCache::new(),
            positions: cache::ChangeCache::new(),
            filters: filters::FilterCache::new(),
            ports: ports::Ports::default(),
            store,
            clock,
            rng,
            server_name,
            settings,
        }))
    }

    /// What the operator decided about accounts.
    pub fn settings(&self) -> &AccountSettings {
        &self.0.settings
    }

    /// The name in every local user id.
    pub fn server_name(&self) -> &ServerName {
        &self.0.server_name
    }

    /// Whether the id belongs to this server; says nothing about whether the account exists.
    pub fn is_local(&self, user: &UserId) -> bool {
        user.server_name() == self.0.server_name
    }
}
