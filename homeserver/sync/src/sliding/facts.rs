//! What the filters of lists ask of a room itself: type, encryption, name.
//!
//! Remembered until the room's state changes, so that a filter over thousands of rooms reads memory.

use std::sync::Arc;

use model::{Pdu, RoomNum, StreamPos};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::Value;

use super::{
    limits::FACTS_KEPT_MAX,
    standing::{Entry, Standing},
};
use crate::{SyncError, context::Context, room::stripped};

/// What never changes about a room or only with its state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub room_type: Option<String>,
    pub encrypted: bool,
    pub name: Option<String>,
    /// Whether the room let the user know any of this.
    pub known: bool,
}

/// The facts that are remembered.
pub(crate) struct FactsKept(Cache<RoomNum, (StreamPos, Arc<Facts>)>);

impl Default for FactsKept {
    fn default() -> Self {
        Self(Cache::new(FACTS_KEPT_MAX))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts {
    #[serde(rename = "type")]
    room_type: Option<String>,
    name: Option<String>,
}

/// What a filter may ask of a room.
pub(crate) async fn facts(context: &Context<'_>, entry: &Entry) -> Result<Arc<Facts>, SyncError> {
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
    let kept = &context.inner.sliding.facts.0;
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
