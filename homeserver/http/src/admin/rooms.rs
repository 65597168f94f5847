//! `/_synapse/admin/v1/rooms`: lists, details, members and state of rooms.

use ::rooms::{Membership, RoomDetails, RoomOrder, RoomQuery};
use http::Method;
use model::EventForm;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/rooms", list);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/rooms/{room_id}", get);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/rooms/{room_id}/members", members);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/rooms/{room_id}/state", state);
    let extremities = "/_synapse/admin/v1/rooms/{room_id}/forward_extremities";
    endpoint(routes, Method::GET, extremities, forward_extremities)
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let (from, limit) = call.page()?;
    let query = RoomQuery {
        term: call.text("search_term"),
        published: call.flag("public_rooms")?,
        empty: call.flag("empty_rooms")?,
        order: order(call.text("order_by").as_deref())?,
        backwards: !call.forwards(true)?,
        from,
        limit,
    };
    let page = call.app.rooms.list_rooms(&query).await?;
    let count = page.rooms.len();
    let rooms: Vec<Value> = page.rooms.iter().map(entry).collect();
    let mut answer = json!({ "rooms": rooms, "offset": from, "total_rooms": page.total });
    if from.saturating_add(count) < page.total {
        answer["next_batch"] = (from + count).into();
    }
    if from > 0 {
        answer["prev_batch"] = from.saturating_sub(limit).into();
    }
    Ok(answer)
}

fn order(name: Option<&str>) -> Result<RoomOrder, MatrixError> {
    Ok(match name {
        None | Some("name" | "alphabetical") => RoomOrder::Name,
        Some("canonical_alias") => RoomOrder::CanonicalAlias,
        Some("joined_members" | "size") => RoomOrder::JoinedMembers,
        Some("joined_local_members") => RoomOrder::JoinedLocalMembers,
        Some("version") => RoomOrder::Version,
        Some("creator") => RoomOrder::Creator,
        Some("encryption") => RoomOrder::Encryption,
        Some("federatable") => RoomOrder::Federatable,
        Some("public") => RoomOrder::Public,
        Some("join_rules") => RoomOrder::JoinRules,
        Some("guest_access") => RoomOrder::GuestAccess,
        Some("history_visibility") => RoomOrder::HistoryVisibility,
        Some("state_events") => RoomOrder::StateEvents,
        Some(_) => return Err(MatrixError::invalid_param("Unknown order_by")),
    })
}

fn entry(room: &RoomDetails) -> Value {
    json!({
        "room_id": room.entry.room_id,
        "name": room.entry.name,
        "canonical_alias": room.entry.canonical_alias,
        "joined_members": room.entry.joined_members,
        "joined_local_members": room.joined_local_members,
        "version": room.version,
        "creator": room.creator,
        "encryption": room.encryption,
        "federatable": room.federatable,
        "public": room.is_published,
        "join_rules": room.entry.join_rule,
        "guest_access": room.guest_access,
        "history_visibility": room.history_visibility,
        "state_events": room.state_events,
        "room_type": room.entry.room_type,
    })
}

async fn get(call: Call) -> Result<Value, MatrixError> {
    let details = call.app.rooms.room_details(&call.room(0)?).await?;
    let mut answer = entry(&details);
    answer["topic"] = details.entry.topic.into();
    answer["avatar"] = details.entry.avatar_url.map(|url| url.to_string()).into();
    answer["forgotten"] = (details.joined_local_members == 0).into();
    answer["tombstoned"] = call
        .app
        .rooms
        .current_state(
            &call.app.store,
            call.app.rooms.known_room(&call.app.store, &details.entry.room_id).await?,
            "m.room.tombstone",
            "",
        )
        .await?
        .is_some()
        .into();
    Ok(answer)
}

async fn members(call: Call) -> Result<Value, MatrixError> {
    let room = call.app.rooms.known_room(&call.app.store, &call.room(0)?).await?;
    let joined = call
        .app
        .rooms
        .members_with(&call.app.store, room, Membership::Join, ::rooms::limits::MEMBERS_MAX)
        .await?;
    Ok(json!({ "total": joined.len(), "members": joined }))
}

async fn state(call: Call) -> Result<Value, MatrixError> {
    let (rooms, store) = (&call.app.rooms, &call.app.store);
    let room = rooms.known_room(store, &call.room(0)?).await?;
    let wanted = call.text("type");
    let mut state = Vec::new();
    for (_, event) in rooms.current_state_all(store, room).await? {
        let pdu = rooms.pdu(store, event).await?;
        if wanted.as_ref().is_none_or(|wanted| wanted == pdu.kind()) {
            let json = model::client_event(&pdu, EventForm::Full, &model::Unsigned::default());
            state.push(serde_json::from_slice::<Value>(&json).unwrap_or_default());
        }
    }
    Ok(json!({ "state": state }))
}

async fn forward_extremities(call: Call) -> Result<Value, MatrixError> {
    let found = call.app.rooms.extremities(&call.room(0)?).await?;
    let results: Vec<Value> = found
        .iter()
        .map(|(event_id, depth, ts)| json!({ "event_id": event_id, "depth": depth, "received_ts": ts }))
        .collect();
    Ok(json!({ "count": results.len(), "results": results }))
}
