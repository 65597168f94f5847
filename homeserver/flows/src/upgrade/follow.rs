//! Members take their own settings along: tags, push rules, the mark of a direct chat.
//!
//! Called after a tombstone for everybody of this server who is in the old room, and after a join for
//! whoever comes later. Nothing is taken away and nothing is overwritten, so it can be repeated.

use model::RoomNum;
use rooms::{RoomsError, SendOptions};
use ruma::{CanonicalJsonObject, OwnedEventId, OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, value::to_raw_value};

use crate::{Flows, FlowsError};

impl Flows {
    /// What a user had in the room that this one replaced comes along.
    pub(crate) async fn settle_in(&self, user: &UserId, room_id: &RoomId) -> Result<(), FlowsError> {
        if let Some(old) = self.replaced_by(room_id).await? {
            self.take_along_or_log(user, &old, room_id).await;
        }
        Ok(())
    }

    /// Sends a state event; a tombstone makes the members of this server follow.
    ///
    /// # Errors
    /// What the room refuses.
    pub async fn send_state(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        kind: &str,
        state_key: &str,
        content: CanonicalJsonObject,
        options: SendOptions,
    ) -> Result<OwnedEventId, FlowsError> {
        let rooms = &self.0.rooms;
        let event_id = rooms.send_state_with(room_id, sender, kind, state_key, content, options).await?;
        if kind == "m.room.tombstone" && state_key.is_empty() {
            let room = rooms.known_room(rooms.store(), room_id).await?;
            if let Some(new) = self.replacement_of(room).await?
                && self.predecessor_of(&new).await?.is_some_and(|old| old == room_id)
            {
                self.follow_upgrade(room, &new).await;
            }
        }
        Ok(event_id)
    }

    /// Settings of everybody here who is in the old room; a failure for one is logged.
    pub(super) async fn follow_upgrade(&self, old: RoomNum, new: &RoomId) {
        let rooms = &self.0.rooms;
        let members = match rooms.local_members(old).await {
            Ok(members) => members,
            Err(error) => {
                tracing::warn!(%error, %new, "read members of an upgraded room");
                return;
            }
        };
        let old = match rooms.room_id(rooms.store(), old).await {
            Ok(old) => old,
            Err(error) => {
                tracing::warn!(%error, %new, "read id of an upgraded room");
                return;
            }
        };
        for user in members.iter() {
            self.take_along_or_log(user, &old, new).await;
        }
    }

    async fn take_along_or_log(&self, user: &UserId, old: &RoomId, new: &RoomId) {
        if let Err(error) = self.take_along(user, old, new).await {
            tracing::warn!(%error, %user, %old, %new, "carry settings to the upgraded room");
        }
    }

    async fn take_along(&self, user: &UserId, old: &RoomId, new: &RoomId) -> Result<(), FlowsError> {
        let accounts = &self.0.accounts;
        let reader = self.0.rooms.store();
        let tags = accounts.account_data(reader, user, Some(old), "m.tag").await?;
        if let Some(tags) = tags
            && accounts.account_data(reader, user, Some(new), "m.tag").await?.is_none()
        {
            accounts.set_account_data(user, Some(new), "m.tag", &tags).await?;
        }
        for (kind, change) in [("m.push_rules", with_push_rule as Change), ("m.direct", with_direct)] {
            if let Some(content) = accounts.account_data(reader, user, None, kind).await?
                && let Ok(content) = serde_json::from_str(content.get())
                && let Some(changed) = change(content, old, new)
                && let Ok(changed) = to_raw_value(&changed)
            {
                accounts.set_account_data(user, None, kind, &changed).await?;
            }
        }
        Ok(())
    }

    /// The room that this one replaced, when both say so.
    async fn replaced_by(&self, new: &RoomId) -> Result<Option<OwnedRoomId>, RoomsError> {
        let rooms = &self.0.rooms;
        let Some(old) = self.predecessor_of(new).await? else { return Ok(None) };
        let Some(room) = rooms.room_num(rooms.store(), &old).await? else { return Ok(None) };
        let replacement = self.replacement_of(room).await?;
        Ok((replacement.as_deref() == Some(new)).then_some(old))
    }

