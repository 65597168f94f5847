//! What the filters of lists ask of a room: type, encryption, name, direct chat, tags, spaces.
//!
//! Type, encryption and name are remembered until the room's state changes; direct chats and tags until the user's
//! account data does. So a filter over thousands of rooms reads memory.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{Pdu, RoomNum, StreamPos};
use moka::sync::Cache;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    limits::{DIRECT_CHATS_KEPT_MAX, FACTS_KEPT_MAX, TAGS_KEPT_MAX},
    request::RoomFilters,
    standing::{Entry, Standing},
};
use crate::{SyncError, context::Context, lean_state, room::stripped};

/// What never changes about a room or only with its state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    room_type: Option<String>,
    encrypted: bool,
    name: Option<String>,
    /// Whether the room let the user know any of this.
    known: bool,
}

/// Room ids by user.
type RoomIds = Arc<HashSet<OwnedRoomId>>;
type Tags = Arc<HashMap<OwnedRoomId, Vec<String>>>;

/// What is remembered of rooms and users.
pub(crate) struct FactsKept {
    rooms: Cache<RoomNum, (StreamPos, Arc<Facts>)>,
    direct_chats: Cache<OwnedUserId, (StreamPos, RoomIds)>,
    tags: Cache<OwnedUserId, (StreamPos, Tags)>,
}

