//! Reads one room for an answer: what the client has not got, for a user who is in it, outside it or gone.

mod departed;
mod described;

use model::{RoomNum, StreamPos, TimelinePos};
use rooms::{Membership, StateChange, pagination::Window, unread::Counts, visibility::Shown};
use ruma::OwnedRoomId;

use super::{
    payload::{Fresh, Payload, Timeline},
    progress::SentRoom,
    request::Dialect,
    scope::InScope,
    standing::{self, Entry, Standing},
};
use crate::{SyncError, context::Context, room::events, room::stripped};

/// One room, read.
pub(crate) struct Read {
    /// What to write; none when nothing is news.
    pub payload: Option<Payload>,
    /// What the client has when it gets this answer.
    pub sent: SentRoom,
    /// The room is new to the client.
    pub fresh: Option<Fresh>,
}

/// The question of one room.
pub(crate) struct Question<'a> {
    /// The room.
    pub room: &'a InScope,
    /// Its id.
    pub room_id: OwnedRoomId,
    /// What the client has; none when the room is new to it.
    pub sent: Option<&'a SentRoom>,
    /// Whether it is a direct chat.
    pub is_dm: bool,
    /// In which words the answer is written.
    pub dialect: Dialect,
    /// Where the connection stood before this answer; none at its first.
    pub last: Option<StreamPos>,
}

