//! Which state events a room's part holds.
//!
//! Read from the state at the end of what is told, or from its log of changes, never from the timeline: what resolution
//! changed without an event is told as well.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use rooms::{StateChange, pagination::Window};
use ruma::UserId;

use super::{
    limits::LAZY_MEMBERS_MAX,
    progress::{SentMembers, SentRoom},
    rules::CombinedRules,
};
use crate::{SyncError, context::Context, lean_state};

const MEMBER: &str = "m.room.member";

/// The question of one room.
pub(crate) struct Question<'a> {
    /// The room.
    pub room: RoomNum,
    /// What is wanted.
    pub rules: &'a CombinedRules,
    /// What was told before; none for a room that is new to the client.
    pub sent: Option<&'a SentRoom>,
    /// The timeline that is told with it.
    pub window: &'a Window,
    /// Changes of the state since it was told.
    pub changes: &'a [StateChange],
    /// The state at the end of what is told.
    pub end: StateNum,
}

/// The answer.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// Events to send.
    pub events: Vec<EventNum>,
    /// Entries that are gone.
    pub removed: Vec<Arc<(String, String)>>,
    /// Some member came, went or changed.
    pub members_changed: bool,
    /// The room's name changed.
    pub name_changed: bool,
    /// The room's picture changed.
    pub avatar_changed: bool,
    /// Lazily loaded members that the client has with this answer.
    pub members: Option<Arc<SentMembers>>,
}

/// Chooses the state to tell.
pub(crate) async fn select(context: &Context<'_>, question: &Question<'_>) -> Result<Selected, SyncError> {
    let mut selected = Selected::default();
    let mut entries = BTreeMap::new();
    match question.sent {
        None => entries.extend(wanted(context, question).await?),
        Some(sent) => {
            changed(context, question, &mut selected, &mut entries).await?;
            if sent.rules.digest != question.rules.digest {
                grown(context, question, sent, &mut entries).await?;
            }
        }
    }
    lazy_members(context, question, &mut selected, &mut entries).await?;
    selected.events = entries.into_values().collect();
    Ok(selected)
}

type Entries = BTreeMap<StateKeyNum, EventNum>;

/// Everything in the state at the end that the rules want.
async fn wanted(context: &Context<'_>, question: &Question<'_>) -> Result<Entries, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let (reader, rules, end) = (context.reader(), question.rules, question.end);
    let mut entries = Entries::new();
    if rules.needs_the_list() || rules.all_members {
        let all = if rules.all_members {
            rooms.state_at(reader, end).await?
        } else {
            lean_state::without_members(context, end).await?
        };
        for (num, event) in all.iter() {
            let key = rooms.state_key(reader, *num).await?;
            if rules.matches(&key.0, &key.1) {
                entries.insert(*num, *event);
            }
        }
    }
    for (kind, state_key) in rules.named() {
        let Some(num) = rooms.state_key_num(reader, kind, state_key).await? else { continue };
        if !entries.contains_key(&num)
            && let Some(event) = rooms.state_num_at(reader, end, kind, state_key).await?
        {
            entries.insert(num, event);
        }
    }
    Ok(entries)
}

/// What changed, and is wanted. Of a timeline without a gap, lazy loading tells every change of a member.
async fn changed(
    context: &Context<'_>,
    question: &Question<'_>,
    selected: &mut Selected,
    entries: &mut Entries,
) -> Result<(), SyncError> {
    let rooms = &context.inner.parts.rooms;
    let last: BTreeMap<_, _> = question.changes.iter().map(|change| (change.key, change)).collect();
    let completion = if question.rules.lazy_members { rooms.completion(question.room).await? } else { None };
    for (num, change) in last {
        let new = change.new;
        let key = rooms.state_key(context.reader(), num).await?;
        let is_member = key.0 == MEMBER;
        selected.members_changed |= is_member;
        let has_arrived =
            change.old.is_none() && completion.is_some_and(|completion| completion.holds(change.position));
        if is_member && has_arrived {
            // One of the many who were not known when the room was entered; they are told when they are needed.
            continue;
        }
        selected.name_changed |=
            matches!(&*key.0, "m.room.name" | "m.room.canonical_alias") && key.1.is_empty();
        selected.avatar_changed |= key.0 == "m.room.avatar" && key.1.is_empty();
        let lazily = is_member && question.rules.lazy_members && !question.window.limited;
        if !lazily && !question.rules.matches(&key.0, &key.1) {
            continue;
        }
        match new {
            Some(event) => _ = entries.insert(num, event),
            None => selected.removed.push(key),
        }
    }
    Ok(())
}

/// What is wanted now and was not before.
async fn grown(
    context: &Context<'_>,
    question: &Question<'_>,
    sent: &SentRoom,
    entries: &mut Entries,
) -> Result<(), SyncError> {
    for (num, event) in wanted(context, question).await? {
        let key = context.inner.parts.rooms.state_key(context.reader(), num).await?;
        if !sent.rules.matches(&key.0, &key.1) {
            entries.insert(num, event);
        }
    }
    Ok(())
}

/// Adds the members of whom the timeline speaks, unless the client has them.
async fn lazy_members(
    context: &Context<'_>,
    question: &Question<'_>,
    selected: &mut Selected,
    entries: &mut Entries,
) -> Result<(), SyncError> {
    let known = question.sent.and_then(|sent| sent.members.clone());
    if !question.rules.lazy_members {
        return Ok(());
    }
    let rooms = &context.inner.parts.rooms;
    let reader = context.reader();
    let mut now = SentMembers::new();
    for user in spoken_of(question.window) {
        let Some(num) = rooms.state_key_num(reader, MEMBER, user.as_str()).await? else { continue };
        let Some(event) = rooms.state_num_at(reader, question.end, MEMBER, user.as_str()).await? else {
            continue;
        };
        if known.as_ref().and_then(|known| known.get(&num)) != Some(&event) {
            entries.insert(num, event);
            now.insert(num, event);
        }
    }
    for (num, event) in entries.iter() {
        if known.as_ref().is_some_and(|known| known.contains_key(num)) {
            now.insert(*num, *event);
        }
    }
    selected.members = remembered(known, now);
    Ok(())
}

/// Senders, and those whose membership is told.
fn spoken_of(window: &Window) -> HashSet<&UserId> {
    let mut users = HashSet::new();
    for event in &window.events {
        users.insert(event.pdu.sender());
        if event.pdu.kind() == MEMBER {
            users.extend(event.pdu.state_key().and_then(|user| <&UserId>::try_from(user).ok()));
        }
    }
    users
}

fn remembered(known: Option<Arc<SentMembers>>, now: SentMembers) -> Option<Arc<SentMembers>> {
    let Some(known) = known else { return Some(Arc::new(now)) };
    if now.is_empty() {
        return Some(known);
    }
    let mut all: HashMap<_, _> =
        if known.len() + now.len() > LAZY_MEMBERS_MAX { HashMap::new() } else { (*known).clone() };
    all.extend(now);
    Some(Arc::new(all))
}
