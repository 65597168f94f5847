//! Media: lists by user and room, quarantine, protection, deletion, statistics.

use ::media::{MediaInfo, MediaPosition};
use http::Method;
use ruma::{OwnedMxcUri, OwnedServerName, OwnedUserId, ServerName};
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

/// Events of a room that are looked at for media.
const ROOM_EVENTS_MAX: usize = 10_000;
/// Deletions of one call.
const DELETED_MAX: usize = 1_000;

pub(super) fn routes() -> Routes {
    let of_user = "/_synapse/admin/v1/users/{user_id}/media";
    let mut routes = endpoint(Routes::new(), Method::GET, of_user, list);
    routes = endpoint(routes, Method::DELETE, of_user, delete_of_user);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/user/{user_id}/media/quarantine", sweep_user);
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/media/{server_name}/{media_id}", get);
    routes = endpoint(routes, Method::DELETE, "/_synapse/admin/v1/media/{server_name}/{media_id}", delete);
    let quarantine_one = "/_synapse/admin/v1/media/quarantine/{server_name}/{media_id}";
    routes = endpoint(routes, Method::POST, quarantine_one, quarantine);
    let free = "/_synapse/admin/v1/media/unquarantine/{server_name}/{media_id}";
    routes = endpoint(routes, Method::POST, free, unquarantine);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/media/protect/{media_id}", |call| {
        protect(call, true)
    });
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/media/unprotect/{media_id}", |call| {
        protect(call, false)
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/room/{room_id}/media", of_room);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/room/{room_id}/media/quarantine", sweep_room);
    endpoint(routes, Method::GET, "/_synapse/admin/v1/statistics/users/media", statistics)
}

fn described(info: &MediaInfo) -> Value {
    json!({
        "media_id": info.media_id,
        "media_origin": info.server,
        "user_id": info.uploader,
        "created_ts": info.created_ms,
        "last_access_ts": info.accessed_ms,
        "media_length": info.bytes,
        "media_type": info.content_type,
        "upload_name": info.file_name,
        "sha256": info.sha256,
        "quarantined_by": info.quarantined_by,
        "safe_from_quarantine": info.protected,
    })
}

/// Pages go by `from` like Synapse's; the list is walked from its beginning, which a console bears.
async fn media_of(call: &Call, user: &OwnedUserId) -> Result<(Vec<MediaInfo>, bool), MatrixError> {
    let (from, limit) = call.page()?;
    let newest_first = !call.forwards(false)?;
    let mut found = Vec::new();
    let mut position: Option<MediaPosition> = None;
    loop {
        let wanted = from.saturating_add(limit).saturating_sub(found.len());
        let page = call.app.media.of_user(user, position, wanted, newest_first).await?;
        found.extend(page.media);
        position = page.next;
        if position.is_none() || found.len() >= from.saturating_add(limit) {
            break;
        }
    }
    Ok((found.into_iter().skip(from).take(limit).collect(), position.is_some()))
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let (media, more) = media_of(&call, &user).await?;
    let total = call.app.media.usage(&user).await?.count;
    let (from, count) = (call.page()?.0, media.len());
    let mut answer = json!({ "media": media.iter().map(described).collect::<Vec<_>>(), "total": total });
    if more {
        answer["next_token"] = (from + count).into();
    }
    Ok(answer)
}

async fn delete_of_user(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let (media, _) = media_of(&call, &user).await?;
    let mut deleted = Vec::new();
    for info in media.into_iter().take(DELETED_MAX) {
        call.app.media.delete(&info.server, &info.media_id).await?;
        deleted.push(info.media_id);
    }
    Ok(json!({ "total": deleted.len(), "deleted_media": deleted }))
}

fn server(call: &Call) -> Result<OwnedServerName, MatrixError> {
    ServerName::parse(call.argument(0)).map_err(|error| MatrixError::invalid_param(error.to_string()))
}

