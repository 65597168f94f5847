//! Rooms that the user left or was removed from.

use model::{StreamPos, TimelinePos};
use rooms::{Membership, pagination::Window, visibility::Shown};

use super::{Question, Read, changes};
use crate::{
    SyncError,
    context::Context,
    room::events,
    sliding::{
        payload::{Fresh, Payload},
        standing::Entry,
    },
};

impl Question<'_> {
    /// A room the user left or was removed from: what happened up to that moment, and nothing after it.
    pub(super) async fn departed(&self, context: &Context<'_>, entry: &Entry) -> Result<Read, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let (room, member) = (entry.room, &entry.member);
        let mut now = self.nothing_but_membership(context, member.membership);
        now.gone = true;
        if self.sent.is_some_and(|sent| sent.gone && sent.up_to >= member.position) {
            return Ok(Read { payload: None, sent: now, fresh: None });
        }
        let sent = self.sent.filter(|sent| sent.membership == Membership::Join && !sent.gone);
        let mut payload = Payload::empty(self.room_id.clone(), member.membership, self.room.lists);
        payload.initial = sent.is_none();
        payload.bump_stamp = Some(member.position.get());
        payload.is_dm = sent.is_none_or(|sent| sent.is_dm != self.is_dm).then_some(self.is_dm);
        let end = rooms.state_after_event(context.reader(), member.event).await?;
        let was_inside = sent.is_some() || self.was_inside(context, entry).await?;
        if was_inside {
            let after = sent.map(|sent| sent.up_to);
            let window = self.window(context, room, after, member.position).await?;
            let changes = changes(context, room, after, member.position).await?;
            self.tell_state(context, sent, &window, (&changes, end), &mut payload).await?;
            payload.timeline = self.timeline(context, &window, payload.initial, member.position).await?;
        } else {
            let window = own_departure(context, entry).await?;
            let event = rooms.pdu(context.reader(), member.event).await?;
            if self.room.rules.matches(event.kind(), event.state_key().unwrap_or_default()) {
                payload.state = events::state_events(context, &[member.event]).await?;
            }
            payload.timeline = self.timeline(context, &window, true, member.position).await?;
        }
        let fresh = payload.initial.then(Fresh::default);
        Ok(Read { payload: Some(payload), sent: now, fresh })
    }

    /// Whether the user was joined before the departure.
    async fn was_inside(&self, context: &Context<'_>, entry: &Entry) -> Result<bool, SyncError> {
        if entry.member.previous == Some(Membership::Join) {
            return Ok(true);
        }
        let rooms = &context.inner.parts.rooms;
        let (user, up_to) = (context.user(), context.view.position);
        let changes = rooms.membership_changes(context.reader(), user, StreamPos::ZERO, up_to).await?;
        Ok(changes.iter().any(|change| change.room == entry.room && change.membership == Membership::Join))
    }
}

/// The user's own member event, which they see whatever the room's history visibility says.
async fn own_departure(context: &Context<'_>, entry: &Entry) -> Result<Window, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let pdu = rooms.pdu(context.reader(), entry.member.event).await?;
    let meta = rooms.meta(context.reader(), entry.member.event).await?;
    // In a room that is known from outside only, no event has a place of its own.
    let position = meta.position.unwrap_or(TimelinePos::from(entry.member.position));
    let membership = entry.member.membership;
    let departure = Shown { num: entry.member.event, pdu, meta, position, membership };
    Ok(Window { events: vec![departure], limited: false, start: Some(rooms::token::before(position)) })
}
