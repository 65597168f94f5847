//! Reads one room for an answer: what the client has not got, for a user who is in it, outside it or gone.

use model::{RoomNum, StateNum, StreamPos, TimelinePos};
use rooms::{Membership, StateChange, pagination::Window, unread::Counts, visibility::Shown};
use ruma::OwnedRoomId;
use serde::Deserialize;

use super::{
    payload::{Change, Fresh, Hero, Payload, Timeline},
    progress::SentRoom,
    request::Dialect,
    scope::InScope,
    standing::{self, Entry, Standing},
    state,
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts {
    name: Option<String>,
    url: Option<String>,
    displayname: Option<String>,
    avatar_url: Option<String>,
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

    /// A room the user left or was removed from: what happened up to that moment, and nothing after it.
    async fn departed(&self, context: &Context<'_>, entry: &Entry) -> Result<Read, SyncError> {
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

    /// Fills in the state, the name and the picture.
    async fn tell_state(
        &self,
        context: &Context<'_>,
        sent: Option<&SentRoom>,
        window: &Window,
        (changes, end): (&[StateChange], StateNum),
        payload: &mut Payload,
    ) -> Result<state::Selected, SyncError> {
        let (room, rules) = (self.room.entry.room, &*self.room.rules);
        let question = state::Question { room, rules, sent, window, changes, end };
        let mut selected = state::select(context, &question).await?;
        payload.state = events::state_events(context, &selected.events).await?;
        payload.removed_state = std::mem::take(&mut selected.removed);
        if sent.is_none() || selected.name_changed {
            let name = texts(context, end, "m.room.name", "").await?.name;
            payload.name = told(name.filter(|name| !name.is_empty()));
        }
        if sent.is_none() || selected.avatar_changed {
            payload.avatar = told(texts(context, end, "m.room.avatar", "").await?.url);
        }
        Ok(selected)
    }

    async fn heroes(
        &self,
        context: &Context<'_>,
        end: StateNum,
        users: Vec<ruma::OwnedUserId>,
    ) -> Result<Option<Vec<Hero>>, SyncError> {
        let mut heroes = Vec::with_capacity(users.len());
        for user in users {
            let Texts { displayname, avatar_url, .. } =
                texts(context, end, "m.room.member", user.as_str()).await?;
            heroes.push(Hero { user, displayname, avatar_url });
        }
        Ok(Some(heroes).filter(|heroes| !heroes.is_empty()))
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

/// A value that is told, be it that there is none.
#[expect(clippy::unnecessary_wraps, reason = "the outer layer says that it is told at all")]
fn told(value: Option<String>) -> Change<String> {
    Some(value)
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

async fn texts(context: &Context<'_>, end: StateNum, kind: &str, key: &str) -> Result<Texts, SyncError> {
    let event = context.inner.parts.rooms.state_event_at(context.reader(), end, kind, key).await?;
    Ok(event.and_then(|event| event.content_as().ok()).unwrap_or_default())
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
