//! Which rooms a request is about: the windows of its lists, and its subscriptions.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::RoomNum;
use rooms::Membership;
use ruma::OwnedRoomId;

use super::{
    connection::Progress,
    facts::RoomFilter,
    limits::TIMELINE_LIMIT_MAX,
    order::{Entry, Order, Standing},
    request::{ExtensionScope, RoomConfig, SlidingRequest},
    rules::CombinedRules,
};
use crate::{SyncError, context::Context};

/// A room that the request is about.
pub(crate) struct InScope {
    /// Where it stands.
    pub entry: Entry,
    /// The lists in whose windows it is, one bit for each in the order of their names.
    pub lists: u128,
    /// Whether it is subscribed to.
    pub subscribed: bool,
    /// Most timeline events.
    pub timeline_limit: u64,
    /// Which state.
    pub rules: Arc<CombinedRules>,
}

/// Everything that the request is about.
pub(crate) struct Scope {
    /// How many rooms each list has, by its name.
    pub counts: Vec<(String, u64)>,
    /// Subscribed rooms first, then by last activity.
    pub rooms: Vec<InScope>,
    /// Joined rooms with sticky events that are subscribed to or in any list, also outside of its window.
    pub sticky: Vec<RoomNum>,
}

/// Combined configs by lists and subscription.
type Configs = HashMap<(u128, Option<OwnedRoomId>), (u64, Arc<CombinedRules>)>;

impl Scope {
    /// Goes through the user's rooms once.
    pub async fn find(
        context: &Context<'_>,
        request: &SlidingRequest,
        order: &Order,
        progress: &mut Progress,
    ) -> Result<Self, SyncError> {
        let mut filters = Vec::with_capacity(request.lists.len());
        for list in request.lists.values() {
            filters.push(RoomFilter::new(context, &list.filters).await?);
        }
        let subscriptions = subscriptions(context, request).await?;
        let has_sticky = match &request.extensions.sticky_events {
            Some(_) => context.inner.parts.rooms.rooms_with_sticky_events().await?,
            None => HashSet::new(),
        };
        let mut sticky = Vec::new();
        let mut counts = vec![0_u64; filters.len()];
        let mut configs = Configs::new();
        let (mut subscribed, mut listed) = (Vec::new(), Vec::new());
        for entry in &order.entries {
            if !is_eligible(context, progress, entry).await? {
                continue;
            }
            let mut lists = 0_u128;
            let mut is_listed = false;
            for (index, (filter, list)) in filters.iter().zip(request.lists.values()).enumerate() {
                if !filter.passes(context, entry).await? {
                    continue;
                }
                is_listed = true;
                let place = counts[index];
                counts[index] += 1;
                let inside = |(start, end): &(u64, u64)| (*start..=*end).contains(&place);
                if list.ranges.as_ref().is_none_or(|ranges| ranges.iter().any(inside)) {
                    lists |= 1 << index;
                }
            }
            let subscription = subscriptions.get(&entry.room);
            let is_wanted = is_listed || subscription.is_some();
            if is_wanted && entry.standing == Standing::Joined && has_sticky.contains(&entry.room) {
                sticky.push(entry.room);
            }
            if lists == 0 && subscription.is_none() {
                continue;
            }
            let (timeline_limit, rules) =
                config(request, progress, &mut configs, lists, subscription.map(|(id, _)| *id));
            let section = if subscription.is_some() { &mut subscribed } else { &mut listed };
            let subscribed = subscription.is_some();
            section.push(InScope { entry: *entry, lists, subscribed, timeline_limit, rules });
        }
        subscribed.append(&mut listed);
        Ok(Self { counts: request.lists.keys().cloned().zip(counts).collect(), rooms: subscribed, sticky })
    }

    /// Whether an extension speaks about a room.
    pub fn holds(&self, extension: &ExtensionScope, room: &InScope, room_id: &ruma::RoomId) -> bool {
        let named = |names: &Option<Vec<String>>, name: &str| {
            names.as_ref().is_none_or(|names| names.iter().any(|other| other == "*" || other == name))
        };
        let by_list = || {
            let lists = self.counts.iter().enumerate().filter(|(index, _)| room.lists >> index & 1 == 1);
            lists.into_iter().any(|(_, (name, _))| named(&extension.lists, name))
        };
        room.subscribed && named(&extension.rooms, room_id.as_str()) || by_list()
    }
}

/// Whether the user may find the room in a list at all.
async fn is_eligible(context: &Context<'_>, progress: &Progress, entry: &Entry) -> Result<bool, SyncError> {
    let untold = || progress.rooms.get(&entry.room).is_some_and(|sent| !sent.gone);
    Ok(match entry.standing {
        Standing::Joined => true,
        Standing::Outside => !is_hidden(context, entry).await?,
        Standing::Removed => !entry.member.forgotten || untold(),
        Standing::Left => untold(),
    })
}

/// Whether the user wants to see no invites from whoever sent this one.
async fn is_hidden(context: &Context<'_>, entry: &Entry) -> Result<bool, SyncError> {
    if entry.member.membership != Membership::Invite {
        return Ok(false);
    }
    let rooms = &context.inner.parts.rooms;
    let invite = rooms.pdu(context.reader(), entry.member.event).await?;
    Ok(rooms.hides_invite(context.user(), invite.sender()).await?)
}

/// Subscribed rooms that exist, by number.
async fn subscriptions<'a>(
    context: &Context<'_>,
    request: &'a SlidingRequest,
) -> Result<HashMap<RoomNum, (&'a OwnedRoomId, &'a RoomConfig)>, SyncError> {
    let mut found = HashMap::new();
    for (id, config) in &request.subscriptions {
        if let Some(room) = context.inner.parts.rooms.room_num(context.reader(), id).await? {
            found.insert(room, (id, config));
        }
    }
    Ok(found)
}

/// What all configs of a room together want.
fn config(
    request: &SlidingRequest,
    progress: &mut Progress,
    configs: &mut Configs,
    lists: u128,
    subscription: Option<&OwnedRoomId>,
) -> (u64, Arc<CombinedRules>) {
    let key = (lists, subscription.cloned());
    if let Some((limit, rules)) = configs.get(&key) {
        return (*limit, rules.clone());
    }
    let listed = request.lists.values().enumerate().filter(|(index, _)| lists >> index & 1 == 1);
    let mut wanted: Vec<&RoomConfig> = listed.map(|(_, list)| &list.config).collect();
    wanted.extend(subscription.and_then(|id| request.subscriptions.get(id)));
    let limit = wanted.iter().map(|config| config.timeline_limit).max().unwrap_or(0).min(TIMELINE_LIMIT_MAX);
    let rules = CombinedRules::new(wanted.iter().map(|config| config.required_state.clone()).collect());
    let rules = progress.shared(rules);
    configs.insert(key, (limit, rules.clone()));
    (limit, rules)
}
