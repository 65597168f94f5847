//! Which state events a room's section holds.
//!
//! `state` tells what the client must know *before* the first timeline event, `state_after` what holds after the
//! last. A state event that the filter kept out of the timeline, or that came about by resolution alone, is in
//! neither place otherwise, so both forms also hold what the timeline does not.

use std::collections::{BTreeMap, HashSet};

use model::{EventNum, RoomNum, StateKeyNum, StateNum, StreamPos, TimelinePos};
use rooms::{StateChange, pagination::Window};
use ruma::{OwnedUserId, RoomId, UserId};

use crate::{context::Context, errors::SyncError, filter::Members, lean_state, request::StateForm};

const MEMBER: &str = "m.room.member";

/// A state entry.
pub(crate) type Entry = (StateKeyNum, EventNum);

/// The question of one room.
pub(crate) struct Question<'a> {
    /// The room.
    pub room: RoomNum,
    /// Its id.
    pub room_id: &'a RoomId,
    /// The timeline that is sent with it.
    pub window: &'a Window,
    /// Whether the client is told the whole state, not only what changed.
    pub whole: bool,
    /// Changes of the current state since the client's token, and at least since the timeline's start when the
    /// whole state is told.
    pub changes: &'a [StateChange],
    /// The state at the end of what is told.
    pub end: StateNum,
    /// Members that the client needs beside the senders of the timeline.
    pub members: &'a [OwnedUserId],
}

/// The entries to send, in the order of state keys, lazily loaded members last.
pub(crate) async fn select(context: &Context<'_>, question: &Question<'_>) -> Result<Vec<Entry>, SyncError> {
    if !context.filter.state.rooms.holds(question.room_id) {
        return Ok(Vec::new());
    }
    let mut entries = if question.whole {
        whole(context, question).await?
    } else {
        changed(context.form, question).into_iter().collect()
    };
    if context.filter.members != Members::All {
        add_members(context, question, &mut entries).await?;
    }
    retain_wanted(context, &mut entries).await?;
    Ok(entries)
}

/// The state from which [`whole`] and the lazily loaded members are read.
fn base(form: StateForm, question: &Question<'_>) -> StateNum {
    match (form, question.window.events.first()) {
        (StateForm::Before, Some(first)) => first.meta.state_before,
        (StateForm::Before, None) | (StateForm::After | StateForm::AfterUnstable, _) => question.end,
    }
}

async fn whole(context: &Context<'_>, question: &Question<'_>) -> Result<Vec<Entry>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let base = base(context.form, question);
    let entries = if context.filter.members == Members::All {
        rooms.state_at(context.reader(), base).await?
    } else {
        lean_state::without_members(context, base).await?
    };
    let later = match (context.form, question.window.events.first()) {
        (StateForm::Before, Some(first)) => outside_timeline(question, first.position),
        (_, _) => BTreeMap::new(),
    };
    if later.is_empty() {
        return Ok(entries.to_vec());
    }
    let mut merged: BTreeMap<StateKeyNum, EventNum> = entries.iter().copied().collect();
    merged.extend(later);
    Ok(merged.into_iter().collect())
}

/// What the state became from `start` on, as far as the timeline does not show it.
fn outside_timeline(question: &Question<'_>, start: TimelinePos) -> BTreeMap<StateKeyNum, EventNum> {
    let mut last = BTreeMap::new();
    for change in question.changes.iter().filter(|change| TimelinePos::from(change.position) >= start) {
        last.insert(change.key, change.new);
    }
    let shown = shown(question);
    last.into_iter().filter_map(|(key, new)| Some((key, new.filter(|new| !shown.contains(new))?))).collect()
}

fn changed(form: StateForm, question: &Question<'_>) -> BTreeMap<StateKeyNum, EventNum> {
    let mut end = BTreeMap::new();
    for change in question.changes {
        end.insert(change.key, change.new);
    }
    if form != StateForm::Before {
        return end.into_iter().filter_map(|(key, new)| Some((key, new?))).collect();
    }
    let mut told = BTreeMap::new();
    let start = question.window.events.first().map(|first| first.position);
    for change in question.changes {
        if start.is_none_or(|start| TimelinePos::from(change.position) < start) {
            told.insert(change.key, change.new);
        }
    }
    let shown = shown(question);
    for (key, new) in end {
        if new.is_some_and(|new| !shown.contains(&new)) {
            told.insert(key, new);
        }
    }
    let told = told.into_iter().filter_map(|(key, new)| Some((key, new?)));
    told.filter(|(_, new)| !shown.contains(new)).collect()
}

fn shown(question: &Question<'_>) -> HashSet<EventNum> {
    question.window.events.iter().map(|event| event.num).collect()
}

