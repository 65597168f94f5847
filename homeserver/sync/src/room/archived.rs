//! A room the user left or was removed from: what happened up to that moment, and nothing after it.

use model::{StateNum, StreamPos, TimelinePos};
use rooms::{Membership, pagination::Window, visibility::Shown};

use super::{events, joined::Passed, state};
use crate::{account_data, context::Context, errors::SyncError, json::JsonWriter, plan::RoomPlan};

/// Writes the `leave` section. Answers whether there was any room in it.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    plans: &[RoomPlan],
    passed: &mut Passed,
) -> Result<bool, SyncError> {
    let mut open = false;
    for plan in plans {
        passed.rooms_touched += 1;
        passed.encounters.note_left(plan);
        let stay = Stay::of(context, plan);
        let window = Box::pin(stay.timeline(context, plan)).await?;
        let state = Box::pin(stay.state(context, plan, &window)).await?;
        let timeline = events::timeline_events(context, &window.events).await?;
        if !std::mem::replace(&mut open, true) {
            json.key("leave").open(b'{');
        }
        json.key(plan.room_id.as_str()).object(|json| {
            account_data::write(json, &account_data::passing(context, &plan.room_id, &plan.account_data));
            json.events(context.form.key(), &state);
            events::write_timeline(json, &window, &timeline, TimelinePos::from(stay.end));
        });
    }
    if open {
        json.close(b'}');
    }
    Ok(open)
}

/// The part of the user's time in the room that the client has not been told.
struct Stay {
    /// Everything up to here was told.
    after: StreamPos,
    /// Where the user's sight ends.
    end: StreamPos,
    /// Whether the user was in the room at all; a rejected invite shows nothing but itself.
    was_joined: bool,
    /// Whether the client knows nothing of the room yet.
    fresh: bool,
}

impl Stay {
    fn of(context: &Context<'_>, plan: &RoomPlan) -> Self {
        let joined_before =
            plan.changes.first().is_some_and(|change| change.previous == Some(Membership::Join));
        let joined_meanwhile = plan.changes.iter().any(|change| change.membership == Membership::Join);
        let was_joined = joined_before || joined_meanwhile || plan.member.previous == Some(Membership::Join);
        let fresh = context.since.is_none() || !joined_before;
        let after = if fresh { StreamPos::new(0) } else { context.after() };
        Self { after, end: plan.member.position, was_joined, fresh }
    }

    async fn timeline(&self, context: &Context<'_>, plan: &RoomPlan) -> Result<Window, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let section = &context.filter.timeline;
        if !section.rooms.holds(&plan.room_id) {
            return Ok(Window::default());
        }
        if !self.was_joined {
            return self.own_leave(context, plan).await;
        }
        let after = if self.fresh { TimelinePos::new(i64::MIN) } else { TimelinePos::from(self.after) };
        let end = TimelinePos::from(self.end);
        let limit = context.filter.timeline_limit;
        Ok(rooms
            .window(context.reader(), context.viewer, plan.room, after, end, limit, &section.events)
            .await?)
    }

    /// The user's own member event, which they see whatever the room's history visibility says.
    async fn own_leave(&self, context: &Context<'_>, plan: &RoomPlan) -> Result<Window, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let pdu = rooms.pdu(context.reader(), plan.member.event).await?;
        let meta = rooms.meta(context.reader(), plan.member.event).await?;
        let wanted = context.filter.timeline_limit > 0 && context.filter.timeline.events.matches(&pdu);
        if !wanted {
            return Ok(Window::default());
        }
        // In a room that is known from outside only, no event has a place of its own.
        let position = meta.position.unwrap_or(TimelinePos::from(plan.member.position));
        let membership = plan.member.membership;
        let leave = Shown { num: plan.member.event, pdu, meta, position, membership };
        Ok(Window { events: vec![leave], limited: false, start: Some(rooms::token::before(position)) })
    }

    async fn state(
        &self,
        context: &Context<'_>,
        plan: &RoomPlan,
        window: &Window,
    ) -> Result<Vec<bytes::Bytes>, SyncError> {
        if !self.was_joined {
            return Ok(Vec::new());
        }
        let whole = self.fresh || context.full_state;
        let changes = state::changes(context, plan.room, window, (self.after, self.end), whole).await?;
        let question = state::Question {
            room: plan.room,
            room_id: &plan.room_id,
            window,
            whole,
            changes: &changes,
            end: self.state_at_end(context, plan).await?,
            members: &[],
        };
        let entries = state::select(context, &question).await?;
        let nums: Vec<_> = entries.into_iter().map(|(_, event)| event).collect();
        events::state_events(context, &nums).await
    }

    async fn state_at_end(&self, context: &Context<'_>, plan: &RoomPlan) -> Result<StateNum, SyncError> {
        Ok(context.inner.parts.rooms.state_after_event(context.reader(), plan.member.event).await?)
    }
}
