//! The tables of this crate. Nobody else may touch them; ids 100 to 199 are ours.

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedDeviceId, OwnedUserId};
use store::{Profile, Table, TableInfo};

pub(crate) use crate::rows::{
    AccessTokenRow, AccountDataChangeRow, AddressProofRow, AddressRow, AdministratorTokenRow, DeviceRow,
    DeviceSeenRow, FirstLoginRow, LoginTokenRow, ProfileRow, ProviderLogoutRow, RefreshTokenRow,
    RegistrationTokenRow, SessionOriginRow, SignOnRow, TokenHash, TokenPair, UserRow, VisitCodeRow, VisitRow,
    VisitorRow,
};

/// What a row of [`DEVICE_TOKENS`] points to.
pub(crate) const ACCESS: u64 = 0;
/// What a row of [`DEVICE_TOKENS`] points to.
pub(crate) const REFRESH: u64 = 1;

pub(crate) const USERS: Table<OwnedUserId, UserRow> =
    Table::new(100, "users", Profile::Point, "does this local account exist, and may it act?");
pub(crate) const PASSWORDS: Table<OwnedUserId, String> =
    Table::new(101, "passwords", Profile::Point, "which argon2 hash must the password fit?");
pub(crate) const DEVICES: Table<(OwnedUserId, OwnedDeviceId), DeviceRow> =
    Table::new(102, "devices", Profile::Scan, "which devices does the user have?");
pub(crate) const DEVICES_SEEN: Table<(OwnedUserId, OwnedDeviceId), DeviceSeenRow> =
    Table::new(103, "devices_seen", Profile::Scan, "when and from where was the device last seen?");
pub(crate) const ACCESS_TOKENS: Table<TokenHash, AccessTokenRow> =
    Table::new(104, "access_tokens", Profile::Point, "whose session does this token open?");
pub(crate) const REFRESH_TOKENS: Table<TokenHash, RefreshTokenRow> =
    Table::new(105, "refresh_tokens", Profile::Point, "may this token be exchanged for a new pair?");
pub(crate) const DEVICE_TOKENS: Table<(OwnedUserId, OwnedDeviceId, TokenHash), u64> =
    Table::new(106, "device_tokens", Profile::Scan, "which tokens end when the device goes?");
pub(crate) const LOGIN_TOKENS: Table<TokenHash, LoginTokenRow> =
    Table::new(107, "login_tokens", Profile::Point, "whom does this one-time login token log in?");
pub(crate) const REGISTRATION_TOKENS: Table<String, RegistrationTokenRow> =
    Table::new(108, "registration_tokens", Profile::Point, "may this token create an account?");
pub(crate) const PROFILES: Table<OwnedUserId, ProfileRow> =
    Table::new(109, "profiles", Profile::Point, "what does the user say about themselves?");
/// The last change of each field of each profile, in the order of the stream.
pub(crate) const PROFILE_CHANGE: Table<StreamPos, (OwnedUserId, String)> =
    Table::new(140, "profile_change", Profile::Scan, "which fields of which profiles changed since?");
/// Where that change stands.
pub(crate) const PROFILE_FIELD_CHANGED: Table<(OwnedUserId, String), StreamPos> = Table::new(
    141,
    "profile_field_changed",
    Profile::Point,
    "when did this field of the profile change last?",
);
/// (user, room id or nothing, type) → (position of the last change, JSON or nothing when deleted).
pub(crate) const ACCOUNT_DATA: Table<(OwnedUserId, String, String), (StreamPos, Bytes)> =
    Table::new(110, "account_data", Profile::Scan, "what did the user's clients keep here?");
pub(crate) const ACCOUNT_DATA_CHANGES: Table<(OwnedUserId, StreamPos), AccountDataChangeRow> =
    Table::new(111, "account_data_changes", Profile::Scan, "which account data moved since a position?");
pub(crate) const FILTERS: Table<(OwnedUserId, String), Bytes> =
    Table::new(112, "filters", Profile::Point, "which filter has this id?");
pub(crate) const ADMINISTRATOR_TOKEN: Table<u8, AdministratorTokenRow> =
    Table::new(113, "administrator_token", Profile::Point, "which link creates the first administrator?");
/// (kind of work, user) → when it was begun.
pub(crate) const UNFINISHED: Table<(u8, OwnedUserId), u64> =
    Table::new(114, "unfinished_account_work", Profile::Queue, "what must be carried on after a crash?");

/// Expiry first, so that old ones can be dropped without looking at the others.
pub(crate) const OPENID_TOKENS_BY_AGE: Table<(u64, TokenHash), ()> =
    Table::new(116, "openid_tokens_by_age", Profile::Queue, "which OpenID tokens have expired?");
/// Token → (user, when it expires in ms).
pub(crate) const OPENID_TOKENS: Table<TokenHash, (OwnedUserId, u64)> =
    Table::new(115, "openid_tokens", Profile::Point, "for whom does this OpenID token vouch?");

pub(crate) const ADDRESSES: Table<(OwnedUserId, String), AddressRow> =
    Table::new(120, "addresses", Profile::Scan, "which e-mail addresses did the user prove?");
pub(crate) const ADDRESS_OWNERS: Table<String, OwnedUserId> =
    Table::new(121, "address_owners", Profile::Point, "whose is this e-mail address?");
pub(crate) const ADDRESS_PROOFS: Table<String, AddressProofRow> =
    Table::new(122, "address_proofs", Profile::Point, "was the link of this session opened?");
