//! `device_lists`: whose devices the client must look up again, and whose it may forget.
//! See <https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user>.

use std::collections::BTreeSet;

use ruma::OwnedUserId;

use crate::{context::Context, encounters::Encounters, errors::SyncError, json::JsonWriter};

/// Writes the section, if it has anything. An initial sync has none.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    encounters: &Encounters,
) -> Result<bool, SyncError> {
    let Some(since) = context.since else { return Ok(false) };
    let (rooms, keys) = (&context.inner.parts.rooms, &context.inner.parts.keys);
    let (reader, user) = (context.reader(), context.user());
    let mut changed = encounters.met(context).await?;
    for candidate in keys.device_list_changes(reader, since.position, context.view.position).await? {
        if rooms.share_a_room(reader, user, &candidate).await? {
            changed.insert(candidate);
        }
    }
    let mut left = BTreeSet::new();
    for candidate in encounters.parted(context).await? {
        if !rooms.share_a_room(reader, user, &candidate).await? {
            changed.remove(&candidate);
            left.insert(candidate);
        }
    }
    if changed.is_empty() && left.is_empty() {
        return Ok(false);
    }
    json.key("device_lists").object(|json| {
        list(json, "changed", &changed);
        list(json, "left", &left);
    });
    Ok(true)
}

fn list(json: &mut JsonWriter, key: &str, users: &BTreeSet<OwnedUserId>) {
    json.key(key).array(|json| users.iter().for_each(|user| json.string(user.as_str())));
}