impl Default for FactsKept {
    fn default() -> Self {
        Self {
            rooms: Cache::new(FACTS_KEPT_MAX),
            direct_chats: Cache::new(DIRECT_CHATS_KEPT_MAX),
            tags: Cache::new(TAGS_KEPT_MAX),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts {
    #[serde(rename = "type")]
    room_type: Option<String>,
    name: Option<String>,
}

/// The rooms that `m.direct` names, whoever they are with.
pub(crate) async fn direct_chats(context: &Context<'_>) -> Result<RoomIds, SyncError> {
    let accounts = &context.inner.parts.accounts;
    let kept = &context.inner.sliding.facts.direct_chats;
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
    let kept = &context.inner.sliding.facts.tags;
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
    direct_chats: RoomIds,
    tags: Tags,
    children: Option<HashSet<OwnedRoomId>>,
}

impl FilterInputs {
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

/// The filter of one list, with what it needs to know of the user.
pub(crate) struct RoomFilter<'a> {
    wanted: &'a RoomFilters,
    inputs: FilterInputs,
    name_like: Option<String>,
    asks_facts: bool,
    asks_nothing: bool,
}

impl<'a> RoomFilter<'a> {
    /// Prepares a filter.
    pub async fn new(context: &Context<'_>, wanted: &'a RoomFilters) -> Result<Self, SyncError> {
        let asks_tags = wanted.tags.is_some() || !wanted.not_tags.is_empty();
        let asks_facts = wanted.is_encrypted.is_some()
            || wanted.room_types.is_some()
            || !wanted.not_room_types.is_empty()
            || wanted.room_name_like.is_some();
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
        Ok(Self {
            wanted,
            inputs,
            name_like: wanted.room_name_like.as_deref().map(str::to_lowercase),
            asks_facts,
            asks_nothing: *wanted == RoomFilters::default(),
        })
    }

    /// What was asked for.
    pub fn wanted(&self) -> &RoomFilters {
        self.wanted
    }

    /// What is known of the user.
    pub fn inputs(&self) -> &FilterInputs {
        &self.inputs
    }

    /// Whether a room passes.
    pub async fn passes(&self, context: &Context<'_>, entry: &Entry) -> Result<bool, SyncError> {
        if self.asks_nothing {
            return Ok(true);
        }
        let invited = entry.member.membership == rooms::Membership::Invite;
        if self.wanted.is_invited.is_some_and(|wanted| wanted != invited) {
            return Ok(false);
        }
        let room_id = context.inner.parts.rooms.room_id(context.reader(), entry.room).await?;
        if self.wanted.is_dm.is_some_and(|wanted| wanted != self.inputs.direct_chats.contains(&room_id))
            || self.inputs.children.as_ref().is_some_and(|children| !children.contains(&room_id))
            || !self.tags_pass(&room_id)
        {
            return Ok(false);
        }
        if !self.asks_facts {
            return Ok(true);
        }
        Ok(self.facts_pass(&*facts(context, entry).await?))
    }

    fn tags_pass(&self, room_id: &OwnedRoomId) -> bool {
        let own: &[String] = self.inputs.tags.get(room_id).map(Vec::as_slice).unwrap_or_default();
        self.wanted.tags.as_ref().is_none_or(|tags| own.iter().any(|tag| tags.contains(tag)))
            && !own.iter().any(|tag| self.wanted.not_tags.contains(tag))
    }

    /// A room that says nothing of itself passes no filter that asks.
    fn facts_pass(&self, facts: &Facts) -> bool {
        facts.known
            && self.wanted.is_encrypted.is_none_or(|wanted| wanted == facts.encrypted)
            && self.wanted.room_types.as_ref().is_none_or(|types| types.contains(&facts.room_type))
            && !self.wanted.not_room_types.contains(&facts.room_type)
            && self
                .name_like
                .as_ref()
                .is_none_or(|like| facts.name.as_ref().is_some_and(|name| name.to_lowercase().contains(like)))
    }
}

async fn facts(context: &Context<'_>, entry: &Entry) -> Result<Arc<Facts>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    match entry.standing {
        Standing::Joined => {}
        Standing::Outside => return Ok(Arc::new(facts_of_invite(context, entry.room).await?)),
        Standing::Removed | Standing::Left => {
            let state = rooms.state_after_event(context.reader(), entry.member.event).await?;
            let at = async |kind| rooms.state_event_at(context.reader(), state, kind, "").await;
            let (create, name) = (at("m.room.create").await?, at("m.room.name").await?);
            let encrypted = at("m.room.encryption").await?.is_some();
            return Ok(Arc::new(Facts::new(create.as_ref(), encrypted, name.as_ref())));
        }
    }
    let kept = &context.inner.sliding.facts.rooms;
    let changed = rooms.latest_state_change(entry.room).await?;
    if let Some((at, facts)) = kept.get(&entry.room)
        && at == changed
    {
        return Ok(facts);
    }
    let now = async |kind| rooms.current_state(context.reader(), entry.room, kind, "").await;
    let (create, name) = (now("m.room.create").await?, now("m.room.name").await?);
    let encrypted = now("m.room.encryption").await?.is_some();
    let facts = Arc::new(Facts::new(create.as_ref(), encrypted, name.as_ref()));
    kept.insert(entry.room, (changed, facts.clone()));
    Ok(facts)
}

impl Facts {
    fn new(create: Option<&Pdu>, encrypted: bool, name: Option<&Pdu>) -> Self {
        let texts = |event: Option<&Pdu>| -> Texts {
            event.and_then(|event| event.content_as().ok()).unwrap_or_default()
        };
        Self {
            room_type: texts(create).room_type,
            encrypted,
            name: texts(name).name,
            known: create.is_some(),
        }
    }
}

/// What the invite itself says of the room, and nothing else.
async fn facts_of_invite(context: &Context<'_>, room: RoomNum) -> Result<Facts, SyncError> {
    #[derive(Deserialize)]
    struct Stripped {
        r#type: String,
        #[serde(default)]
        content: Value,
    }
    let mut facts = Facts::default();
    for event in stripped::sound_events(context, room).await? {
        let Ok(event) = serde_json::from_slice::<Stripped>(&event) else { continue };
        let text = |key: &str| event.content[key].as_str().map(ToOwned::to_owned);
        match event.r#type.as_str() {
            "m.room.create" => (facts.known, facts.room_type) = (true, text("type")),
            "m.room.encryption" => facts.encrypted = true,
            "m.room.name" => facts.name = text("name"),
            _ => {}
        }
    }
    Ok(facts)
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