/// (hash of the client's secret, purpose, address)
pub(crate) const ADDRESS_PROOF_SIDS: Table<(TokenHash, u8, String), String> =
    Table::new(123, "address_proof_sids", Profile::Point, "which session does the client mean?");

/// (provider, subject) → user
pub(crate) const EXTERNAL_IDS: Table<(String, String), OwnedUserId> =
    Table::new(130, "external_ids", Profile::Point, "whose account is this person of an identity provider?");
/// (user, provider, subject) → when it was linked, in ms.
pub(crate) const USER_EXTERNAL_IDS: Table<(OwnedUserId, String, String), u64> =
    Table::new(131, "user_external_ids", Profile::Scan, "who is the user at identity providers?");
/// (when it expires in ms, hash of its state): the first ones are the ones to drop.
pub(crate) const SIGN_ONS: Table<(u64, TokenHash), SignOnRow> =
    Table::new(132, "sign_ons", Profile::Queue, "what did this browser take along to its identity provider?");
pub(crate) const SESSION_ORIGINS: Table<(OwnedUserId, OwnedDeviceId), SessionOriginRow> =
    Table::new(133, "session_origins", Profile::Scan, "which identity provider opened the device's session?");
/// (provider, sid, user, device)
pub(crate) const SESSIONS_BY_SID: Table<(String, String, OwnedUserId, OwnedDeviceId), ()> =
    Table::new(134, "sessions_by_sid", Profile::Scan, "which sessions end with this one of a provider?");
/// (when it expires in ms, hash): the first ones are the ones to drop.
pub(crate) const LOGIN_TOKENS_BY_AGE: Table<(u64, TokenHash), ()> =
    Table::new(135, "login_tokens_by_age", Profile::Queue, "which login tokens have expired?");
/// (until when it matters in ms, hash of the provider and the id of its logout token)
pub(crate) const PROVIDER_LOGOUTS: Table<(u64, TokenHash), ProviderLogoutRow> =
    Table::new(136, "provider_logouts", Profile::Queue, "did this logout of an identity provider happen?");
/// (provider, its session or person) → (when in ms, until when it matters in ms)
pub(crate) const ENDED_BY_PROVIDER: Table<(String, String), (u64, u64)> = Table::new(
    137,
    "ended_by_provider",
    Profile::Point,
    "when did the identity provider end this session, or all of this person?",
);

pub(crate) const FIRST_LOGINS: Table<OwnedUserId, FirstLoginRow> =
    Table::new(150, "first_logins", Profile::Scan, "which link lets this person in for the first time?");
pub(crate) const FIRST_LOGIN_LINKS: Table<TokenHash, OwnedUserId> =
    Table::new(151, "first_login_links", Profile::Point, "whose first login is this link?");

pub(crate) const VISITORS: Table<OwnedUserId, VisitorRow> =
    Table::new(152, "visitors", Profile::Point, "into which rooms was this visitor asked, and until when?");
pub(crate) const VISITOR_ADDRESSES: Table<String, OwnedUserId> =
    Table::new(153, "visitor_addresses", Profile::Point, "which account has the visitor of this address?");
/// Token → (visitor, room).
pub(crate) const VISIT_LINKS: Table<TokenHash, (OwnedUserId, String)> =
    Table::new(154, "visit_links", Profile::Point, "which visit does this link open?");
/// (when it is over in ms, visitor, room): the first ones are over first.
pub(crate) const VISITS_DUE: Table<(u64, OwnedUserId, String), ()> =
    Table::new(155, "visits_due", Profile::Queue, "whose time in which room is over?");
/// (who asked for it, visitor, room)
pub(crate) const VISITS_BY: Table<(OwnedUserId, OwnedUserId, String), ()> =
    Table::new(156, "visits_by", Profile::Scan, "which visits did this person ask for?");

/// All tables of this crate, for the store and for the catalogue.
pub fn tables() -> Vec<TableInfo> {
    vec![
        USERS.info(),
        PASSWORDS.info(),
        DEVICES.info(),
        DEVICES_SEEN.info(),
        ACCESS_TOKENS.info(),
        REFRESH_TOKENS.info(),
        DEVICE_TOKENS.info(),
        LOGIN_TOKENS.info(),
        REGISTRATION_TOKENS.info(),
        PROFILES.info(),
        PROFILE_CHANGE.info(),
        PROFILE_FIELD_CHANGED.info(),
        ACCOUNT_DATA.info(),
        ACCOUNT_DATA_CHANGES.info(),
        FILTERS.info(),
        ADMINISTRATOR_TOKEN.info(),
        UNFINISHED.info(),
        OPENID_TOKENS.info(),
        OPENID_TOKENS_BY_AGE.info(),
        ADDRESSES.info(),
        ADDRESS_OWNERS.info(),
        ADDRESS_PROOFS.info(),
        ADDRESS_PROOF_SIDS.info(),
        EXTERNAL_IDS.info(),
        USER_EXTERNAL_IDS.info(),
        SIGN_ONS.info(),
        SESSION_ORIGINS.info(),
        SESSIONS_BY_SID.info(),
        LOGIN_TOKENS_BY_AGE.info(),
        PROVIDER_LOGOUTS.info(),
        ENDED_BY_PROVIDER.info(),
        FIRST_LOGINS.info(),
        FIRST_LOGIN_LINKS.info(),
        VISITORS.info(),
        VISITOR_ADDRESSES.info(),
        VISIT_LINKS.info(),
        VISITS_DUE.info(),
        VISITS_BY.info(),
    ]
}
