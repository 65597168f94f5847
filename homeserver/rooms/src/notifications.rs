//! What a user was, or would have been, notified of: the newest first, over all rooms.
//!
//! Nothing is stored for this: the timelines of the user's rooms are merged backwards and each event
//! is judged by today's push rules. So a room of ten thousand costs no row per member and message, and
//! the cost falls on the few who look. Never sends anything.
//! [Listing Notifications](https://spec.matrix.org/v1.19/client-server-api/#listing-notifications)

use std::collections::{BinaryHeap, HashMap, VecDeque, hash_map::Entry};

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use rules::push::Actions;
use ruma::{OwnedRoomId, api::Direction};
use store::Reader;

use crate::{
    Membership, Rooms, RoomsError, TimelineRange, access::Viewer, push_context::PushJudge, visibility::Shown,
};

/// Most notifications of one page.
pub const NOTIFICATIONS_PER_PAGE_MAX: usize = 100;
/// Events judged for one page; a page that ends here is short and says where to go on.
const JUDGED_PER_PAGE_MAX: usize = 2_000;
/// Events of one room read at once.
const STRETCH_ROWS: usize = 50;

/// One event of which the user was notified.
#[derive(Debug)]
pub struct Notification {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The event.
    pub event: Shown,
    /// What the rules said.
    pub actions: Actions,
    /// Whether a receipt of the user covers the event.
    pub read: bool,
}

/// A page of notifications.
#[derive(Debug)]
pub struct NotificationPage {
    /// The newest first.
    pub notifications: Vec<Notification>,
    /// Go on before this position; none when there is nothing older.
    pub next: Option<StreamPos>,
}

/// One room under way: its next rows, and where it goes on behind them.
struct Stretch {
    room: RoomNum,
    /// The user's stay began here.
    came: TimelinePos,
    rows: VecDeque<(TimelinePos, EventNum)>,
}

impl Rooms {
    /// Notifications of a user that are older than a position, or the newest.
    pub async fn notifications(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        before: Option<StreamPos>,
        only_highlights: bool,
        limit: usize,
    ) -> Result<NotificationPage, RoomsError> {
        let limit = limit.clamp(1, NOTIFICATIONS_PER_PAGE_MAX);
        let newest = before.map_or(TimelinePos::MAX, |before| TimelinePos::from(before).previous());
        let (mut stretches, mut heap) = self.stretches(viewer, newest).await?;
        let mut judges: HashMap<RoomNum, PushJudge> = HashMap::new();
        let mut notifications = Vec::new();
        let mut judged = 0;
        while let Some((position, index)) = heap.pop() {
            let Some(stretch) = stretches.get_mut(index) else { continue };
            if !self.next_is_loaded(reader, stretch, position).await? {
                heap.extend(stretch.rows.front().map(|(position, _)| (*position, index)));
                continue;
            }
            let Some((position, event)) = stretch.rows.pop_front() else { continue };
            let room = stretch.room;
            heap.push((position.previous(), index));
            judged += 1;
            let judge = match judges.entry(room) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.push_judge(reader, viewer.user, room).await?),
            };
            if let Some(found) = self.notification(reader, viewer, room, event, judge).await?
                && (!only_highlights || found.actions.highlight)
            {
                notifications.push(found);
            }
            if notifications.len() == limit || judged == JUDGED_PER_PAGE_MAX {
                return Ok(NotificationPage { notifications, next: place(position) });
            }
        }
        Ok(NotificationPage { notifications, next: None })
    }

    /// The rooms that the user is in, and a place in each from which to look backwards.
    async fn stretches(
        &self,
        viewer: Viewer<'_>,
        newest: TimelinePos,
    ) -> Result<(Vec<Stretch>, BinaryHeap<(TimelinePos, usize)>), RoomsError> {
        let (mut stretches, mut heap) = (Vec::new(), BinaryHeap::new());
        for (room, member) in self.rooms_of_user(viewer.user).await?.iter() {
            if member.membership != Membership::Join {
                continue;
            }
            // A join that follows a join is a change of profile, not the begin of a stay.
            let came = match member.previous {
                Some(Membership::Join) => TimelinePos::ZERO,
                _ => TimelinePos::from(member.position),
            };
            let latest = TimelinePos::from(self.latest_position(*room).await?).min(newest);
            heap.push((latest, stretches.len()));
            stretches.push(Stretch { room: *room, came, rows: VecDeque::new() });
        }
        Ok((stretches, heap))
    }

    /// Whether the next row of the room is the one at this position. If not, it was looked for at or
    /// before the position, and the caller sorts the room in again.
    async fn next_is_loaded(
        &self,
        reader: &Reader,
        stretch: &mut Stretch,
        position: TimelinePos,
    ) -> Result<bool, RoomsError> {
        if let Some((next, _)) = stretch.rows.front() {
            return Ok(*next == position);
        }
        if position > stretch.came {
            let range = TimelineRange::between(stretch.came, position);
            stretch.rows =
                self.timeline(reader, stretch.room, range, Direction::Backward, STRETCH_ROWS).await?.into();
        }
        Ok(false)
    }

    async fn notification(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        num: EventNum,
        judge: &PushJudge,
    ) -> Result<Option<Notification>, RoomsError> {
        let pdu = self.pdu(reader, num).await?;
        if pdu.sender() == viewer.user || self.meta(reader, num).await?.redacted_by.is_some() {
            return Ok(None);
        }
        let thread_subscribed = self.thread_subscribed(reader, viewer.user, room, &pdu).await?;
        let Some(actions) = judge.actions(&pdu, thread_subscribed) else { return Ok(None) };
        let Some(event) = self.shown(reader, viewer, room, &[num]).await?.pop() else { return Ok(None) };
        let thread = self.thread_of(reader, &pdu).await?;
        let read_to = self.read_marks(room, viewer.user).await?.read_to(thread.as_deref());
        let read = read_to.is_some_and(|read_to| event.position <= read_to);
        Ok(Some(Notification { room_id: self.room_id(reader, room).await?, event, actions, read }))
    }

    /// Whether a user has read an event of a room that they are in, by a receipt of theirs.
    pub async fn has_read(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        event: EventNum,
    ) -> Result<bool, RoomsError> {
        let pdu = self.pdu(reader, event).await?;
        let Some(position) = self.meta(reader, event).await?.position else { return Ok(false) };
        let thread = self.thread_of(reader, &pdu).await?;
        let read_to = self.read_marks(room, viewer.user).await?.read_to(thread.as_deref());
        Ok(read_to.is_some_and(|read_to| position <= read_to))
    }
}

/// Live events have a place in the stream; fetched history notifies nobody.
fn place(position: TimelinePos) -> Option<StreamPos> {
    u64::try_from(position.get()).ok().map(StreamPos::new)
}
