//! Every bound of this crate, by name. A hostile client meets one of these, never the allocator.

/// Longest whole user id in bytes (Matrix specification, appendices, "User Identifiers").
pub const USER_ID_BYTES_MAX: usize = 255;
/// Longest password in bytes; argon2 hashes its whole input, so it must be bounded.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// Longest device id in bytes.
pub const DEVICE_ID_BYTES_MAX: usize = 512;
/// Longest display name of a device in bytes.
pub const DEVICE_NAME_BYTES_MAX: usize = 400;
/// Most devices of one user; a further login is refused until some are deleted.
pub const DEVICES_PER_USER_MAX: usize = 1_000;
/// Longest bearer token looked up; anything longer is unknown without hashing it.
pub const TOKEN_BYTES_MAX: usize = 256;
/// Sessions kept in memory by token hash.
pub const SESSIONS_CACHED_MAX: u64 = 100_000;
/// How long a cached session may be used before the store is asked again.
pub const SESSION_CACHE_MS: u64 = 5_000;
/// Looks at a session that a long poll is to watch, while the end of another one becomes visible.
pub const SESSION_LOOKS_MAX: usize = 100;
/// Shortest time between two writes of when a device was last seen.
pub const DEVICE_SEEN_WRITE_MS: u64 = 5 * 60 * 1_000;
/// Devices whose last sighting is remembered, so that it is not written again.
pub const DEVICES_SEEN_CACHED_MAX: u64 = 100_000;
/// Sightings being written at a time; further ones are dropped and noted at the next request.
pub const DEVICE_SEEN_WRITERS_MAX: usize = 64;
/// Password hashes waiting for a worker; further ones are refused as "busy".
pub const PASSWORDS_WAITING_MAX: usize = 256;
/// User-interactive sessions kept; the oldest gives way.
pub const UIA_SESSIONS_MAX: usize = 10_000;
/// How long a user-interactive session lives.
pub const UIA_SESSION_MS: u64 = 15 * 60 * 1_000;
/// Sign-ons by an identity provider that one process keeps under way; a further one is refused as "busy".
pub const SIGN_ONS_UNDER_WAY_MAX: usize = 20_000;
/// How long a person may stay at their identity provider before the sign-on is void.
pub const SIGN_ON_MS: u64 = 15 * 60 * 1_000;
/// Life of the login token that ends a sign-on; a person may read a page before it is used.
pub const SIGN_ON_TOKEN_MS: u64 = 5 * 60 * 1_000;
/// Dead sign-ons that a new one drops.
pub const SIGN_ONS_DROPPED_AT_ONCE: usize = 16;
/// Dead sign-ons dropped in one batch of housekeeping.
pub const SIGN_ONS_PER_PAGE: usize = 1_000;
/// Login tokens dropped by one commit of housekeeping.
pub const LOGIN_TOKENS_PER_PAGE: usize = 1_000;
/// Logouts of identity providers that are read or dropped at once.
pub const PROVIDER_LOGOUTS_PER_PAGE: usize = 500;
/// Most links of one user to people at identity providers.
pub const EXTERNAL_IDS_PER_USER_MAX: usize = 50;
/// Longest subject of an identity provider in bytes (OpenID Connect Core 1.0, section 2, asks for 255).
pub const EXTERNAL_SUBJECT_BYTES_MAX: usize = 512;
/// Devices that end with one session of an identity provider.
pub const SESSIONS_PER_SID_MAX: usize = 1_000;
/// Nonces of shared-secret registration outstanding; the oldest gives way.
pub const NONCES_MAX: usize = 1_000;
/// How long a nonce of shared-secret registration lives.
pub const NONCE_MS: u64 = 60 * 1_000;
/// How long a used refresh token may be repeated after its successor was used.
pub const REFRESH_REUSE_GRACE_MS: u64 = 10 * 1_000;
/// Longest display name of a person in bytes.
pub const DISPLAY_NAME_BYTES_MAX: usize = 1_024;
/// Longest avatar address in bytes.
pub const AVATAR_URL_BYTES_MAX: usize = 1_000;
/// Largest profile in bytes of JSON (specification, "Profiles").
pub const PROFILE_BYTES_MAX: usize = 65_536;
/// Longest key of a profile field in bytes (specification, "Profiles").
pub const PROFILE_KEY_BYTES_MAX: usize = 255;
/// Largest content of one piece of account data in bytes.
pub const ACCOUNT_DATA_BYTES_MAX: usize = 512 * 1_024;
/// Longest type of account data in bytes.
pub const ACCOUNT_DATA_KIND_BYTES_MAX: usize = 255;
/// Rows read at a time when account data is listed.
pub const ACCOUNT_DATA_PAGE: usize = 1_000;
/// Most tags of one user in one room.
pub const TAGS_PER_ROOM_MAX: usize = 200;
/// Longest tag in bytes (specification, "Room Tagging").
pub const TAG_BYTES_MAX: usize = 255;
/// Largest filter in bytes of JSON.
pub const FILTER_BYTES_MAX: usize = 64 * 1_024;
/// Most stored filters of one user.
pub const FILTERS_PER_USER_MAX: usize = 1_000;
/// Parsed filters kept in memory.
pub const FILTERS_CACHED_MAX: u64 = 10_000;
/// Most push rules that one user may add.
pub const PUSH_RULES_PER_USER_MAX: usize = 1_000;
/// Largest push rule in bytes of JSON.
pub const PUSH_RULE_BYTES_MAX: usize = 4 * 1_024;
/// Largest set of push rules of one user in bytes of JSON; it goes to every device when one rule changes.
pub const PUSH_RULES_BYTES_MAX: usize = 512 * 1_024;
/// Longest id of a push rule in bytes.
pub const PUSH_RULE_ID_BYTES_MAX: usize = 512;
/// Users whose ignored users and compiled push rules are kept in memory.
pub const USERS_CACHED_MAX: u64 = 50_000;
/// Tries of a conditional write before the caller is told that the row is contended.
pub const WRITE_TRIES_MAX: usize = 16;
/// Longest registration token in bytes (specification, "Token-authenticated registration").
pub const REGISTRATION_TOKEN_BYTES_MAX: usize = 64;
/// How long an OpenID token vouches for its user.
pub const OPENID_TOKEN_MS: u64 = 60 * 60 * 1_000;
/// Expired OpenID tokens dropped in one batch.
pub const OPENID_TOKENS_DROPPED_MAX: usize = 1_000;
/// Most accounts that a filtered list looks at; beyond it the list is of the first ones by name.
pub const USERS_LISTED_SCAN_MAX: usize = 200_000;
/// Accounts read at a time for a list.
pub const USERS_PAGE: usize = 5_000;
/// Most e-mail addresses of one user.
pub const ADDRESSES_PER_USER_MAX: usize = 50;
/// Longest e-mail address in bytes (RFC 5321).
pub const ADDRESS_BYTES_MAX: usize = 254;
/// How long the link that proves an address works, and how long the proof can be used afterwards.
pub const ADDRESS_PROOF_MS: u64 = 60 * 60 * 1_000;
/// Sessions looked at together when old ones are dropped.
pub const ADDRESS_PROOFS_PER_PAGE: usize = 1_000;
/// Longest `client_secret` in bytes (specification, "POST /register/email/requestToken").
pub const CLIENT_SECRET_BYTES_MAX: usize = 255;
/// Longest `next_link` in bytes.
pub const NEXT_LINK_BYTES_MAX: usize = 2_048;
/// Bytes of the text of a status (MSC4426).
pub const STATUS_TEXT_BYTES_MAX: usize = 256;
/// Bytes of the emoji of a status (MSC4426).
pub const STATUS_EMOJI_BYTES_MAX: usize = 32;
/// Links of first logins looked at together when old ones are dropped.
pub const FIRST_LOGINS_PER_PAGE: usize = 1_000;
/// Rooms that one visitor is asked into at a time.
pub const VISITS_PER_VISITOR_MAX: usize = 50;
/// Longest name of a visitor in characters; the rest is cut.
pub const VISITOR_NAME_CHARACTERS_MAX: usize = 100;
/// Visits whose time is over that are looked at together.
pub const VISITS_DUE_PER_PAGE: usize = 100;
/// Visits of one host that are looked at together.
pub const VISITS_BY_PER_PAGE: usize = 500;
/// Digits of the code that a visitor's link asks for.
pub const VISIT_CODE_DIGITS: u32 = 8;
/// How long such a code can be entered.
pub const VISIT_CODE_MS: u64 = 10 * 60 * 1_000;
/// How often a code may be entered before a new one is needed.
pub const VISIT_CODE_TRIES_MAX: u32 = 5;
/// Codes that are sent for one link within [`VISIT_CODES_WITHIN_MS`].
pub const VISIT_CODES_PER_LINK_MAX: usize = 5;
/// Codes that are sent to one address within [`VISIT_CODES_WITHIN_MS`], for however many links.
pub const VISIT_CODES_PER_ADDRESS_MAX: usize = 10;
/// The time in which codes are counted.
pub const VISIT_CODES_WITHIN_MS: u64 = 60 * 60 * 1_000;
