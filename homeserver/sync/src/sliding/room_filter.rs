//! Which rooms a list holds: those that pass every condition of its filter.

use ruma::OwnedRoomId;

use super::{
    facts::{Facts, facts},
    filter_inputs::FilterInputs,
    request::RoomFilters,
    standing::Entry,
};
use crate::{SyncError, context::Context};

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
        let asks_facts = wanted.is_encrypted.is_some()
            || wanted.room_types.is_some()
            || !wanted.not_room_types.is_empty()
            || wanted.room_name_like.is_some();
        Ok(Self {
            wanted,
            inputs: FilterInputs::new(context, wanted).await?,
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
