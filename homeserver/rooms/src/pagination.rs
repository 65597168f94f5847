//! Pages of a room's timeline: `/messages`, and the newest stretch that sync shows.
//!
//! Reads the timeline in stretches and keeps what the filter and the viewer's rights let through. A
//! stretch without any visible event still moves the token, so that a client gets across it; how
//! much one request may read is bounded.

mod gather;
mod members;

use bytes::Bytes;
use model::{EventForm, RoomNum, TimelinePos};
use ruma::api::Direction;
use store::Reader;

use self::gather::Gathered;
use crate::{
    Rooms, RoomsError, TimelineRange,
    access::{ReadableRoom, Viewer},
    filter::EventFilter,
    token,
    visibility::Shown,
};

/// Events in one page.
pub const MESSAGES_PAGE_MAX: usize = 1_000;

/// What `/messages` asks for.
#[derive(Clone, Debug)]
pub struct PageQuery {
    /// Where to begin; the start or end of the room without it.
    pub from: Option<TimelinePos>,
    /// Where to end.
    pub to: Option<TimelinePos>,
    /// Which way to go.
    pub direction: Direction,
    /// How many events.
    pub limit: usize,
    /// Which events.
    pub filter: EventFilter,
    /// Add the member events of the senders.
    pub lazy_load_members: bool,
    /// Other servers have more than lies here, so the end of what is here is not the end.
    pub has_more_elsewhere: bool,
}

/// A page of a timeline.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Events as client JSON, in the direction asked for.
    pub chunk: Vec<Bytes>,
    /// Member events of the senders, when asked for.
    pub state: Vec<Bytes>,
    /// Where the page began.
    pub start: String,
    /// Where the next one begins; none when nothing is left.
    pub end: Option<String>,
}

/// The newest events of a stretch, for sync.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Visible and wanted events, the oldest first.
    pub events: Vec<Shown>,
    /// There are more such events in the stretch than the limit let through.
    pub limited: bool,
    /// The boundary just before the oldest event that was looked at and is not skipped.
    pub start: Option<TimelinePos>,
}

impl Rooms {
    /// A page of a readable room.
    pub async fn page(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        query: &PageQuery,
    ) -> Result<Page, RoomsError> {
        let start = self.start_of(room, query).await?;
        let Some(gathered) = self.gather_page(reader, viewer, room, query, start).await? else {
            return Ok(Page { start: token::encode(start), ..Page::default() });
        };
        // Clients that filter expect a place to go on from, also where the next page turns out to be empty.
        let has_end = !gathered.exhausted
            || query.has_more_elsewhere
            || !(gathered.events.is_empty() || query.filter.passes_all());
        let end = gathered.reached.filter(|_| has_end);
        let backward = query.direction == Direction::Backward;
        let end = end.map(|reached| token::encode(if backward { token::before(reached) } else { reached }));
        let state = if query.lazy_load_members {
            self.senders_members(reader, viewer, &gathered.events).await?
        } else {
            Vec::new()
        };
        let chunk = self.client_events(reader, viewer, &gathered.events, EventForm::Full).await?;
        Ok(Page { chunk, state, start: token::encode(start), end })
    }

    /// The events of a page, for those who put them together in their own way.
    pub(crate) async fn events_of_page(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        query: &PageQuery,
    ) -> Result<Vec<Shown>, RoomsError> {
        let start = self.start_of(room, query).await?;
        let gathered = self.gather_page(reader, viewer, room, query, start).await?;
        Ok(gathered.map(|gathered| gathered.events).unwrap_or_default())
    }

    async fn start_of(&self, room: &ReadableRoom, query: &PageQuery) -> Result<TimelinePos, RoomsError> {
        match (query.from, query.direction) {
            (Some(from), _) => Ok(from),
            (None, Direction::Backward) => Ok(room.newest().min(self.newest_position(room.room()).await?)),
            (None, Direction::Forward) => Ok(TimelinePos::MIN),
        }
    }

    /// What the page holds; none if the bounds leave nothing between them.
    async fn gather_page(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        query: &PageQuery,
        start: TimelinePos,
    ) -> Result<Option<Gathered>, RoomsError> {
        let limit = query.limit.min(query.filter.limit.unwrap_or(usize::MAX)).clamp(1, MESSAGES_PAGE_MAX);
        let newest = room.newest();
        let range = match query.direction {
            Direction::Backward => stretch(query.to, Some(start.min(newest))),
            Direction::Forward => stretch(Some(start), Some(query.to.map_or(newest, |to| to.min(newest)))),
        };
        let Some(range) = range else { return Ok(None) };
        let gathered =
            self.gather(reader, viewer, room.room(), range, query.direction, limit, &query.filter).await?;
        Ok(Some(gathered))
    }

    /// The newest `limit` visible events in `(after, up_to]`.
    #[expect(clippy::too_many_arguments, reason = "the parts of one question")]
    pub async fn window(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        after: TimelinePos,
        up_to: TimelinePos,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Window, RoomsError> {
        let Some(range) = stretch(Some(after), Some(up_to)) else { return Ok(Window::default()) };
        // One more than wanted tells whether the stretch was cut. What lies beyond a gap is no part of the stretch.
        let gap = self.newest_gap(room, after, up_to).await?;
        let range = match gap {
            Some(at) => TimelineRange::between(token::before(at), up_to),
            None => range,
        };
        let wanted = limit.saturating_add(1);
        let gathered = self.gather(reader, viewer, room, range, Direction::Backward, wanted, filter).await?;
        let mut events = gathered.events;
        let limited = events.len() > limit || !gathered.exhausted || gap.is_some();
        events.truncate(limit);
        events.reverse();
        let oldest = match events.first() {
            Some(oldest) => Some(token::before(oldest.position)),
            None if limited => Some(up_to),
            None => None,
        };
        Ok(Window { events, limited, start: oldest })
    }

    /// The place of the newest event of a room.
    pub(crate) async fn newest_position(&self, room: RoomNum) -> Result<TimelinePos, RoomsError> {
        Ok(TimelinePos::from(self.latest_position(room).await?))
    }
}

/// The stretch `(after, up_to]`; none if it is empty whatever the room holds.
fn stretch(after: Option<TimelinePos>, up_to: Option<TimelinePos>) -> Option<TimelineRange> {
    use std::ops::Bound;
    if let (Some(after), Some(up_to)) = (after, up_to)
        && after >= up_to
    {
        return None;
    }
    Some(TimelineRange {
        from: after.map_or(Bound::Unbounded, Bound::Excluded),
        to: up_to.map_or(Bound::Unbounded, Bound::Included),
    })
}
