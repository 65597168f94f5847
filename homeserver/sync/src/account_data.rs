//! Account data: global and by room, deletions included.

use std::collections::HashMap;

use accounts::AccountDatum;
use ruma::{OwnedRoomId, RoomId};

use crate::{context::Context, errors::SyncError, filter::CompiledFilter, json::JsonWriter, plan::RoomPlan};

/// Account data that the client has not got.
#[derive(Default)]
pub(crate) struct AccountData {
    global: Vec<AccountDatum>,
    rooms: HashMap<OwnedRoomId, Vec<AccountDatum>>,
}

impl AccountData {
    /// Reads what changed since the client's token, or everything.
    pub async fn load(context: &Context<'_>) -> Result<Self, SyncError> {
        let accounts = &context.inner.parts.accounts;
        let (reader, user) = (context.reader(), context.user());
        let data = match context.since {
            None => accounts.account_data_all(reader, user).await?,
            Some(since) if accounts.account_data_position(user).await? <= since.position => {
                return Ok(Self::default());
            }
            Some(since) => {
                accounts.account_data_changes(reader, user, since.position, context.view.position).await?
            }
        };
        let mut sorted = Self::default();
        for datum in data {
            match &datum.room {
                None => sorted.global.push(datum),
                Some(room) => sorted.rooms.entry(room.clone()).or_default().push(datum),
            }
        }
        Ok(sorted)
    }

    /// Whether there is any for a room.
    pub fn has_rooms(&self) -> bool {
        !self.rooms.is_empty()
    }

    /// The rooms for which there is any.
    pub fn rooms(&self) -> impl Iterator<Item = &OwnedRoomId> {
        self.rooms.keys()
    }

    /// Whether there is any for this room.
    pub fn has_room(&self, room: &RoomId) -> bool {
        self.rooms.contains_key(room)
    }

    /// What there is for this room.
    pub fn take_room(&mut self, room: &RoomId) -> Vec<AccountDatum> {
        self.rooms.remove(room).unwrap_or_default()
    }

    /// Writes the global section, if it has anything.
    pub fn write_global(&self, context: &Context<'_>, json: &mut JsonWriter) -> bool {
        let passing: Vec<&AccountDatum> = self
            .global
            .iter()
            .filter(|datum| CompiledFilter::passes(&context.filter.account_data, &datum.kind, context.user()))
            .collect();
        write(json, &passing);
        !passing.is_empty()
    }
}

/// All account data of a room that the user entered since the client last heard of it: what was kept there before an
/// earlier leave, for example tags, is news to a client that forgot the room. Deletions among the changes stay.
pub(crate) async fn of_entered_room(
    context: &Context<'_>,
    plan: &RoomPlan,
) -> Result<Vec<AccountDatum>, SyncError> {
    let accounts = &context.inner.parts.accounts;
    let mut all = accounts.account_data_about(context.reader(), context.user(), Some(&plan.room_id)).await?;
    let deleted = plan.account_data.iter().filter(|datum| datum.content.is_none());
    all.extend(deleted.cloned());
    Ok(all)
}

/// The account data of a room that passes the filter.
pub(crate) fn passing<'a>(
    context: &Context<'_>,
    room_id: &RoomId,
    data: &'a [AccountDatum],
) -> Vec<&'a AccountDatum> {
    let section = &context.filter.room_account_data;
    if !section.rooms.holds(room_id) {
        return Vec::new();
    }
    data.iter().filter(|datum| CompiledFilter::passes(&section.events, &datum.kind, context.user())).collect()
}

/// Writes an `account_data` field, unless it would be empty.
pub(crate) fn write(json: &mut JsonWriter, data: &[&AccountDatum]) {
    if !data.is_empty() {
        write_always(json, data);
    }
}

/// Writes an `account_data` field. Clients expect it in every joined room, empty or not.
pub(crate) fn write_always(json: &mut JsonWriter, data: &[&AccountDatum]) {
    json.key("account_data").object(|json| {
        json.key("events").array(|json| {
            for datum in data {
                json.object(|json| {
                    // A deletion is told once, as an empty object.
                    let content = datum.content.as_ref().map_or("{}", |content| content.get());
                    json.key("content").raw(content.as_bytes());
                    json.key("type").string(&datum.kind);
                });
            }
        });
    });
}
