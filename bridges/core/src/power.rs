//! Who may do what in a room.

use kit::{CallError, Intent};
use ruma::{EventId, RoomId, UserId};
use serde_json::Value;

use crate::limits::BIND_POWER_MIN;

/// The levels of a room, as far as bridges ask for them.
pub(crate) struct Power {
    levels: Value,
    /// The event that made the room, where its creators stand above all levels.
    create: Value,
}

impl Power {
    /// Reads them as somebody in the room.
    pub async fn read(intent: &Intent, room: &RoomId) -> Result<Self, CallError> {
        let levels = intent.state(room, "m.room.power_levels", "").await?.unwrap_or_default();
        // Since room version 12 a room is called by the event that made it.
        let create = match room.as_str().strip_prefix('!').filter(|id| !id.contains(':')) {
            Some(id) => match EventId::parse(format!("${id}")) {
                Ok(event) => intent.event_of(room, &event).await?.unwrap_or_default(),
                Err(_) => Value::Null,
            },
            None => Value::Null,
        };
        Ok(Self { levels, create })
    }

    fn is_creator(&self, user: &UserId) -> bool {
        let more = self.create["content"]["additional_creators"].as_array();
        self.create["sender"] == user.as_str()
            || more.is_some_and(|more| more.iter().any(|one| one == user.as_str()))
    }

    fn of(&self, user: &UserId) -> i64 {
        let own = self.levels["users"][user.as_str()].as_i64();
        own.or_else(|| self.levels["users_default"].as_i64()).unwrap_or(0)
    }

    /// Whether somebody may bind conversations to the room.
    pub fn may_bind(&self, user: &UserId) -> bool {
        let needed = self.levels["state_default"].as_i64().unwrap_or(BIND_POWER_MIN).max(BIND_POWER_MIN);
        self.is_creator(user) || self.of(user) >= needed
    }

    /// Whether somebody has this power.
    pub fn reaches(&self, user: &UserId, needed: i64) -> bool {
        self.is_creator(user) || self.of(user) >= needed
    }

    /// Whether somebody may take away what others said.
    pub fn may_take_away(&self, user: &UserId) -> bool {
        self.is_creator(user) || self.of(user) >= self.levels["redact"].as_i64().unwrap_or(50)
    }

    /// Whether somebody may address everybody.
    pub fn may_address_everybody(&self, user: &UserId) -> bool {
        let needed = self.levels["notifications"]["room"].as_i64().unwrap_or(50);
        self.is_creator(user) || self.of(user) >= needed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn power_is_what_the_room_says() {
        let [li, wang, new] =
            ["@li:test", "@wang:test", "@new:test"].map(|id| UserId::parse(id).expect("valid"));
        let power = Power {
            levels: json!({ "users": { "@li:test": 50, "@new:test": 40 }, "notifications": { "room": 30 } }),
            create: json!({ "sender": "@wang:test", "content": {} }),
        };
        assert!(power.may_bind(&li) && power.may_bind(&wang) && !power.may_bind(&new));
        assert!(power.may_address_everybody(&new));
        assert!(power.may_take_away(&li) && power.may_take_away(&wang) && !power.may_take_away(&new));
        let strict = Power {
            levels: json!({ "users": { "@li:test": 50 }, "state_default": 100 }),
            create: Value::Null,
        };
        assert!(!strict.may_bind(&li));
        let open = Power { levels: json!({ "state_default": 0 }), create: Value::Null };
        assert!(
            !open.may_bind(&li),
            "a room in which everybody sets state is no room in which everybody binds"
        );
    }
}
