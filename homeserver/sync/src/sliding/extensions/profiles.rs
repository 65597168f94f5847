//! Profiles (MSC4262): whole ones of the users of a room that is new to the client, then every change of whoever shares
//! a room, and `null` for whoever shares none any more. Only profiles of this server are known; those of others arrive
//! with their member events.

use std::collections::{BTreeMap, BTreeSet};

use model::StreamPos;
use ruma::{OwnedUserId, UserId};
use serde_json::{Map, Value, json};

use super::Extending;
use crate::{
    SyncError,
    context::Since,
    encounters::Encounters,
    json::JsonWriter,
    sliding::{
        limits::{PROFILE_CHANGES_MAX, PROFILES_OF_ROOM_MAX},
        request::ProfilesRequest,
        standing::Standing,
    },
};

/// What is told of one user.
#[derive(Default)]
struct Told {
    updated: Map<String, Value>,
    removed: BTreeSet<String>,
}

/// Writes the section, if there is anything to tell.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let request = extending.request;
    let Some(wanted) = &request.extensions.profiles else { return Ok(false) };
    let since = extending.progress.cursors.profiles;
    let mut told: BTreeMap<OwnedUserId, Told> = BTreeMap::new();
    let (up_to, lost) = match since {
        Some(since) => {
            let up_to = changes(extending, wanted, since, &mut told).await?;
            (up_to, lost(extending, since).await?)
        }
        None => (extending.context.view.position, BTreeSet::new()),
    };
    extending.pending.cursors.profiles = Some(up_to);
    for user in whole_profiles(extending, wanted, since.is_none()).await? {
        let profile =
            extending.context.inner.parts.accounts.profile(extending.context.reader(), &user).await?;
        let fields = profile.unwrap_or_default().fields.into_iter();
        let updated: Map<String, Value> = fields.filter(|(field, _)| is_wanted(wanted, field)).collect();
        if !updated.is_empty() {
            told.entry(user).or_default().updated = updated;
        }
    }
    if told.is_empty() && lost.is_empty() {
        return Ok(false);
    }
    json.key("org.matrix.msc4262.profiles").object(|json| {
        json.key("users").object(|json| {
            for (user, Told { updated, removed }) in told {
                let mut news = Map::new();
                if !updated.is_empty() {
                    news.insert("updated".to_owned(), updated.into());
                }
                if !removed.is_empty() {
                    news.insert("removed".to_owned(), json!(removed));
                }
                json.key(user.as_str()).raw(Value::Object(news).to_string().as_bytes());
            }
            lost.iter().for_each(|user| json.key(user.as_str()).raw(b"null"));
        });
    });
    Ok(true)
}

fn is_wanted(wanted: &ProfilesRequest, field: &str) -> bool {
    wanted.fields.as_ref().is_none_or(|fields| fields.iter().any(|wanted| wanted == field))
}

/// Fields that changed since the client's position, of the user and of whoever shares a room; how far it looked.
async fn changes(
    extending: &Extending<'_>,
    wanted: &ProfilesRequest,
    since: StreamPos,
    told: &mut BTreeMap<OwnedUserId, Told>,
) -> Result<StreamPos, SyncError> {
    let context = extending.context;
    let parts = &context.inner.parts;
    let (reader, up_to) = (context.reader(), context.view.position);
    let changes = parts.accounts.profile_changes(reader, since, up_to, PROFILE_CHANGES_MAX).await?;
    let looked_to = match changes.last() {
        Some((last, ..)) if changes.len() >= PROFILE_CHANGES_MAX => *last,
        Some(_) | None => up_to,
    };
    for (_, user, field) in changes {
        let concerns =
            user == context.user() || parts.rooms.share_a_room(reader, context.user(), &user).await?;
        if !is_wanted(wanted, &field) || !concerns {
            continue;
        }
        let profile = parts.accounts.profile(reader, &user).await?.unwrap_or_default();
        let told = told.entry(user).or_default();
        match profile.fields.get(&field) {
            Some(value) => drop(told.updated.insert(field, value.clone())),
            None => drop(told.removed.insert(field)),
        }
    }
    Ok(looked_to)
}

/// Users of this server with whom the user shares no room any more, since the client's position.
async fn lost(extending: &Extending<'_>, since: StreamPos) -> Result<BTreeSet<OwnedUserId>, SyncError> {
    let rooms = &extending.context.inner.parts.rooms;
    let moments = Since { position: since, to_device: since, ephemeral: 0 };
    let context = extending.context.with_since(Some(moments));
    let mut lost = Box::pin(Encounters::in_all_rooms(&context, since)).await?.parted(&context).await?;
    lost.retain(|user| rooms.is_local(user));
    for user in lost.clone() {
        if rooms.share_a_room(context.reader(), context.user(), &user).await? {
            lost.remove(&user);
        }
    }
    Ok(lost)
}

/// Users whose whole profile is news: oneself at first, and those of rooms that the client has not had. A room whose
/// members are loaded lazily counts by the senders of its timeline and its heroes.
async fn whole_profiles(
    extending: &Extending<'_>,
    wanted: &ProfilesRequest,
    is_first: bool,
) -> Result<BTreeSet<OwnedUserId>, SyncError> {
    let context = extending.context;
    let rooms = &context.inner.parts.rooms;
    let mut users = BTreeSet::new();
    if is_first {
        users.insert(context.user().to_owned());
    }
    for room in &extending.scope.rooms {
        let num = room.entry.room;
        let fresh = extending.fresh.get(&num);
        if room.entry.standing != Standing::Joined || (fresh.is_none() && !is_first) {
            continue;
        }
        let room_id = extending.room_id(room).await?;
        if !extending.scope.holds(&wanted.scope, room, &room_id) {
            continue;
        }
        let is_ours = |user: &UserId| rooms.is_local(user);
        if room.rules.lazy_members {
            for event_id in fresh.iter().flat_map(|fresh| &fresh.events) {
                if let Some((_, pdu)) = rooms.pdu_by_id(context.reader(), event_id).await? {
                    users.extend(Some(pdu.sender().to_owned()).filter(|user| is_ours(user)));
                }
            }
            let heroes = rooms.summary_for(context.reader(), num, context.user()).await?.heroes;
            users.extend(heroes.into_iter().filter(|user| is_ours(user)));
        } else {
            let members = rooms.local_members(num).await?;
            users.extend(members.iter().take(PROFILES_OF_ROOM_MAX).cloned());
        }
    }
    Ok(users)
}
