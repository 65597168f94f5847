//! A room the user is in.

use std::collections::HashMap;

use bytes::Bytes;
use model::{RoomNum, StreamPos, TimelinePos};
use rooms::{StateChange, pagination::Window};
use ruma::OwnedUserId;

use super::{ephemeral, events, state};
use crate::{
    account_data, context::Context, encounters::Encounters, errors::SyncError, filter::Members,
    json::JsonWriter, plan::RoomPlan,
};

/// What one pass over the joined rooms leaves for other sections.
#[derive(Default)]
pub(crate) struct Passed {
    /// Who came and went.
    pub encounters: Encounters,
    /// Member events that were put into the answer.
    pub sent_members: HashMap<RoomNum, HashMap<model::StateKeyNum, model::EventNum>>,
    /// Rooms that were looked at.
    pub rooms_touched: u64,
}

/// Everything about one room, read and not yet written.
struct Section {
    window: Window,
    timeline: Vec<Bytes>,
    state: Vec<Bytes>,
    ephemeral: Vec<Bytes>,
    sticky: Vec<Bytes>,
    summary: Option<rooms::summary::SummaryForMember>,
    unread: rooms::unread::Unread,
    empty_at: TimelinePos,
}

/// Writes the `join` section. Answers whether there was any room in it.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    plans: &[RoomPlan],
    passed: &mut Passed,
) -> Result<bool, SyncError> {
    let mut open = false;
    for plan in plans {
        passed.rooms_touched += 1;
        let Some(section) = Box::pin(read(context, plan, passed)).await? else { continue };
        if !std::mem::replace(&mut open, true) {
            json.key("join").open(b'{');
        }
        json.key(plan.room_id.as_str()).object(|json| write_section(context, json, plan, &section));
    }
    if open {
        json.close(b'}');
    }
    Ok(open)
}

/// Reads one room; none when nothing about it is news.
async fn read(
    context: &Context<'_>,
    plan: &RoomPlan,
    passed: &mut Passed,
) -> Result<Option<Section>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let (reader, up_to) = (context.reader(), context.view.position);
    let fresh = context.since.is_none() || plan.newly_joined();
    let whole = fresh || context.full_state;
    let after = if fresh { StreamPos::new(0) } else { context.after() };
    let mut window = timeline(context, plan, fresh).await?;
    // A client that was not in the room knows of no event before, so there is always a gap.
    window.limited |= plan.newly_joined();
    let mut changes = state::changes(context, plan.room, &window, (after, up_to), whole).await?;
    let members_arrived = state::leave_out_arrivals(context, plan.room, &mut changes).await?;
    let member_changes = if context.full_state {
        // The whole state is told as of the timeline's start; who came before that start is in no change.
        passed.encounters.look(context, plan).await?;
        true
    } else {
        passed.encounters.note(context, plan, &changes).await?
    } || members_arrived;
    let summary = if whole || member_changes {
        Some(rooms.summary_for(reader, plan.room, context.user()).await?)
    } else {
        None
    };
    let heroes: &[OwnedUserId] = summary.as_ref().map_or(&[], |summary| &summary.heroes);
    let state = read_state(context, plan, &window, &changes, whole, heroes, passed).await?;
    let ephemeral = ephemeral::events(context, plan.room, &plan.room_id, fresh).await?;
    let sticky = sticky(context, plan, after, &window).await?;
    let silent = window.events.is_empty() && !window.limited && state.is_empty() && ephemeral.is_empty();
    if silent && sticky.is_empty() && !whole && summary.is_none() && plan.account_data.is_empty() {
        return Ok(None);
    }
    let timeline = events::timeline_events(context, &window.events).await?;
    let unread = rooms.unread(reader, context.user(), plan.room, up_to).await?;
    let empty_at = TimelinePos::from(if fresh { up_to } else { after });
    Ok(Some(Section { window, timeline, state, ephemeral, sticky, summary, unread, empty_at }))
}