/// Adds the member events that the client needs to show the timeline and has not got.
async fn add_members(
    context: &Context<'_>,
    question: &Question<'_>,
    entries: &mut Vec<Entry>,
) -> Result<(), SyncError> {
    let rooms = &context.inner.parts.rooms;
    let base = base(context.form, question);
    let mut needed: Vec<&UserId> = question.members.iter().map(|user| &**user).collect();
    if question.whole {
        needed.push(context.user());
    }
    needed.extend(question.window.events.iter().map(|event| event.pdu.sender()));
    needed.sort_unstable();
    needed.dedup();
    let shown = if context.form == StateForm::Before { shown(question) } else { HashSet::new() };
    let present: HashSet<StateKeyNum> = entries.iter().map(|(key, _)| *key).collect();
    for user in needed {
        let Some(key) = rooms.state_key_num(context.reader(), MEMBER, user.as_str()).await? else { continue };
        let Some(event) = rooms.state_num_at(context.reader(), base, MEMBER, user.as_str()).await? else {
            continue;
        };
        let redundant = !question.whole
            && context.filter.members == Members::Lazy
            && context.sent_members.lock().has(question.room, key, event);
        if !redundant && !present.contains(&key) && !shown.contains(&event) {
            entries.push((key, event));
        }
    }
    Ok(())
}

async fn retain_wanted(context: &Context<'_>, entries: &mut Vec<Entry>) -> Result<(), SyncError> {
    let filter = &context.filter.state.events;
    if filter.passes_all() {
        return Ok(());
    }
    let nums: Vec<EventNum> = entries.iter().map(|(_, event)| *event).collect();
    let pdus = context.inner.parts.rooms.pdus(context.reader(), &nums).await?;
    let mut wanted = pdus.iter().map(|pdu| filter.matches(pdu));
    entries.retain(|_| wanted.next().unwrap_or(false));
    Ok(())
}

/// The members among state entries, for the memory of what was sent.
pub(crate) async fn members_among(context: &Context<'_>, entries: &[Entry]) -> Result<Vec<Entry>, SyncError> {
    let mut members = Vec::new();
    for (key, event) in entries {
        if context.inner.parts.rooms.state_key(context.reader(), *key).await?.0 == MEMBER {
            members.push((*key, *event));
        }
    }
    Ok(members)
}

/// The changes of a room's state that [`select`] needs.
pub(crate) async fn changes(
    context: &Context<'_>,
    room: RoomNum,
    window: &Window,
    (after, up_to): (StreamPos, StreamPos),
    whole: bool,
) -> Result<Vec<StateChange>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let start = window.events.first().and_then(|first| u64::try_from(first.position.get()).ok());
    let after = match start {
        // The whole state is told as of the timeline's start, so older changes are in it.
        Some(start) if whole => StreamPos::new(start.saturating_sub(1)).min(up_to),
        None if whole => return Ok(Vec::new()),
        Some(_) | None => after,
    };
    if rooms.latest_state_change(room).await? <= after {
        return Ok(Vec::new());
    }
    Ok(rooms.state_changes(context.reader(), room, after, up_to).await?)
}

/// Takes the members out that came with the rest of a room's state, for a client to whom members are sent when it
/// needs them. Whether there were any.
pub(crate) async fn leave_out_arrivals(
    context: &Context<'_>,
    room: RoomNum,
    changes: &mut Vec<StateChange>,
) -> Result<bool, SyncError> {
    if changes.is_empty() || context.filter.members == Members::All {
        return Ok(false);
    }
    let rooms = &context.inner.parts.rooms;
    let Some(completion) = rooms.completion(room).await? else { return Ok(false) };
    let mut kept = Vec::new();
    for change in &*changes {
        let is_arrival = change.old.is_none() && completion.holds(change.position);
        if !is_arrival || rooms.state_key(context.reader(), change.key).await?.0 != MEMBER {
            kept.push(*change);
        }
    }
    let any = kept.len() < changes.len();
    *changes = kept;
    Ok(any)
}

#[cfg(test)]
mod tests {
    use ruma::room_id;

    use super::*;

    fn change(position: u64, key: u64, old: Option<u64>, new: Option<u64>) -> StateChange {
        StateChange {
            position: StreamPos::new(position),
            key: StateKeyNum::new(key),
            old: old.map(EventNum::new),
            new: new.map(EventNum::new),
        }
    }

    #[test]
    fn what_resolution_changed_without_an_event_is_told_in_both_forms() {
        let window = Window::default();
        // Key 1 was reset to an older event, key 2 was taken away, key 3 changed twice.
        let changes = [
            change(5, 1, Some(20), Some(10)),
            change(5, 2, Some(21), None),
            change(6, 3, Some(30), Some(31)),
            change(7, 3, Some(31), Some(32)),
        ];
        let question = Question {
            room: RoomNum::new(1),
            room_id: room_id!("!a:b"),
            window: &window,
            whole: false,
            changes: &changes,
            end: StateNum::new(1),
            members: &[],
        };
        for form in [StateForm::Before, StateForm::After, StateForm::AfterUnstable] {
            let told: Vec<(u64, u64)> =
                changed(form, &question).into_iter().map(|(key, event)| (key.get(), event.get())).collect();
            assert_eq!(told, [(1, 10), (3, 32)], "{form:?}");
        }
    }
}
