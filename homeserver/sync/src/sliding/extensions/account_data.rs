//! Account data (MSC3959): global, and of rooms in scope.

use std::collections::HashMap;

use accounts::AccountDatum;
use ruma::OwnedRoomId;

use super::Extending;
use crate::{SyncError, json::JsonWriter};

/// Writes `account_data`, if it has anything.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let Some(wanted) = &extending.request.extensions.account_data else { return Ok(false) };
    let context = extending.context;
    let (accounts, reader, user) = (&context.inner.parts.accounts, context.reader(), context.user());
    let since = extending.progress.cursors.account_data;
    extending.pending.cursors.account_data = Some(context.view.position);
    let mut global = Vec::new();
    let mut changed: HashMap<OwnedRoomId, Vec<AccountDatum>> = HashMap::new();
    match since {
        None => global = accounts.account_data_about(reader, user, None).await?,
        Some(since) if accounts.account_data_position(user).await? > since => {
            for datum in accounts.account_data_changes(reader, user, since, context.view.position).await? {
                match &datum.room {
                    None => global.push(datum),
                    Some(room) => changed.entry(room.clone()).or_default().push(datum),
                }
            }
        }
        Some(_) => {}
    }
    let mut rooms = Vec::new();
    for room in &extending.scope.rooms {
        let num = room.entry.room;
        let Some(sent) = extending.sent(num) else { continue };
        let whole = since.is_none() || sent.account_data_behind || extending.fresh.contains_key(&num);
        if !whole && changed.is_empty() {
            continue;
        }
        let room_id = extending.room_id(room).await?;
        if !extending.scope.holds(wanted, room, &room_id) {
            continue;
        }
        let news = changed.remove(&room_id).unwrap_or_default();
        let data =
            if whole { accounts.account_data_about(reader, user, Some(&room_id)).await? } else { news };
        if whole && let Some(sent) = extending.sent_mut(num).filter(|sent| sent.account_data_behind) {
            sent.account_data_behind = false;
        }
        if !data.is_empty() {
            rooms.push((room_id, data));
        }
    }
    note_out_of_scope(extending, changed.into_keys()).await?;
    write_section(json, &global, &rooms);
    Ok(!global.is_empty() || !rooms.is_empty())
}

/// What changed in rooms that stand in no list now is told when they come back.
async fn note_out_of_scope(
    extending: &mut Extending<'_>,
    rooms: impl Iterator<Item = OwnedRoomId>,
) -> Result<(), SyncError> {
    let context = extending.context;
    for room_id in rooms {
        let num = context.inner.parts.rooms.room_num(context.reader(), &room_id).await?;
        if let Some(sent) = num.and_then(|num| extending.sent_mut(num)) {
            sent.account_data_behind = true;
        }
    }
    Ok(())
}

fn write_section(json: &mut JsonWriter, global: &[AccountDatum], rooms: &[(OwnedRoomId, Vec<AccountDatum>)]) {
    if global.is_empty() && rooms.is_empty() {
        return;
    }
    json.key("account_data").object(|json| {
        if !global.is_empty() {
            write_data(json.key("global"), global);
        }
        if !rooms.is_empty() {
            json.key("rooms").object(|json| {
                rooms.iter().for_each(|(room_id, data)| write_data(json.key(room_id.as_str()), data));
            });
        }
    });
}

fn write_data(json: &mut JsonWriter, data: &[AccountDatum]) {
    json.array(|json| {
        for datum in data {
            json.object(|json| {
                // A deletion is told once, as an empty object.
                let content = datum.content.as_ref().map_or("{}", |content| content.get());
                json.key("content").raw(content.as_bytes());
                json.key("type").string(&datum.kind);
            });
        }
    });
}
