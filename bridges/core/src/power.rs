//! Who may bind conversations to a room; what else somebody may do in one is known to the kit.

pub(crate) use kit::Power;
use ruma::UserId;

use crate::limits::BIND_POWER_MIN;

/// Whether somebody may bind conversations to a room with these levels.
pub(crate) fn may_bind(power: &Power, user: &UserId) -> bool {
    power.reaches(user, power.for_state().max(BIND_POWER_MIN))
}

#[cfg(test)]
mod tests {
    use ruma::user_id;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn whoever_moderates_binds_and_never_everybody() {
        let li = user_id!("@li:test");
        for (levels, expected) in [
            (json!({ "users": { "@li:test": 50 } }), true),
            (json!({ "users": { "@li:test": 40 } }), false),
            (json!({ "users": { "@li:test": 50 }, "state_default": 100 }), false),
            // A room in which everybody sets state is no room in which everybody binds.
            (json!({ "state_default": 0 }), false),
        ] {
            assert_eq!(may_bind(&Power::of(levels.clone(), Value::Null), li), expected, "{levels}");
        }
        let made = json!({ "type": "m.room.create", "sender": "@li:test", "content": {} });
        assert!(may_bind(&Power::of(Value::Null, made), li));
    }
}