/// Sticky events that the client has not got and that are not in the timeline of this answer (MSC4354). No filter
/// keeps them away.
async fn sticky(
    context: &Context<'_>,
    plan: &RoomPlan,
    after: StreamPos,
    window: &Window,
) -> Result<Vec<Bytes>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let (reader, up_to) = (context.reader(), context.view.position);
    let mut sticky = rooms.sticky_events(reader, context.viewer, plan.room, after, up_to).await?;
    sticky.retain(|event| window.events.iter().all(|shown| shown.num != event.num));
    if sticky.is_empty() {
        return Ok(Vec::new());
    }
    events::timeline_events(context, &sticky).await
}

async fn timeline(context: &Context<'_>, plan: &RoomPlan, fresh: bool) -> Result<Window, SyncError> {
    let section = &context.filter.timeline;
    if !section.rooms.holds(&plan.room_id) {
        return Ok(Window::default());
    }
    let rooms = &context.inner.parts.rooms;
    let after = if fresh { TimelinePos::new(i64::MIN) } else { TimelinePos::from(context.after()) };
    if !fresh && rooms.latest_position(plan.room).await? <= context.after() {
        return Ok(Window::default());
    }
    let up_to = TimelinePos::from(context.view.position);
    let limit = context.filter.timeline_limit;
    Ok(rooms
        .window(context.reader(), context.viewer, plan.room, after, up_to, limit, &section.events)
        .await?)
}

async fn read_state(
    context: &Context<'_>,
    plan: &RoomPlan,
    window: &Window,
    changes: &[StateChange],
    whole: bool,
    heroes: &[OwnedUserId],
    passed: &mut Passed,
) -> Result<Vec<Bytes>, SyncError> {
    let lazy = context.filter.members != Members::All;
    if !whole && changes.is_empty() && (!lazy || window.events.is_empty()) {
        return Ok(Vec::new());
    }
    let question = state::Question {
        room: plan.room,
        room_id: &plan.room_id,
        window,
        whole,
        changes,
        end: context.inner.parts.rooms.head_state(context.reader(), plan.room).await?,
        members: if lazy { heroes } else { &[] },
    };
    let entries = state::select(context, &question).await?;
    if lazy {
        let members = state::members_among(context, &entries).await?;
        passed.sent_members.entry(plan.room).or_default().extend(members);
    }
    let nums: Vec<_> = entries.into_iter().map(|(_, event)| event).collect();
    events::state_events(context, &nums).await
}

fn write_section(context: &Context<'_>, json: &mut JsonWriter, plan: &RoomPlan, section: &Section) {
    account_data::write_always(json, &account_data::passing(context, &plan.room_id, &plan.account_data));
    json.events("ephemeral", &section.ephemeral);
    if !section.sticky.is_empty() {
        json.events("msc4354_sticky", &section.sticky);
    }
    json.events(context.form.key(), &section.state);
    if let Some(summary) = &section.summary {
        json.key("summary").object(|json| {
            if !summary.heroes.is_empty() {
                json.key("m.heroes")
                    .array(|json| summary.heroes.iter().for_each(|user| json.string(user.as_str())));
            }
            json.key("m.invited_member_count").number(summary.counts.invited);
            json.key("m.joined_member_count").number(summary.counts.joined);
        });
    }
    events::write_timeline(json, &section.window, &section.timeline, section.empty_at);
    write_unread(context, json, section);
}

fn write_unread(context: &Context<'_>, json: &mut JsonWriter, section: &Section) {
    let counts = |json: &mut JsonWriter, counts: rooms::unread::Counts| {
        json.object(|json| {
            json.key("highlight_count").number(counts.highlights);
            json.key("notification_count").number(counts.notifications);
        });
    };
    let by_thread = context.filter.thread_counts;
    let main = if by_thread { section.unread.main } else { section.unread.total() };
    counts(json.key("unread_notifications"), main);
    if by_thread && !section.unread.threads.is_empty() {
        json.key("unread_thread_notifications").object(|json| {
            for (root, thread) in &section.unread.threads {
                counts(json.key(root.as_str()), *thread);
            }
        });
    }
}
