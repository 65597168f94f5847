//! `device_lists`: whose devices the client must look up again, and whose it may forget.
//! See <https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user>.

use std::collections::BTreeSet;

use ruma::OwnedUserId;

use crate::{context::Context, encounters::Encounters, errors::SyncError, json::JsonWriter};

/// What happened to the devices of others, as far as the user has to do with them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeviceLists {
    /// Users whose devices or keys changed, and users with whom the user shares a room anew.
    pub changed: BTreeSet<OwnedUserId>,
    /// Users with whom the user shares no room any more.
    pub left: BTreeSet<OwnedUserId>,
}

/// What an answer has to tell. An initial sync has nothing.
pub(crate) async fn between(
    context: &Context<'_>,
    encounters: &Encounters,
) -> Result<DeviceLists, SyncError> {
    let Some(since) = context.since else { return Ok(DeviceLists::default()) };
    let (rooms, keys) = (&context.inner.parts.rooms, &context.inner.parts.keys);
    let (reader, user, up_to) = (context.reader(), context.user(), context.view.position);
    let mut changed = encounters.met(context).await?;
    if encounters.user_joined() {
        // Whoever comes into a room is new to it with all of their devices, their own clients included.
        changed.insert(user.to_owned());
    }
    changed.extend(keys.users_signed_by(reader, user, since.position, up_to).await?);
    for candidate in keys.device_list_changes(reader, since.position, up_to).await? {
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
    Ok(DeviceLists { changed, left })
}

/// Writes the section, if it has anything.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    encounters: &Encounters,
) -> Result<bool, SyncError> {
    let lists = between(context, encounters).await?;
    if lists.changed.is_empty() && lists.left.is_empty() {
        return Ok(false);
    }
    json.key("device_lists").object(|json| {
        list(json, "changed", &lists.changed);
        list(json, "left", &lists.left);
    });
    Ok(true)
}

fn list(json: &mut JsonWriter, key: &str, users: &BTreeSet<OwnedUserId>) {
    json.key(key).array(|json| users.iter().for_each(|user| json.string(user.as_str())));
}
