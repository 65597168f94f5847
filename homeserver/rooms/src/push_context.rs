//! One user's push rules made ready for the events of one room.
//!
//! What the rules ask of user and room is read once and serves a whole stretch of events. Never
//! decides what a notification looks like.

use std::{collections::HashSet, sync::Arc};

use model::{EventNum, Pdu, RoomNum};
use moka::sync::Cache;
use rules::{
    PowerLevels,
    push::{Actions, CompiledRules, PushContext, PushEvent},
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

/// A user, their rules, their display name where it matters, and whether they follow the thread.
type Judged<'a> = (&'a OwnedUserId, Arc<CompiledRules>, Option<String>, Option<bool>);

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
        Ok(PushJudge {
            user: user.to_owned(),
            rules: accounts.push_rules(user).await?,
            ignored: accounts.ignored_users(user).await?,
            display_name: self.display_name(reader, room, user).await?,
            member_count: self.member_counts(reader, room).await?.joined,
            power: self.cached_power(reader, room).await?,
        })
    }

    /// What the push rules of these users say of an event: who is to be notified, and how. Those whom it does not
    /// concern are left out: the sender, who ignores the sender, whose rules say nothing.
    pub async fn push_decisions(
        &self,
        reader: &Reader,
        room: RoomNum,
        pdu: &Pdu,
        users: &[OwnedUserId],
    ) -> Result<Vec<(OwnedUserId, Actions)>, RoomsError> {
        let (has_body, has_mentions) = {
            let event = PushEvent::new(pdu);
            (event.has_body(), event.has_mentions())
        };
        let member_count = self.member_counts(reader, room).await?.joined;
        let power = self.cached_power(reader, room).await?;
        let mut readers = Vec::with_capacity(users.len());
        for user in users.iter().filter(|user| *user != pdu.sender()) {
            let rules = self.parts.accounts.push_rules(user).await?;
            let ignored = self.parts.accounts.ignored_users(user).await?;
            let is_invited = pdu.state_key() == Some(user.as_str());
            if is_ignored(&ignored, pdu) || (is_invited && self.hides_invite(user, pdu.sender()).await?) {
                continue;
            }
            let asks_name = has_body && rules.asks_display_name(has_mentions);
            let name = if asks_name { self.display_name(reader, room, user).await? } else { None };
            let subscribed = self.thread_subscribed(reader, user, room, pdu).await?;
            readers.push((user, rules, name, subscribed));
        }
        // From here on nothing waits: the event is read once, for all of them.
        let event = PushEvent::new(pdu);
        let decide = |(user, rules, name, thread_subscribed): Judged<'_>| {
            let context = PushContext {
                user,
                display_name: name.as_deref(),
                member_count,
                power: power.as_deref(),
                thread_subscribed,
            };
            let actions = rules.evaluate_event(&context, &event);
            actions.notify.then(|| (user.clone(), actions))
        };
        Ok(readers.into_iter().filter_map(decide).collect())
    }

    /// The display name of a user in a room.
    pub async fn display_name(
        &self,
        reader: &Reader,
        room: RoomNum,
        user: &UserId,
    ) -> Result<Option<String>, RoomsError> {
        let member = self.current_state(reader, room, "m.room.member", user.as_str()).await?;
        let content = member.and_then(|pdu| pdu.content_as::<MemberContent>().ok());
        Ok(content.and_then(|content| content.displayname))
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
    pub fn notifies(&self, pdu: &Pdu, thread_subscribed: Option<bool>) -> Option<bool> {
        self.actions(pdu, thread_subscribed).map(|actions| actions.highlight)
    }

    /// What is to be done with an event that notifies.
    pub fn actions(&self, pdu: &Pdu, thread_subscribed: Option<bool>) -> Option<Actions> {
        if is_ignored(&self.ignored, pdu) {
            return None;
        }
        let context = PushContext {
            user: &self.user,
            display_name: self.display_name.as_deref(),
            member_count: self.member_count,
            power: self.power.as_deref(),
            thread_subscribed,
        };
        let actions = self.rules.evaluate(&context, pdu);
        actions.notify.then_some(actions)
    }
}
