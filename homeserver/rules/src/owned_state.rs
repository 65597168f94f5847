//! Owned state (MSC3757): a state key that begins with `@` begins with the id of the user it belongs to, alone
//! or followed by `_` and anything. Its owner may set it, and whoever ranks above the owner.
//!
//! Only rooms of the version that says so know this; everywhere else such a key must be the sender's own id.
//! How state resolution learns of it: `resolution::owned`.

use model::{Pdu, RoomVersion};
use ruma::{OwnedUserId, UserId};

use crate::power::PowerLevels;

/// A state key that begins with `@` and with no user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state key begins with `@` and is neither a user id nor one followed by `_`")]
pub struct NoOwner;

/// Whose state a key names; none for a key that belongs to nobody.
///
/// # Errors
/// [`NoOwner`] for a key that begins like a user id and is none.
pub fn owner(state_key: &str) -> Result<Option<OwnedUserId>, NoOwner> {
    if !state_key.starts_with('@') {
        return Ok(None);
    }
    let colon = state_key.find(':').ok_or(NoOwner)?;
    let server = state_key.get(colon + 1..).unwrap_or_default();
    // No server name holds an underscore, so the first one behind the colon ends the user id.
    let end = server.find('_').map_or(state_key.len(), |underscore| colon + 1 + underscore);
    let user = state_key.get(..end).unwrap_or_default();
    UserId::parse(user).map(Some).map_err(|_| NoOwner)
}

/// Whether the event sets state of an owner whom its sender may speak for. The ordinary rules are then asked as if
/// the key were the sender's own.
pub(crate) fn is_allowed(
    version: &RoomVersion,
    event: &Pdu,
    state: &impl Fn(&str, &str) -> Option<Pdu>,
) -> bool {
    let Some(state_key) = event.state_key().filter(|_| version.has_owned_state()) else { return false };
    if event.kind() == "m.room.member" {
        return false;
    }
    let Ok(Some(owner)) = owner(state_key) else { return false };
    if owner == event.sender() {
        return true;
    }
    let Some(create) = state("m.room.create", "") else { return false };
    let levels = PowerLevels::new(version, &create, state("m.room.power_levels", "").as_ref());
    levels.of(event.sender()) > levels.of(&owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_ends_at_the_first_underscore_of_the_server_name() {
        let cases = [
            ("", Ok(None)),
            ("key", Ok(None)),
            ("_@alice:example.org", Ok(None)),
            ("@alice:example.org", Ok(Some("@alice:example.org"))),
            ("@alice:example.org_", Ok(Some("@alice:example.org"))),
            ("@alice:example.org_DEVICE:!@#$_m.call", Ok(Some("@alice:example.org"))),
            ("@a_b:example.org_x", Ok(Some("@a_b:example.org"))),
            ("@alice:example.org:8448_x", Ok(Some("@alice:example.org:8448"))),
            ("@oops", Err(NoOwner)),
            ("@", Err(NoOwner)),
            ("@alice:", Err(NoOwner)),
            ("@alice:example.org@state_key", Err(NoOwner)),
        ];
        for (state_key, expected) in cases {
            let expected = expected.map(|user| user.map(|user| OwnedUserId::try_from(user).unwrap()));
            assert_eq!(owner(state_key), expected, "{state_key}");
        }
    }
}
