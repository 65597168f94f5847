//! What the rows of [`crate::tables`] hold: named fields, so that an old row is read by a newer program.

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId};
use serde::{Deserialize, Serialize};

use crate::standing::Standing;

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
    /// Whether it is somebody from outside, here for a while. Absent where nobody said so, as in older rows: conditions
    /// compare bytes. Some rows say no in so many words, and stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<bool>,
    /// What the organisation says of the person. Absent where it says nothing, as in older rows: conditions compare bytes.
    #[serde(default, skip_serializing_if = "Standing::is_active")]
    pub standing: Standing,
}
store::record!(UserRow);

impl UserRow {
    /// Whether it is somebody from outside, here for a while.
    pub fn is_visitor(&self) -> bool {
        self.visitor == Some(true)
    }
}

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
    /// Whether the end of the last visit locked the account like an administrator: in rows older than [`UserRow::standing`].
    pub is_over: bool,
    /// When codes went to the address, for whichever room, in ms since 1970; the latest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes_ms: Vec<u64>,
}
store::record!(VisitorRow);

/// The time of a visitor in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VisitRow {
    pub until_ms: u64,
    /// Hash of the link's token, until it was opened.
    pub link: Option<TokenHash>,
    /// The code that was sent last for the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<VisitCodeRow>,
    /// When codes were sent for the link, in ms since 1970; the latest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes_ms: Vec<u64>,
    /// Who of ours asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<OwnedUserId>,
}

impl VisitRow {
    /// A visit without a link.
    pub fn until(until_ms: u64) -> Self {
        Self { until_ms, link: None, code: None, codes_ms: Vec::new(), by: None }
    }
}

/// A code that was sent to a visitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VisitCodeRow {
    /// Hash of the link's token with the code.
    pub hash: TokenHash,
    pub expires_ms: u64,
    /// How often a code was entered.
    pub tries: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Before {
        created_ms: u64,
        guest: bool,
        admin: bool,
        deactivated: bool,
        erased: bool,
        locked: bool,
        suspended: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        visitor: Option<bool>,
    }

    #[test]
    fn an_account_from_before_there_were_visitors_is_written_as_it_was() {
        for visitor in [None, Some(false), Some(true)] {
            let (guest, admin, deactivated, erased) = (false, true, false, false);
            let (locked, suspended) = (false, false);
            let before =
                Before { created_ms: 7, guest, admin, deactivated, erased, locked, suspended, visitor };
            let before = store::to_record(&before);
            let row: UserRow = store::from_record(&before).unwrap();
            assert_eq!(row.is_visitor(), visitor == Some(true));
            assert_eq!(store::to_record(&row), before, "a condition on it would never hold otherwise");
        }
    }
}
