//! What filters need to know of a user beside the rooms themselves: direct chats, tags, the children of spaces.
//!
//! Direct chats and tags are remembered until the user's account data changes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::StreamPos;
use moka::sync::Cache;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    limits::{DIRECT_CHATS_KEPT_MAX, TAGS_KEPT_MAX},
    request::RoomFilters,
};
use crate::{SyncError, context::Context, lean_state};

/// Room ids by user.
type RoomIds = Arc<HashSet<OwnedRoomId>>;
type Tags = Arc<HashMap<OwnedRoomId, Vec<String>>>;

/// What is remembered of users.
pub(crate) struct InputsKept {
    direct_chats: Cache<OwnedUserId, (StreamPos, RoomIds)>,
    tags: Cache<OwnedUserId, (StreamPos, Tags)>,
}

impl Default for InputsKept {
    fn default() -> Self {
        Self { direct_chats: Cache::new(DIRECT_CHATS_KEPT_MAX), tags: Cache::new(TAGS_KEPT_MAX) }
    }
}

/// The rooms that `m.direct` names, whoever they are with.
pub(crate) async fn direct_chats(context: &Context<'_>) -> Result<RoomIds, SyncError> {
    let accounts = &context.inner.parts.accounts;
    let kept = &context.inner.sliding.inputs.direct_chats;
    let position = accounts.account_data_position(context.user()).await?;
    if let Some((at, ids)) = kept.get(context.user())
        && at == position
    {
        return Ok(ids);
    }
    let content = accounts.account_data(context.reader(), context.user(), None, "m.direct").await?;
    let chats: HashMap<String, Value> =
        content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default();
    let ids = chats.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let ids: RoomIds = Arc::new(ids.filter_map(|id| OwnedRoomId::try_from(id).ok()).collect());
    if position <= context.view.position {
        kept.insert(context.user().to_owned(), (position, ids.clone()));
    }
    Ok(ids)
}

async fn tags(context: &Context<'_>) -> Result<Tags, SyncError> {
    let accounts = &context.inner.parts.accounts;
    let kept = &context.inner.sliding.inputs.tags;
    let position = accounts.account_data_position(context.user()).await?;
    let known = kept.get(context.user());
    let tags = match known {
        Some((at, tags)) if at == position => return Ok(tags),
        Some((at, tags)) if at < position => tags_changed(context, at, tags).await?,
        Some(_) | None => all_tags(context).await?,
    };
    if position <= context.view.position {
        kept.insert(context.user().to_owned(), (position, tags.clone()));
    }
    Ok(tags)
}

async fn all_tags(context: &Context<'_>) -> Result<Tags, SyncError> {
    let mut tags = HashMap::new();
    let accounts = &context.inner.parts.accounts;
    for datum in accounts.account_data_all(context.reader(), context.user()).await? {
        if let (Some(room), "m.tag", Some(content)) = (datum.room, &*datum.kind, &datum.content) {
            tags.insert(room, names_of_tags(content));
        }
    }
    Ok(Arc::new(tags))
}

/// The tags with what changed since a position; the same ones when other account data changed.
async fn tags_changed(context: &Context<'_>, after: StreamPos, mut tags: Tags) -> Result<Tags, SyncError> {
    let accounts = &context.inner.parts.accounts;
    let up_to = context.view.position;
    for datum in accounts.account_data_changes(context.reader(), context.user(), after, up_to).await? {
        let (Some(room), "m.tag") = (datum.room, &*datum.kind) else { continue };
        let tags = Arc::make_mut(&mut tags);
        match &datum.content {
            Some(content) => drop(tags.insert(room, names_of_tags(content))),
            None => drop(tags.remove(&room)),
        }
    }
    Ok(tags)
}

fn names_of_tags(content: &RawValue) -> Vec<String> {
    let content: Value = serde_json::from_str(content.get()).unwrap_or_default();
    content["tags"].as_object().map(|tags| tags.keys().cloned().collect()).unwrap_or_default()
}

/// What a filter needs to know of the user beside the rooms themselves.
#[derive(Clone, Default)]
pub(crate) struct FilterInputs {
    /// Rooms that are direct chats.
    pub direct_chats: RoomIds,
    /// Rooms with the names of their tags.
    pub tags: Tags,
    /// Children of the spaces that the filter names.
    pub children: Option<HashSet<OwnedRoomId>>,
}

impl FilterInputs {
    /// What a filter needs to know, and nothing else.
    pub async fn new(context: &Context<'_>, wanted: &RoomFilters) -> Result<Self, SyncError> {
        let asks_tags = wanted.tags.is_some() || !wanted.not_tags.is_empty();
        let mut inputs = FilterInputs::default();
        if wanted.is_dm.is_some() {
            inputs.direct_chats = direct_chats(context).await?;
        }
        if asks_tags {
            inputs.tags = tags(context).await?;
        }
        if let Some(spaces) = &wanted.spaces {
            inputs.children = Some(children(context, spaces).await?);
        }
        Ok(inputs)
    }

    /// Rooms about which the inputs say different things.
    pub fn differences(&self, other: &Self) -> HashSet<OwnedRoomId> {
        let mut found: HashSet<OwnedRoomId> = HashSet::new();
        if !Arc::ptr_eq(&self.direct_chats, &other.direct_chats) {
            found.extend(self.direct_chats.symmetric_difference(&other.direct_chats).cloned());
        }
        if !Arc::ptr_eq(&self.tags, &other.tags) {
            let rooms = self.tags.keys().chain(other.tags.keys());
            found.extend(rooms.filter(|room| self.tags.get(*room) != other.tags.get(*room)).cloned());
        }
        let none = HashSet::new();
        let [own, theirs] = [self, other].map(|inputs| inputs.children.as_ref().unwrap_or(&none));
        found.extend(own.symmetric_difference(theirs).cloned());
        found
    }
}

/// The children of those of the spaces that the user is in.
async fn children(context: &Context<'_>, spaces: &[String]) -> Result<HashSet<OwnedRoomId>, SyncError> {
    #[derive(Deserialize)]
    struct Child {
        #[serde(default)]
        via: Vec<String>,
    }
    let rooms = &context.inner.parts.rooms;
    let mut children = HashSet::new();
    for space in spaces.iter().filter_map(|space| <&ruma::RoomId>::try_from(space.as_str()).ok()) {
        let Some(room) = rooms.room_num(context.reader(), space).await? else { continue };
        if !rooms.is_joined(context.reader(), room, context.user()).await? {
            continue;
        }
        let state = rooms.head_state(context.reader(), room).await?;
        for (key, event) in lean_state::without_members(context, state).await?.iter() {
            let key = rooms.state_key(context.reader(), *key).await?;
            if key.0 != "m.space.child" {
                continue;
            }
            let child = rooms.pdu(context.reader(), *event).await?;
            let counts = child.content_as::<Child>().is_ok_and(|child| !child.via.is_empty());
            if let (true, Ok(id)) = (counts, OwnedRoomId::try_from(key.1.as_str())) {
                children.insert(id);
            }
        }
    }
    Ok(children)
}
