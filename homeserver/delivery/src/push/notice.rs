//! What a gateway is told: the body of one notification.
//! [POST /_matrix/push/v1/notify](https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify)

use model::{Pdu, RoomNum};
use rooms::{Rooms, RoomsError};
use ruma::UserId;
use serde_json::{Map, Value, json};
use store::Reader;

use super::tables::PusherRow;

/// How the rules want the event presented.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presentation {
    pub highlight: bool,
    pub sound: Option<String>,
    pub other_tweaks: Vec<(String, String)>,
}

/// What everybody who looks at the event's room can know of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub sender_display_name: Option<String>,
    pub room_name: Option<String>,
    pub room_alias: Option<String>,
}

impl Surroundings {
    pub async fn of(rooms: &Rooms, reader: &Reader, room: RoomNum, pdu: &Pdu) -> Result<Self, RoomsError> {
        let text = |pdu: Option<Pdu>, key: &str| {
            let content: Value = serde_json::from_str(pdu?.content_str()).ok()?;
            content.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if pdu.kind() == "m.room.member" && !rooms.is_resident(room).await? {
            return Self::from_outside(rooms, reader, room, pdu).await;
        }
        Ok(Self {
            sender_display_name: rooms.display_name(reader, room, pdu.sender()).await?,
            room_name: text(rooms.current_state(reader, room, "m.room.name", "").await?, "name"),
            room_alias: text(rooms.current_state(reader, room, "m.room.canonical_alias", "").await?, "alias"),
        })
    }

    /// Of a room that is only known by an invite: what the inviting server shows of it.
    async fn from_outside(
        rooms: &Rooms,
        reader: &Reader,
        room: RoomNum,
        pdu: &Pdu,
    ) -> Result<Self, RoomsError> {
        let target = pdu.state_key().and_then(|user| <&UserId>::try_from(user).ok());
        let Some(target) = target else { return Ok(Self::default()) };
        let shown = rooms.stripped_state(reader, target, room).await?;
        let shown: Vec<Value> = shown.iter().filter_map(|event| serde_json::from_slice(event).ok()).collect();
        let text = |kind: &str, state_key: &str, key: &str| {
            let is_it = |event: &&Value| event["type"] == kind && event["state_key"] == state_key;
            let text = shown.iter().find(is_it)?["content"][key].as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Ok(Self {
            sender_display_name: text("m.room.member", pdu.sender().as_str(), "displayname"),
            room_name: text("m.room.name", "", "name"),
            room_alias: text("m.room.canonical_alias", "", "alias"),
        })
    }
}

/// What is told to whom.
pub(crate) struct Told<'a> {
    pub user: &'a UserId,
    pub pdu: &'a Pdu,
    pub surroundings: &'a Surroundings,
    pub presentation: &'a Presentation,
    /// Unread notifications of the user in all rooms.
    pub badge: u64,
}

/// The notification of an event. `ids` are app id and pushkey.
pub(crate) fn of_event(row: &PusherRow, ids: (&str, &str), told: &Told<'_>, content_allowed: bool) -> Value {
    let Told { user, pdu, surroundings, presentation, badge } = *told;
    let data = data(row);
    let ids_only = !content_allowed || data.get("format").and_then(Value::as_str) == Some("event_id_only");
    // Nobody but the client knows what an encrypted event deserves, so the phone has to wake up for it.
    let urgent = presentation.highlight || presentation.sound.is_some() || pdu.kind() == "m.room.encrypted";
    let mut notification = json!({
        "event_id": pdu.event_id(),
        "room_id": pdu.room_id(),
        "prio": if urgent { "high" } else { "low" },
        "counts": { "unread": badge },
        "devices": [device(row, ids, data, Some(presentation))],
    });
    if let (false, Some(fields)) = (ids_only, notification.as_object_mut()) {
        fields.insert("type".to_owned(), json!(pdu.kind()));
        fields.insert("sender".to_owned(), json!(pdu.sender()));
        fields.insert("content".to_owned(), serde_json::from_str(pdu.content_str()).unwrap_or_default());
        let is_target = pdu.kind() == "m.room.member" && pdu.state_key() == Some(user.as_str());
        if is_target {
            fields.insert("user_is_target".to_owned(), Value::Bool(true));
        }
        let Surroundings { sender_display_name, room_name, room_alias } = surroundings;
        let texts = [
            ("sender_display_name", sender_display_name),
            ("room_name", room_name),
            ("room_alias", room_alias),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                fields.insert(key.to_owned(), json!(text));
            }
        }
    }
    json!({ "notification": notification })
}

/// The notification that only says how much is unread. A zero is said too: it takes the number off the icon.
pub(crate) fn of_count(row: &PusherRow, ids: (&str, &str), badge: u64) -> Value {
    json!({ "notification": {
        "counts": { "unread": badge },
        "devices": [device(row, ids, data(row), None)],
    } })
}

fn data(row: &PusherRow) -> Map<String, Value> {
    serde_json::from_str(&row.data).unwrap_or_default()
}

fn device(
    row: &PusherRow,
    (app_id, pushkey): (&str, &str),
    mut data: Map<String, Value>,
    presentation: Option<&Presentation>,
) -> Value {
    // Where the gateway is was for us; the rest is between the client and its gateway.
    data.remove("url");
    let mut device = json!({
        "app_id": app_id,
        "pushkey": pushkey,
        "pushkey_ts": row.set_ms / 1_000,
        "data": data,
    });
    if let Some(presentation) = presentation {
        let mut tweaks = Map::new();
        for (name, value) in &presentation.other_tweaks {
            tweaks.insert(name.clone(), serde_json::from_str(value).unwrap_or_default());
        }
        if let Some(sound) = &presentation.sound {
            tweaks.insert("sound".to_owned(), json!(sound));
        }
        if presentation.highlight {
            tweaks.insert("highlight".to_owned(), Value::Bool(true));
        }
        device["tweaks"] = Value::Object(tweaks);
    }
    device
}
