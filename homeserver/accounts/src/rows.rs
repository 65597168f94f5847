//! What the rows of [`crate::tables`] hold: named fields, so that an old row is read by a newer program.

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId};
use serde::{Deserialize, Serialize};

/// SHA-256 of a bearer token: the only form in which a token is stored.
pub(crate) type TokenHash = [u8; 32];

/// One local account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UserRow {
    pub created_ms: u64,
    pub guest: bool,
    pub admin: bool,
    pub deactivated: bool,
    pub erased: bool,
    pub locked: bool,
    pub suspended: bool,
    /// Somebody from outside, here for a while.
    #[serde(default)]
    pub visitor: bool,
}
store::record!(UserRow);

/// One device of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    pub display_name: Option<String>,
    pub created_ms: u64,
    /// Counts logins, so that a login and a deletion of the same device cannot both win.
    pub logins: u64,
}
store::record!(DeviceRow);

/// When and from where a device was last seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceSeenRow {
    pub seen_ms: u64,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}
store::record!(DeviceSeenRow);

/// What an access token opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccessTokenRow {
    pub user: OwnedUserId,
    pub device: OwnedDeviceId,
    pub expires_ms: Option<u64>,
    /// The refresh token that this token's first use retires.
    pub confirms: Option<TokenHash>,
}
store::record!(AccessTokenRow);

/// The pair that a refresh token was exchanged for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TokenPair {
    pub access: TokenHash,
    pub refresh: TokenHash,
}

/// A refresh token, fresh or used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RefreshTokenRow {
    pub user: OwnedUserId,
    pub device: OwnedDeviceId,
    pub expires_ms: Option<u64>,
    /// The access token that was issued together with this one.
    pub access: TokenHash,
    /// The refresh token that this one replaced, while that one's row is kept to notice its reuse.
    pub parent: Option<TokenHash>,
    /// What it was exchanged for, last.
    pub next: Option<TokenPair>,
    /// When a token of `next` was used: from here on this one is spent.
    pub spent_ms: Option<u64>,
}
store::record!(RefreshTokenRow);

/// A one-time token of `POST /login/get_token`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoginTokenRow {
    pub user: OwnedUserId,
    pub expires_ms: u64,
    /// The identity provider that vouched for the user, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SessionOriginRow>,
    /// When that provider was asked.
    #[serde(default)]
    pub vouched_ms: u64,
}
store::record!(LoginTokenRow);

/// Which identity provider opened a session, and for whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionOriginRow {
    pub provider: String,
    pub subject: String,
    /// The provider's own session.
    pub sid: Option<String>,
}
store::record!(SessionOriginRow);

/// A logout that an identity provider told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProviderLogoutRow {
    pub provider: String,
    /// Whose sessions end; none when only the provider's session is named.
    pub subject: Option<String>,
    /// Which of the provider's sessions ends; none for all of the person.
    pub sid: Option<String>,
    /// Whether everything has ended.
    pub is_done: bool,
}
store::record!(ProviderLogoutRow);

/// A sign-on that is at an identity provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignOnRow {
    pub provider: String,
    /// Hash of the secret in the browser's cookie.
    pub browser: TokenHash,
    pub nonce: String,
    pub verifier: String,
    /// For a new session: the client's address.
    pub redirect_url: Option<String>,
    /// For a stage of user-interactive auth: its session.
    pub session: Option<String>,
}
store::record!(SignOnRow);

/// A registration token and how often it was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegistrationTokenRow {
    pub uses_allowed: Option<u64>,
    pub completed: u64,
    pub expires_ms: Option<u64>,
}
store::record!(RegistrationTokenRow);

/// A whole profile: field → JSON text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProfileRow {
    pub fields: BTreeMap<String, String>,
}
store::record!(ProfileRow);

/// Which piece of account data moved at a position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccountDataChangeRow {
    pub room: String,
    pub kind: String,
}
store::record!(AccountDataChangeRow);

/// Hash of the one-time token for the first administrator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AdministratorTokenRow {
    pub hash: TokenHash,
}
store::record!(AdministratorTokenRow);

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AddressRow {
    pub validated_ms: u64,
    pub added_ms: u64,
}
store::record!(AddressRow);

/// A session in which an address is proved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AddressProofRow {
    /// What for; a proof for one thing never serves another.
    pub purpose: u8,
    /// Who adds the address.
    pub user: Option<OwnedUserId>,
    pub address: String,
    /// Hash of the client's secret.
    pub secret: TokenHash,
    /// Hash of the link's token; none when the link was opened, or must never open.
    pub token: Option<TokenHash>,
    pub send_attempt: u64,
    pub next_link: Option<String>,
    pub expires_ms: u64,
    /// When the link was opened.
    pub validated_ms: Option<u64>,
}
store::record!(AddressProofRow);

/// The link by which a person comes in for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FirstLoginRow {
    /// Hash of the link's token.
    pub hash: TokenHash,
    pub expires_ms: u64,
}
store::record!(FirstLoginRow);

/// A visitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VisitorRow {
    pub address: String,
    /// By room id.
    pub rooms: BTreeMap<String, VisitRow>,
    /// Whether the account was locked because the last visit was over.
    pub is_over: bool,
}
store::record!(VisitorRow);

/// The time of a visitor in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VisitRow {
    pub until_ms: u64,
    /// Hash of the link's token, until it was opened.
    pub link: Option<TokenHash>,
}