async fn get(call: Call) -> Result<Value, MatrixError> {
    let info = call.app.media.info(&server(&call)?, call.argument(1)).await?;
    let info = info.ok_or_else(|| MatrixError::not_found("No such medium"))?;
    Ok(json!({ "media_info": described(&info) }))
}

async fn delete(call: Call) -> Result<Value, MatrixError> {
    call.app.media.delete(&server(&call)?, call.argument(1)).await?;
    Ok(json!({ "deleted_media": [call.argument(1)], "total": 1 }))
}

async fn quarantine(call: Call) -> Result<Value, MatrixError> {
    call.app.media.quarantine(&server(&call)?, call.argument(1), &call.caller.user).await?;
    Ok(json!({}))
}

async fn unquarantine(call: Call) -> Result<Value, MatrixError> {
    call.app.media.unquarantine(&server(&call)?, call.argument(1)).await?;
    Ok(json!({}))
}

async fn protect(call: Call, protected: bool) -> Result<Value, MatrixError> {
    let name = call.app.settings.server_name.clone();
    call.app.media.protect(&name, call.argument(0), protected).await?;
    Ok(json!({}))
}

async fn sweep_user(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let count = call.app.media.quarantine_of_user(&user, &call.caller.user).await?;
    Ok(json!({ "num_quarantined": count }))
}

/// Media that the newest events of a room name; those of encrypted rooms cannot be seen.
async fn named_in_room(call: &Call) -> Result<Vec<OwnedMxcUri>, MatrixError> {
    let rooms = &call.app.rooms;
    let room = rooms.known_room(&call.app.store, &call.room(0)?).await?;
    let range = ::rooms::TimelineRange::all();
    let events =
        rooms.timeline(&call.app.store, room, range, ruma::api::Direction::Backward, ROOM_EVENTS_MAX).await?;
    let mut found = Vec::new();
    for (_, event) in events {
        let pdu = rooms.pdu(&call.app.store, event).await?;
        if pdu.content_str().contains("mxc://") {
            collect(&serde_json::from_str(pdu.content_str()).unwrap_or_default(), &mut found);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Every `mxc://` text in a content. The parser bounded how deep it is.
fn collect(value: &Value, found: &mut Vec<OwnedMxcUri>) {
    match value {
        Value::String(text) if text.starts_with("mxc://") => found.push(text.as_str().into()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(values) => values.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn of_room(call: Call) -> Result<Value, MatrixError> {
    let own = call.app.settings.server_name.clone();
    let named = named_in_room(&call).await?;
    let (local, remote): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|uri| uri.server_name().is_ok_and(|server| *server == own));
    Ok(json!({ "local": local, "remote": remote }))
}

async fn sweep_room(call: Call) -> Result<Value, MatrixError> {
    let mut count = 0;
    for uri in named_in_room(&call).await? {
        let Ok((server, media_id)) = uri.parts() else { continue };
        match call.app.media.info(server, media_id).await? {
            Some(info) if !info.protected && info.quarantined_by.is_none() && info.bytes.is_some() => {
                call.app.media.quarantine(server, media_id, &call.caller.user).await?;
                count += 1;
            }
            Some(_) | None => {}
        }
    }
    Ok(json!({ "num_quarantined": count }))
}

async fn statistics(call: Call) -> Result<Value, MatrixError> {
    let (from, limit) = call.page()?;
    let usage = call.app.media.usage_by_user(None, from.saturating_add(limit)).await?;
    let more = usage.len() == from.saturating_add(limit);
    let mut users = Vec::new();
    for (user, usage) in usage.into_iter().skip(from) {
        let profile = call.app.accounts.profile(&call.app.store, &user).await?.unwrap_or_default();
        users.push(json!({
            "user_id": user,
            "displayname": profile.displayname,
            "media_count": usage.count,
            "media_length": usage.bytes,
        }));
    }
    let mut answer = json!({ "total": from + users.len(), "users": users });
    if more {
        answer["next_token"] = (from + limit).into();
    }
    Ok(answer)
}
