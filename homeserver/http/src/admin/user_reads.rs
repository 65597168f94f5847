//! What is known of one account: rooms, sightings, account data, names.

use http::Method;
use serde_json::{Map, Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/users/{user_id}/joined_rooms", joined_rooms);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/users/{user_id}/memberships", memberships);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/users/{user_id}/accountdata", account_data);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/users/{user_id}/pushers", pushers);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/whois/{user_id}", whois);
    endpoint(routes, Method::GET, "/_synapse/admin/v1/username_available", username_available)
}

async fn joined_rooms(call: Call) -> Result<Value, MatrixError> {
    let user = call.local_user(0)?;
    let rooms = call.app.rooms.joined_rooms(&user).await?;
    Ok(json!({ "total": rooms.len(), "joined_rooms": rooms }))
}

async fn memberships(call: Call) -> Result<Value, MatrixError> {
    let user = call.local_user(0)?;
    let memberships: Map<String, Value> = call
        .app
        .rooms
        .memberships(&user)
        .await?
        .into_iter()
        .map(|(room, membership)| (room.to_string(), membership.as_str().into()))
        .collect();
    Ok(json!({ "memberships": memberships }))
}

async fn account_data(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let (mut global, mut rooms) = (Map::new(), Map::new());
    for datum in call.app.accounts.account_data_all(&call.app.store, &user).await? {
        let content = datum.content.and_then(|content| serde_json::from_str(content.get()).ok());
        let content: Value = content.unwrap_or_default();
        match datum.room {
            None => {
                global.insert(datum.kind, content);
            }
            Some(room) => {
                let about = rooms.entry(room.to_string()).or_insert_with(|| json!({}));
                about[datum.kind] = content;
            }
        }
    }
    Ok(json!({ "account_data": { "global": global, "rooms": rooms } }))
}

async fn pushers(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let pushers: Vec<Value> = call
        .app
        .push
        .pushers(&user)
        .await?
        .into_iter()
        .map(|pusher| {
            json!({
                "app_id": pusher.app_id,
                "pushkey": pusher.pushkey,
                "kind": pusher.kind,
                "app_display_name": pusher.app_display_name,
                "device_display_name": pusher.device_display_name,
                "profile_tag": pusher.profile_tag,
                "lang": pusher.lang,
                "data": pusher.data,
            })
        })
        .collect();
    Ok(json!({ "total": pushers.len(), "pushers": pushers }))
}

async fn whois(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let mut devices = Map::new();
    for device in call.app.accounts.devices(&call.app.store, &user).await? {
        let connection = json!({
            "ip": device.last_seen_address,
            "last_seen": device.last_seen_ms,
            "user_agent": device.last_seen_user_agent,
        });
        devices.insert(device.id.to_string(), json!({ "sessions": [{ "connections": [connection] }] }));
    }
    Ok(json!({ "user_id": user, "devices": devices }))
}

async fn username_available(call: Call) -> Result<Value, MatrixError> {
    let name = call.text("username").ok_or_else(|| MatrixError::missing_param("username is missing"))?;
    let user = call.app.accounts.user_id_for(&name)?;
    if call.app.accounts.exists(&call.app.store, &user).await? {
        return Err(accounts::AccountError::UserInUse.into());
    }
    Ok(json!({ "available": true }))
}
