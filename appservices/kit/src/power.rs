//! Who may do what in a room, by its own levels.

use ruma::{EventId, RoomId, UserId};
use serde_json::Value;

use crate::{CallError, Intent};

/// The power that something needs where the room does not say otherwise.
/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels)
const POWER_USUAL: i64 = 50;

/// The levels of a room.
pub struct Power {
    levels: Value,
    /// The event that made the room, where its creators stand above all levels.
    create: Value,
}

impl Power {
    /// Reads them as somebody in the room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn read(intent: &Intent, room: &RoomId) -> Result<Self, CallError> {
        let levels = intent.state(room, "m.room.power_levels", "").await?.unwrap_or_default();
        let create = match create_event_of(room) {
            Some(event) => intent.event_of(room, &event).await?.unwrap_or_default(),
            None => Value::Null,
        };
        Ok(Self::of(levels, create))
    }

    /// The content of the levels, and the event that made the room, or null where its creators are nobody special.
    #[must_use]
    pub fn of(levels: Value, create: Value) -> Self {
        Self { levels, create }
    }

    fn is_creator(&self, user: &UserId) -> bool {
        let others = self.create["content"]["additional_creators"].as_array();
        self.create["type"] == "m.room.create"
            && (self.create["sender"] == user.as_str()
                || others.is_some_and(|others| others.iter().any(|other| other == user.as_str())))
    }

    /// Whether somebody has this power.
    #[must_use]
    pub fn reaches(&self, user: &UserId, needed: i64) -> bool {
        let own = self.levels["users"][user.as_str()].as_i64();
        let level = own.or_else(|| self.levels["users_default"].as_i64()).unwrap_or(0);
        self.is_creator(user) || level >= needed
    }

    /// The power that the state of the room needs.
    #[must_use]
    pub fn for_state(&self) -> i64 {
        self.levels["state_default"].as_i64().unwrap_or(POWER_USUAL)
    }

    /// Whether somebody moderates the room: may set its state.
    #[must_use]
    pub fn moderates(&self, user: &UserId) -> bool {
        self.reaches(user, self.for_state())
    }

    /// Whether somebody may take away what others said.
    #[must_use]
    pub fn may_take_away(&self, user: &UserId) -> bool {
        self.reaches(user, self.levels["redact"].as_i64().unwrap_or(POWER_USUAL))
    }

    /// Whether somebody may address everybody.
    #[must_use]
    pub fn may_address_everybody(&self, user: &UserId) -> bool {
        self.reaches(user, self.levels["notifications"]["room"].as_i64().unwrap_or(POWER_USUAL))
    }
}

/// The event that made a room, where the room is called by it: since room version 12, in which creators stand above all
/// levels and in no list of them.
fn create_event_of(room: &RoomId) -> Option<ruma::OwnedEventId> {
    let hash = room.as_str().strip_prefix('!').filter(|hash| !hash.contains(':'))?;
    EventId::parse(format!("${hash}")).ok()
}

#[cfg(test)]
mod tests {
    use ruma::{room_id, user_id};
    use serde_json::json;

    use super::*;

    #[test]
    fn power_is_what_the_room_says() {
        let [li, wang, new] =
            ["@li:test", "@wang:test", "@new:test"].map(|id| UserId::parse(id).expect("valid"));
        let power = Power::of(
            json!({ "users": { "@li:test": 50, "@new:test": 40 }, "notifications": { "room": 30 } }),
            json!({ "type": "m.room.create", "sender": "@wang:test", "content": {} }),
        );
        assert!(power.moderates(&li) && power.moderates(&wang) && !power.moderates(&new));
        assert!(power.may_address_everybody(&new));
        assert!(power.may_take_away(&li) && power.may_take_away(&wang) && !power.may_take_away(&new));
        let strict = Power::of(json!({ "users": { "@li:test": 50 }, "state_default": 100 }), Value::Null);
        assert!(!strict.moderates(&li) && strict.reaches(&li, 50));
        let open = Power::of(json!({ "state_default": 0 }), Value::Null);
        assert!(open.moderates(&new));
    }

    #[test]
    fn creators_of_new_rooms_stand_in_the_event_that_the_room_is_called_by() {
        let create = create_event_of(room_id!("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM"));
        assert_eq!(create.unwrap(), "$31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM");
        assert_eq!(create_event_of(room_id!("!room:corp.example")), None);
        let event = json!({
            "type": "m.room.create", "sender": "@a:x", "content": { "additional_creators": ["@b:x"] },
        });
        let power = Power::of(Value::Null, event);
        for (user, expected) in
            [(user_id!("@a:x"), true), (user_id!("@b:x"), true), (user_id!("@c:x"), false)]
        {
            assert_eq!(power.moderates(user), expected, "{user}");
        }
        let other = Power::of(Value::Null, json!({ "type": "m.room.message", "sender": "@a:x" }));
        assert!(!other.moderates(user_id!("@a:x")));
    }
}
