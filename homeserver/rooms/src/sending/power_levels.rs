//! Power levels that clients send.

use model::RoomNum;
use ruma::{CanonicalJsonObject, CanonicalJsonValue, UserId};

use crate::{Rooms, RoomsError};

/// Keys that hold one level each.
const LEVELS: [&str; 7] =
    ["users_default", "events_default", "state_default", "ban", "kick", "redact", "invite"];

/// Keys that hold levels by name.
const MAPS: [&str; 3] = ["users", "events", "notifications"];

impl Rooms {
    /// Refuses levels that other servers would refuse, as a mistake of the request.
    pub(super) async fn check_power_levels(
        &self,
        room: RoomNum,
        content: &CanonicalJsonObject,
    ) -> Result<(), RoomsError> {
        let version = self.room_version(&self.parts.store, room).await?;
        if version.authorization().integer_power_levels {
            check_numbers(content)?;
        }
        let Some(CanonicalJsonValue::Object(users)) = content.get("users") else { return Ok(()) };
        if let Some(user) = users.keys().find(|user| UserId::parse(user.as_str()).is_err()) {
            return Err(RoomsError::BadJson(format!("{user:?} is not a user id")));
        }
        if version.creators_are_infinite() {
            let levels = self.power_levels(room).await?;
            if let Some(creator) = levels.creators().iter().find(|user| users.contains_key(user.as_str())) {
                return Err(RoomsError::BadJson(format!(
                    "{creator} is a creator and cannot have a power level"
                )));
            }
        }
        Ok(())
    }
}

fn check_numbers(content: &CanonicalJsonObject) -> Result<(), RoomsError> {
    let not_a_level = |key: &str| RoomsError::BadJson(format!("`{key}` must be an integer"));
    for key in LEVELS {
        if content.get(key).is_some_and(|level| level.as_integer().is_none()) {
            return Err(not_a_level(key));
        }
    }
    for key in MAPS {
        match content.get(key) {
            None => {}
            Some(CanonicalJsonValue::Object(levels)) => {
                if let Some((name, _)) = levels.iter().find(|(_, level)| level.as_integer().is_none()) {
                    return Err(not_a_level(&format!("{key}.{name}")));
                }
            }
            Some(_) => return Err(RoomsError::BadJson(format!("`{key}` must be an object"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::canonical_object;

    fn check(json: &str) -> bool {
        check_numbers(&canonical_object(json).unwrap()).is_ok()
    }

    #[test]
    fn levels_are_integers() {
        assert!(check("{}"));
        assert!(check(r#"{"ban":50,"users":{"@a:b":100},"events":{},"notifications":{"room":20}}"#));
        assert!(!check(r#"{"ban":"50"}"#));
        assert!(!check(r#"{"users":{"@a:b":"100"}}"#));
        assert!(!check(r#"{"users":[]}"#));
        assert!(!check(r#"{"notifications":{"room":null}}"#));
    }
}