    async fn predecessor_of(&self, room_id: &RoomId) -> Result<Option<OwnedRoomId>, RoomsError> {
        #[derive(Deserialize)]
        struct Content {
            predecessor: Option<Predecessor>,
        }
        #[derive(Deserialize)]
        struct Predecessor {
            room_id: OwnedRoomId,
        }
        let rooms = &self.0.rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok(None) };
        let create = rooms.current_state(rooms.store(), room, "m.room.create", "").await?;
        let content = create.and_then(|pdu| pdu.content_as::<Content>().ok());
        Ok(content.and_then(|content| content.predecessor).map(|predecessor| predecessor.room_id))
    }

    async fn replacement_of(&self, room: RoomNum) -> Result<Option<OwnedRoomId>, RoomsError> {
        #[derive(Deserialize)]
        struct Content {
            replacement_room: OwnedRoomId,
        }
        let rooms = &self.0.rooms;
        let tombstone = rooms.current_state(rooms.store(), room, "m.room.tombstone", "").await?;
        let content = tombstone.and_then(|pdu| pdu.content_as::<Content>().ok());
        Ok(content.map(|content| content.replacement_room))
    }
}

type Change = fn(Value, &RoomId, &RoomId) -> Option<Value>;

/// The push rules with the old room's rule repeated for the new one, if there is something to do.
fn with_push_rule(mut content: Value, old: &RoomId, new: &RoomId) -> Option<Value> {
    let rules = content.get_mut("global")?.get_mut("room")?.as_array_mut()?;
    let is_for =
        |rule: &Value, room: &RoomId| rule.get("rule_id").and_then(Value::as_str) == Some(room.as_str());
    if rules.iter().any(|rule| is_for(rule, new)) {
        return None;
    }
    let mut rule = rules.iter().find(|rule| is_for(rule, old))?.clone();
    *rule.get_mut("rule_id")? = Value::String(new.to_string());
    rules.push(rule);
    Some(content)
}

/// The list of direct chats with the new room beside the old one, if there is something to do.
fn with_direct(mut content: Value, old: &RoomId, new: &RoomId) -> Option<Value> {
    let mut changed = false;
    for rooms in content.as_object_mut()?.values_mut().filter_map(Value::as_array_mut) {
        let has = |room: &RoomId| rooms.iter().any(|entry| entry.as_str() == Some(room.as_str()));
        if has(old) && !has(new) {
            rooms.push(Value::String(new.to_string()));
            changed = true;
        }
    }
    changed.then_some(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rooms() -> (&'static RoomId, &'static RoomId) {
        (ruma::room_id!("!old:hs"), ruma::room_id!("!new:hs"))
    }

    #[test]
    fn a_room_rule_is_repeated_once() {
        let (old, new) = rooms();
        let rules = json!({"global": {"room": [{"rule_id": "!old:hs", "actions": ["dont_notify"]}]}});
        let changed = with_push_rule(rules, old, new).unwrap();
        let room = changed["global"]["room"].as_array().unwrap().clone();
        assert_eq!(room.len(), 2);
        assert_eq!(room[1], json!({"rule_id": "!new:hs", "actions": ["dont_notify"]}));
        assert_eq!(with_push_rule(changed, old, new), None);
        assert_eq!(with_push_rule(json!({"global": {"room": []}}), old, new), None);
    }

    #[test]
    fn a_direct_chat_stays_direct() {
        let (old, new) = rooms();
        let direct = json!({"@bob:hs": ["!old:hs"], "@carol:hs": ["!other:hs"]});
        let changed = with_direct(direct, old, new).unwrap();
        assert_eq!(changed, json!({"@bob:hs": ["!old:hs", "!new:hs"], "@carol:hs": ["!other:hs"]}));
        assert_eq!(with_direct(changed, old, new), None);
        assert_eq!(with_direct(json!([]), old, new), None);
    }
}
