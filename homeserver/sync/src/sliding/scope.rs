//! Which rooms a request is about: the windows of its lists, and its subscriptions.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use model::RoomNum;
use rooms::Membership;
use ruma::OwnedRoomId;

use super::{
    filtered::Filtered,
    limits::TIMELINE_LIMIT_MAX,
    order::Order,
    progress::Progress,
    request::{ExtensionScope, RoomConfig, SlidingRequest},
    room_filter::RoomFilter,
    rules::CombinedRules,
    standing::{Eligibility, Entry, Place, Standing},
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
    /// Reads the windows of the lists; costs what they show, and a doubt for each room that moved.
    pub async fn find(
        context: &Context<'_>,
        request: &SlidingRequest,
        order: &mut Order,
        progress: &mut Progress,
    ) -> Result<Self, SyncError> {
        let own = own_rooms(context, order, progress).await?;
        let sticky_candidates: Vec<Entry> = match &request.extensions.sticky_events {
            Some(_) => {
                let with_sticky = context.inner.parts.rooms.rooms_with_sticky_events().await?;
                let joined = |entry: &&Entry| entry.standing == Standing::Joined;
                with_sticky.iter().filter_map(|room| order.entry(*room)).filter(joined).copied().collect()
            }
            None => Vec::new(),
        };
        let subscriptions = subscriptions(context, request).await?;
        let mut sticky: BTreeSet<Place> = BTreeSet::new();
        let mut counts = Vec::with_capacity(request.lists.len());
        let mut found: Vec<(Place, u128)> = Vec::new();
        for (index, (name, list)) in request.lists.iter().enumerate() {
            let filter = RoomFilter::new(context, &list.filters).await?;
            let mut also = Vec::new();
            for entry in &own {
                if filter.passes(context, entry).await? {
                    also.push(entry.place());
                }
            }
            also.sort_unstable_by_key(|place| Reverse(*place));
            let listed = order.through(context, &filter).await?;
            counts.push((name.clone(), (listed.len() + also.len()) as u64));
            found.extend(window(listed, &also, list.ranges.as_deref()).map(|place| (place, 1_u128 << index)));
            let in_list = |entry: &&Entry| listed.contains(entry);
            sticky.extend(sticky_candidates.iter().filter(in_list).map(Entry::place));
        }
        for room in subscriptions.keys() {
            let is_shown = |entry: &&Entry| {
                entry.eligibility() == Eligibility::Always || own.iter().any(|own| own.room == entry.room)
            };
            let Some(entry) = order.entry(*room).filter(is_shown) else { continue };
            found.push((entry.place(), 0));
            let has_sticky = sticky_candidates.iter().any(|candidate| candidate.room == *room);
            sticky.extend(has_sticky.then(|| entry.place()));
        }
        let mut rooms = in_scope(request, progress, order, &subscriptions, found);
        leave_out_partial(context, &mut rooms).await?;
        let sticky = sticky.into_iter().rev().map(|(_, room)| room).collect();
        Ok(Self { counts, rooms, sticky })
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

/// The places of a list and of `also`, from the top, as far as a range reaches.
fn window<'a>(
    listed: &'a Filtered,
    also: &'a [Place],
    ranges: Option<&'a [(u64, u64)]>,
) -> impl Iterator<Item = Place> + 'a {
    let end = ranges.map_or(Some(u64::MAX), |ranges| ranges.iter().map(|(_, end)| *end).max());
    let mut listed = listed.downwards().peekable();
    let mut also = also.iter().copied().peekable();
    let merged =
        std::iter::from_fn(move || if also.peek() > listed.peek() { also.next() } else { listed.next() });
    let is_inside = move |place: u64| {
        ranges.is_none_or(|ranges| ranges.iter().any(|(start, end)| (*start..=*end).contains(&place)))
    };
    let reached = (0_u64..).zip(merged).take_while(move |(place, _)| end.is_some_and(|end| *place <= end));
    reached.filter(move |(place, _)| is_inside(*place)).map(|(_, room)| room)
}

/// What was found, each room once: subscribed rooms first, then by last activity.
fn in_scope(
    request: &SlidingRequest,
    progress: &mut Progress,
    order: &Order,
    subscriptions: &HashMap<RoomNum, &OwnedRoomId>,
    mut found: Vec<(Place, u128)>,
) -> Vec<InScope> {
    // A stable sort, because it is fast on a few sorted stretches.
    found.sort_by_key(|(place, _)| Reverse(*place));
    found.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        earlier.1 |= if is_same { later.1 } else { 0 };
        is_same
    });
    let mut configs = Configs::new();
    let (mut subscribed, mut listed) = (Vec::new(), Vec::new());
    for (place, lists) in found {
        let Some(entry) = order.entry(place.1) else { continue };
        let subscription = subscriptions.get(&entry.room).copied();
        let (timeline_limit, rules) = config(request, progress, &mut configs, lists, subscription);
        let is_subscribed = subscription.is_some();
        let section = if is_subscribed { &mut subscribed } else { &mut listed };
        section.push(InScope { entry: *entry, lists, subscribed: is_subscribed, timeline_limit, rules });
    }
    subscribed.append(&mut listed);
    subscribed
}

/// Takes the rooms out of which all members are wanted and not all are known yet (MSC3902). They come when they are.
async fn leave_out_partial(context: &Context<'_>, found: &mut Vec<InScope>) -> Result<(), SyncError> {
    let rooms = &context.inner.parts.rooms;
    let mut left_out = Vec::new();
    for room in found.iter().filter(|room| room.rules.all_members && rooms.is_partial(room.entry.room)) {
        if rooms.is_partial_at(context.reader(), room.entry.room).await? {
            left_out.push(room.entry.room);
        }
    }
    if !left_out.is_empty() {
        found.retain(|room| !left_out.contains(&room.entry.room));
    }
    Ok(())
}

/// The rooms that stand in the lists of this user or this connection for a reason of their own: invites that are not
/// hidden, and departures that the connection has to be told of.
async fn own_rooms(
    context: &Context<'_>,
    order: &Order,
    progress: &Progress,
) -> Result<Vec<Entry>, SyncError> {
    let mut own = Vec::new();
    for entry in order.outside.iter().filter_map(|room| order.entry(*room)) {
        if !is_hidden(context, entry).await? {
            own.push(*entry);
        }
    }
    let untold = |room: &&RoomNum| progress.rooms.get(room).is_some_and(|sent| !sent.gone);
    if progress.rooms.len() < order.departed.len() {
        let departed = progress.rooms.keys().filter(|room| order.departed.contains(*room));
        own.extend(departed.filter(untold).filter_map(|room| order.entry(*room)));
    } else {
        own.extend(order.departed.iter().filter(untold).filter_map(|room| order.entry(*room)));
    }
    Ok(own)
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
) -> Result<HashMap<RoomNum, &'a OwnedRoomId>, SyncError> {
    let mut found = HashMap::new();
    for id in request.subscriptions.keys() {
        if let Some(room) = context.inner.parts.rooms.room_num(context.reader(), id).await? {
            found.insert(room, id);
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
