//! The grammar of local user names.
//!
//! New names follow the specification's grammar of user ids; names of older servers (capitals, for
//! example) may exist after a migration and can log in, but nobody can register one.

use ruma::{OwnedUserId, UserId};

use crate::{AccountError, Accounts, limits::USER_ID_BYTES_MAX};

/// Length of a name that the server chooses.
const CHOSEN_LENGTH: usize = 12;

impl Accounts {
    /// The user id that registering `localpart` would create, if it may be registered by anybody:
    /// capitals become small, the grammar and the reserved names are checked. Whether it is taken is
    /// another question.
    pub fn registrable_user_id(&self, localpart: &str) -> Result<OwnedUserId, AccountError> {
        let user = self.user_id_for(localpart)?;
        let reserved = self.0.settings.reserved_localparts.iter().any(|name| name == user.localpart());
        if reserved || localpart.starts_with('_') || self.0.ports.is_reserved(&user) {
            return Err(AccountError::Exclusive);
        }
        Ok(user)
    }

    /// As [`Accounts::registrable_user_id`] without reserved names: for administrators.
    pub fn user_id_for(&self, localpart: &str) -> Result<OwnedUserId, AccountError> {
        let localpart = localpart.to_ascii_lowercase();
        let follows_grammar = !localpart.is_empty() && localpart.bytes().all(is_allowed);
        let id = format!("@{localpart}:{}", self.0.server_name);
        if !follows_grammar || id.len() > USER_ID_BYTES_MAX {
            return Err(AccountError::InvalidUsername);
        }
        UserId::parse(id).map_err(|_| AccountError::InvalidUsername)
    }

    /// A name nobody asked for: for guests and for registrations without one.
    pub(crate) fn chosen_user_id(&self) -> Result<OwnedUserId, AccountError> {
        self.user_id_for(&self.0.rng.string(CHOSEN_LENGTH))
    }
}

fn is_allowed(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'=' | b'-' | b'/' | b'+')
}
