//! One look at everything that a request is about.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use model::RoomNum;
use rooms::Member;
use ruma::OwnedRoomId;

use super::{
    extensions::{self, Extending},
    filter_inputs, limits,
    payload::FreshRooms,
    progress::{Cursors, Pending, Progress, SentRoom},
    request::SlidingRequest,
    room::Question,
    scope::{InScope, Scope},
    write,
};
use crate::{SyncError, context::Context, json::JsonWriter};

/// Room for the answer of a quiet long poll, in bytes.
const CAPACITY: usize = 2_048;

/// A finished answer.
pub(crate) struct Looked {
    /// The JSON text.
    pub body: Bytes,
    /// Whether it says anything that the client did not know.
    pub news: bool,
    /// What the client has when it gets the answer.
    pub pending: Pending,
}

/// What one walk over the rooms in scope yields.
#[derive(Default)]
struct Walk {
    pending: Pending,
    fresh: FreshRooms,
    touched: Vec<usize>,
    /// Rooms of which the client has everything now.
    looked_at: HashSet<RoomNum>,
    news: bool,
}

/// Puts the answer together.
pub(crate) async fn look(
    context: &Context<'_>,
    request: &SlidingRequest,
    progress: &mut Progress,
) -> Result<Looked, SyncError> {
    let (scope, memberships) = {
        let orders = &context.inner.sliding.orders;
        let mut order = Box::pin(orders.of(context)).await?;
        let scope = Box::pin(Scope::find(context, request, &mut order, progress)).await?;
        orders.weigh(context.user(), &order);
        (scope, order.memberships.clone())
    };
    let mut json = JsonWriter::with_capacity(CAPACITY);
    json.open(b'{');
    json.key("pos").string(&progress.next(context.view.position).encode());
    if let Some(txn_id) = &request.txn_id {
        json.key("txn_id").string(txn_id);
    }
    write::lists(&mut json, &scope);
    let moved = moved(context, progress, &memberships).await?;
    let mut walk = Walk::default();
    walk.pending.cursors = Cursors { position: context.view.position, ..progress.cursors };
    write_rooms(context, request, progress, &scope, moved.as_ref(), &mut json, &mut walk).await?;
    note_out_of_scope(progress, moved, &mut walk);
    let mut extending = Extending {
        context,
        request,
        progress,
        scope: &scope,
        fresh: &walk.fresh,
        touched: &walk.touched,
        pending: &mut walk.pending,
    };
    let news = walk.news | Box::pin(extensions::write(&mut extending, &mut json)).await?;
    json.close(b'}');
    metrics::histogram!("lianqiao_sliding_sync_rooms_touched").record(walk.touched.len() as f64);
    Ok(Looked { body: json.finish(), news, pending: walk.pending })
}

/// Rooms in which anything happened since the connection's last answer; none when memory does not reach back.
async fn moved(
    context: &Context<'_>,
    progress: &Progress,
    memberships: &[(RoomNum, Member)],
) -> Result<Option<HashSet<RoomNum>>, SyncError> {
    if !progress.has_begun() {
        // The client has no room of which anything could have changed, and all of them moved since the beginning.
        return Ok(None);
    }
    let since = progress.cursors.position;
    let rooms = &context.inner.parts.rooms;
    let Some(moved) = rooms.moved_among(since, memberships) else { return Ok(None) };
    let mut moved: HashSet<RoomNum> =
        moved.iter().filter_map(|index| memberships.get(*index)).map(|(room, _)| *room).collect();
    if rooms.latest_membership_change(context.user()).await? > since {
        let changed = memberships.iter().filter(|(_, member)| member.position > since);
        moved.extend(changed.map(|(room, _)| *room));
    }
    Ok(Some(moved))
}

async fn write_rooms(
    context: &Context<'_>,
    request: &SlidingRequest,
    progress: &Progress,
    scope: &Scope,
    moved: Option<&HashSet<RoomNum>>,
    json: &mut JsonWriter,
    walk: &mut Walk,
) -> Result<(), SyncError> {
    let direct_chats = filter_inputs::direct_chats(context).await?;
    let accounts = &context.inner.parts.accounts;
    let since = progress.cursors.position;
    let chats_changed = accounts.account_data_position(context.user()).await? > since;
    let is_dm = |room_id: &OwnedRoomId| direct_chats.contains(room_id);
    let mut written = 0_usize;
    let start = json.mark();
    for (index, room) in scope.rooms.iter().enumerate() {
        let sent = progress.rooms.get(&room.entry.room);
        let mut touched = sent.is_none_or(|sent| wants_a_look(room, sent, moved));
        if !touched && !chats_changed {
            continue;
        }
        let room_id = context.inner.parts.rooms.room_id(context.reader(), room.entry.room).await?;
        let is_dm = is_dm(&room_id);
        touched |= sent.is_some_and(|sent| sent.is_dm != is_dm && !sent.gone);
        if !touched {
            continue;
        }
        if written >= limits::ROOMS_IN_ANSWER_MAX || json.length() > limits::ROOMS_BYTES_MAX {
            break;
        }
        let last = progress.has_begun().then_some(since);
        let question = Question { room, room_id, sent, is_dm, dialect: request.dialect, last };
        let Some(read) = Box::pin(question.read(context)).await? else { continue };
        walk.touched.push(index);
        walk.looked_at.insert(room.entry.room);
        walk.pending.rooms.insert(room.entry.room, read.sent);
        walk.fresh.extend(read.fresh.map(|fresh| (room.entry.room, fresh)));
        if let Some(payload) = &read.payload {
            if written == 0 {
                json.key("rooms").open(b'{');
            }
            written += 1;
            write::room(json, request.dialect, scope, payload);
        }
    }
    walk.news = written > 0;
    if written > 0 {
        json.close(b'}');
    } else {
        json.rollback(start);
    }
    Ok(())
}

/// Whether anything may have changed of a room that the client has.
fn wants_a_look(room: &InScope, sent: &SentRoom, moved: Option<&HashSet<RoomNum>>) -> bool {
    let joined = room.entry.member.membership == rooms::Membership::Join;
    if sent.gone || !joined {
        // Whoever is not in the room hears of the own membership only.
        return room.entry.member.position > sent.up_to || room.entry.member.membership != sent.membership;
    }
    sent.behind
        || moved.is_none_or(|moved| moved.contains(&room.entry.room))
        || sent.rules.digest != room.rules.digest
        || room.timeline_limit > sent.timeline_limit && !sent.complete
}

/// What happened in rooms that the client has and that stand in no list now is told when they come back.
fn note_out_of_scope(progress: &Progress, moved: Option<HashSet<RoomNum>>, walk: &mut Walk) {
    let mut note = |room: RoomNum, sent: &SentRoom| {
        if !sent.behind && !sent.gone && !walk.looked_at.contains(&room) {
            walk.pending.rooms.insert(room, SentRoom { behind: true, ..sent.clone() });
        }
    };
    match moved {
        Some(moved) => {
            let known: HashMap<RoomNum, &SentRoom> =
                moved.iter().filter_map(|room| Some((*room, progress.rooms.get(room)?))).collect();
            known.into_iter().for_each(|(room, sent)| note(room, sent));
        }
        None => progress.rooms.iter().for_each(|(room, sent)| note(*room, sent)),
    }
}
