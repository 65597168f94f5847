//! `presence`: how the people are whom the user shares a room with.

use std::collections::BTreeMap;

use ruma::OwnedUserId;
use serde_json::value::RawValue;

use crate::{context::Context, encounters::Encounters, errors::SyncError, json::JsonWriter};

/// Writes the section, if it has anything.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    encounters: &Encounters,
) -> Result<bool, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let filter = &context.filter.presence;
    if !rooms.presence().enabled() {
        return Ok(false);
    }
    let after = context.since.map_or(0, |since| since.ephemeral);
    let mut events: BTreeMap<OwnedUserId, Box<RawValue>> = BTreeMap::new();
    events.extend(rooms.presence_changes(context.reader(), context.user(), after).await?);
    for user in encounters.met(context).await? {
        if let Some(event) = rooms.presence().event(&user) {
            events.insert(user, event);
        }
    }
    events.retain(|sender, _| filter.passes_all() || filter.matches_kind_sender("m.presence", sender));
    if events.is_empty() {
        return Ok(false);
    }
    json.events("presence", events.values().map(|event| event.get()));
    Ok(true)
}