impl Question<'_> {
    /// Reads what there is to tell. None when the user never had anything to do with the room.
    pub async fn read(&self, context: &Context<'_>) -> Result<Option<Read>, SyncError> {
        let Some(entry) = as_of_now(context, &self.room.entry).await? else { return Ok(None) };
        match entry.standing {
            Standing::Joined => Box::pin(self.joined(context, &entry)).await.map(Some),
            Standing::Outside => self.outside(context, &entry).await.map(Some),
            // Who left by themselves knows it, unless this connection still shows the room.
            Standing::Left if self.sent.is_none() => Ok(None),
            Standing::Removed | Standing::Left => Box::pin(self.departed(context, &entry)).await.map(Some),
        }
    }

    /// A room the user is in.
    async fn joined(&self, context: &Context<'_>, entry: &Entry) -> Result<Read, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let (reader, room, up_to) = (context.reader(), entry.room, context.view.position);
        // Who comes in anew may see what was hidden before, and missed what happened meanwhile.
        let stayed = |sent: &&SentRoom| {
            let rejoined =
                entry.member.position > sent.up_to && entry.member.previous != Some(Membership::Join);
            sent.membership == Membership::Join && !sent.gone && !rejoined
        };
        let sent = self.sent.filter(stayed);
        let limit = self.room.timeline_limit;
        let expanded = sent.is_some_and(|sent| limit > sent.timeline_limit && !sent.complete);
        let after = sent.map(|sent| sent.up_to);
        let window = self.window(context, room, after.filter(|_| !expanded), up_to).await?;
        let changes = changes(context, room, after, up_to).await?;
        let end = rooms.head_state(reader, room).await?;
        let mut payload = Payload::empty(self.room_id.clone(), Membership::Join, self.room.lists);
        let selected = self.tell_state(context, sent, &window, (&changes, end), &mut payload).await?;
        payload.initial = sent.is_none();
        payload.expanded = expanded;
        if payload.initial || selected.members_changed || selected.name_changed {
            let summary = rooms.summary_for(reader, room, context.user()).await?;
            payload.members = (payload.initial || selected.members_changed).then_some(summary.counts);
            payload.heroes = self.heroes(context, end, summary.heroes).await?;
        }
        payload.is_dm = (sent.is_none_or(|sent| sent.is_dm != self.is_dm)).then_some(self.is_dm);
        let unread = match self.dialect {
            Dialect::Unstable => rooms.unread(reader, context.user(), room, up_to).await?.total(),
            Dialect::Stable => Counts::default(),
        };
        payload.unread = sent.is_none_or(|sent| sent.unread != unread).then_some(unread);
        let fresh = payload.initial.then(|| fresh(&window));
        let reached_back = payload.initial || expanded || sent.is_some_and(|sent| sent.complete);
        let timeline_limit = match sent {
            Some(sent) if !expanded && !window.limited => sent.timeline_limit,
            Some(_) | None => limit,
        };
        payload.timeline = self.timeline(context, &window, payload.initial || expanded, up_to).await?;
        payload.bump_stamp = Some(rooms.active_at(room).await?.get());
        let now = SentRoom {
            up_to,
            membership: Membership::Join,
            timeline_limit,
            complete: reached_back && !window.limited,
            rules: self.room.rules.clone(),
            members: selected.members,
            is_dm: self.is_dm,
            unread,
            receipts: sent.and_then(|sent| sent.receipts),
            behind: false,
            account_data_behind: self.sent.is_some_and(|sent| sent.account_data_behind),
            gone: false,
        };
        Ok(Read { payload: payload.is_news().then_some(payload), sent: now, fresh })
    }

    /// A room the user is invited to or knocks at.
    async fn outside(&self, context: &Context<'_>, entry: &Entry) -> Result<Read, SyncError> {
        let membership = entry.member.membership;
        let known = self.sent.is_some_and(|sent| {
            sent.membership == membership && !sent.gone && sent.up_to >= entry.member.position
        });
        let mut payload = Payload::empty(self.room_id.clone(), membership, self.room.lists);
        if !known {
            payload.initial = true;
            payload.stripped = Some(stripped::sound_events(context, entry.room).await?);
        }
        payload.is_dm =
            (!known || self.sent.is_some_and(|sent| sent.is_dm != self.is_dm)).then_some(self.is_dm);
        payload.bump_stamp = Some(entry.member.position.get());
        let sent = self.nothing_but_membership(context, membership);
        let fresh = payload.initial.then(Fresh::default);
        Ok(Read { payload: payload.is_news().then_some(payload), sent, fresh })
    }

    /// The newest events after what the client has.
    async fn window(
        &self,
        context: &Context<'_>,
        room: RoomNum,
        after: Option<StreamPos>,
        up_to: StreamPos,
    ) -> Result<Window, SyncError> {
        let rooms = &context.inner.parts.rooms;
        if let Some(after) = after
            && rooms.latest_position(room).await? <= after
        {
            return Ok(Window::default());
        }
        let after = after.map_or(TimelinePos::new(i64::MIN), TimelinePos::from);
        let limit = usize::try_from(self.room.timeline_limit).unwrap_or(usize::MAX);
        let filter = &context.filter.timeline.events;
        let up_to = TimelinePos::from(up_to);
        Ok(rooms.window(context.reader(), context.viewer, room, after, up_to, limit, filter).await?)
    }

    async fn timeline(
        &self,
        context: &Context<'_>,
        window: &Window,
        always: bool,
        end: StreamPos,
    ) -> Result<Option<Timeline>, SyncError> {
        if window.events.is_empty() && !window.limited && !always {
            return Ok(None);
        }
        let live = |event: &&Shown| self.last.is_some_and(|last| event.position > TimelinePos::from(last));
        Ok(Some(Timeline {
            events: events::timeline_events(context, &window.events).await?,
            limited: window.limited,
            live: window.events.iter().filter(live).count() as u64,
            prev_batch: window.start.unwrap_or(TimelinePos::from(end)),
        }))
    }

    fn nothing_but_membership(&self, context: &Context<'_>, membership: Membership) -> SentRoom {
        SentRoom {
            up_to: context.view.position,
            membership,
            timeline_limit: 0,
            complete: false,
            rules: self.room.rules.clone(),
            members: None,
            is_dm: self.is_dm,
            unread: Counts::default(),
            receipts: None,
            behind: false,
            account_data_behind: self.sent.is_some_and(|sent| sent.account_data_behind),
            gone: false,
        }
    }
}

fn fresh(window: &Window) -> Fresh {
    Fresh {
        events: window.events.iter().map(|event| event.pdu.owned_event_id().clone()).collect(),
        oldest: window.events.first().map(|event| event.position),
    }
}

async fn changes(
    context: &Context<'_>,
    room: RoomNum,
    after: Option<StreamPos>,
    up_to: StreamPos,
) -> Result<Vec<StateChange>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    match after {
        Some(after) if rooms.latest_state_change(room).await? > after => {
            Ok(rooms.state_changes(context.reader(), room, after, up_to).await?)
        }
        Some(_) | None => Ok(Vec::new()),
    }
}

/// The entry as the snapshot knows it: memory may be a moment ahead.
async fn as_of_now(context: &Context<'_>, entry: &Entry) -> Result<Option<Entry>, SyncError> {
    if entry.member.position <= context.view.position {
        return Ok(Some(*entry));
    }
    let rooms = &context.inner.parts.rooms;
    let Some(member) = rooms.member(context.reader(), entry.room, context.user()).await? else {
        return Ok(None);
    };
    let standing = standing::standing(context, entry.room, &member).await?;
    Ok(Some(Entry { member, standing, ..*entry }))
}
