//! One user's push rules made ready for the events of one room.
//!
//! What the rules ask of user and room is read once and serves a whole stretch of events. Never
//! decides what a notification looks like.

use std::{collections::HashSet, sync::Arc};

use model::{EventNum, Pdu, RoomNum};
use moka::sync::Cache;
use rules::{
    PowerLevels,
    push::{CompiledRules, PushContext},
};
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use store::Reader;

use crate::{Rooms, RoomsError, visibility::is_ignored};

/// Power levels kept in memory, by the event that set them.
const POWER_LEVELS_MAX: u64 = 10_000;

/// Power levels by the event that set them, so that they are never stale.
pub(crate) struct PowerCache(Cache<EventNum, Arc<PowerLevels>>);

impl PowerCache {
    pub fn new() -> Self {
        Self(Cache::new(POWER_LEVELS_MAX))
    }
}

/// Judges events of one room for one user.
pub(crate) struct PushJudge {
    user: OwnedUserId,
    rules: Arc<CompiledRules>,
    ignored: Arc<HashSet<OwnedUserId>>,
    display_name: Option<String>,
    member_count: u64,
    power: Option<Arc<PowerLevels>>,
}

#[derive(Deserialize)]
struct MemberContent {
    #[serde(default)]
    displayname: Option<String>,
}

impl Rooms {
    /// Gathers what the rules of a user need to judge events of a room.
    pub(crate) async fn push_judge(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
    ) -> Result<PushJudge, RoomsError> {
        let accounts = &self.parts.accounts;
        let member = self.current_state(reader, room, "m.room.member", user.as_str()).await?;
        let content = member.and_then(|pdu| pdu.content_as::<MemberContent>().ok());
        Ok(PushJudge {
            user: user.to_owned(),
            rules: accounts.push_rules(user).await?,
            ignored: accounts.ignored_users(user).await?,
            display_name: content.and_then(|content| content.displayname),
            member_count: self.member_counts(reader, room).await?.joined,
            power: self.cached_power(reader, room).await?,
        })
    }

    async fn cached_power(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<Option<Arc<PowerLevels>>, RoomsError> {
        let Some(event) = self.current_state_num(reader, room, "m.room.power_levels", "").await? else {
            return Ok(None);
        };
        if let Some(power) = self.reading.power.0.get(&event) {
            return Ok(Some(power));
        }
        let power = Arc::new(self.power_levels(room).await?);
        self.reading.power.0.insert(event, Arc::clone(&power));
        Ok(Some(power))
    }
}

impl PushJudge {
    /// Whose rules these are.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Whether an event notifies, and if so, whether it highlights.
    pub fn notifies(&self, pdu: &Pdu) -> Option<bool> {
        if is_ignored(&self.ignored, pdu) {
            return None;
        }
        let context = PushContext {
            user: &self.user,
            display_name: self.display_name.as_deref(),
            member_count: self.member_count,
            power: self.power.as_deref(),
            thread_subscribed: None,
        };
        let actions = self.rules.evaluate(&context, pdu);
        actions.notify.then_some(actions.highlight)
    }
}
