//! Pages of a room's timeline: `/messages`, and the newest stretch that sync shows.
//!
//! Reads the timeline in stretches and keeps what the filter and the viewer's rights let through. A
//! stretch without any visible event still moves the token, so that a client gets across it; how
//! much one request may read is bounded.

use std::collections::HashSet;

use bytes::Bytes;
use model::{EventForm, EventNum, RoomNum, StateNum, TimelinePos};
use ruma::{OwnedUserId, api::Direction};
use store::Reader;

use crate::{
    Rooms, RoomsError, TimelineRange,
    access::{ReadableRoom, Viewer},
    filter::EventFilter,
    token,
    visibility::{Judge, Shown, is_ignored},
};

/// Events in one page.
pub const MESSAGES_PAGE_MAX: usize = 1_000;
/// Timeline rows that one request reads before it answers with what it has.
pub const ROWS_SCANNED_MAX: usize = 10_000;
/// Timeline rows read at once, at least.
const STRETCH_ROWS_MIN: usize = 32;

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

/// What reading a stretch yielded.
struct Gathered {
    events: Vec<Shown>,
    /// The last place that was looked at; none if there was nothing.
    reached: Option<TimelinePos>,
    /// The stretch was read to its end.
    exhausted: bool,
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

    /// Reads a stretch until `limit` events are found, the stretch ends or the budget is spent.
    #[expect(clippy::too_many_arguments, reason = "the parts of one question, asked in two places only")]
    async fn gather(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        mut range: TimelineRange,
        direction: Direction,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Gathered, RoomsError> {
        let ignored = self.ignored_by(viewer.user).await?;
        let mut judge = Judge::new(self, reader, viewer.user, room);
        let mut gathered =
            Gathered { events: Vec::with_capacity(limit.min(128)), reached: None, exhausted: false };
        let mut scanned = 0;
        while scanned < ROWS_SCANNED_MAX {
            let rows_wanted = (limit - gathered.events.len()).max(STRETCH_ROWS_MIN);
            let rows = self.timeline(reader, room, range, direction, rows_wanted).await?;
            gathered.exhausted = rows.len() < rows_wanted;
            scanned += rows.len();
            self.warm(&rows.iter().map(|(_, event)| *event).collect::<Vec<_>>()).await?;
            for (index, (position, num)) in rows.iter().enumerate() {
                gathered.reached = Some(*position);
                if let Some(event) = self.wanted(reader, &mut judge, &ignored, filter, *num).await? {
                    gathered.events.push(event);
                }
                if gathered.events.len() == limit {
                    gathered.exhausted &= index + 1 == rows.len();
                    return Ok(gathered);
                }
            }
            let (Some(reached), false) = (gathered.reached, gathered.exhausted) else { break };
            match direction {
                Direction::Backward => range.to = std::ops::Bound::Excluded(reached),
                Direction::Forward => range.from = std::ops::Bound::Excluded(reached),
            }
        }
        Ok(gathered)
    }

    /// The event, if the filter wants it and the viewer may see it. The cheap questions come first.
    async fn wanted(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        filter: &EventFilter,
        num: EventNum,
    ) -> Result<Option<Shown>, RoomsError> {
        let pdu = self.pdu(reader, num).await?;
        if is_ignored(ignored, &pdu) || !filter.matches(&pdu) {
            return Ok(None);
        }
        let Some(shown) = judge.show(num).await? else { return Ok(None) };
        if filter.asks_relations() {
            let senders = filter.related_by_senders.as_ref();
            let rel_types = filter.related_by_rel_types.as_ref();
            let id = shown.pdu.event_id();
            if !self.is_related_by(reader, shown.meta.room, id, senders, rel_types).await? {
                return Ok(None);
            }
        }
        Ok(Some(shown))
    }

    /// Member events of the senders of these events, as of the newest of them.
    pub(crate) async fn senders_members(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        events: &[Shown],
    ) -> Result<Vec<Bytes>, RoomsError> {
        let Some(newest) = events.iter().max_by_key(|event| event.position) else { return Ok(Vec::new()) };
        self.members_at(reader, viewer, newest.meta.state_after, events).await
    }

    pub(crate) async fn members_at(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        state: StateNum,
        events: &[Shown],
    ) -> Result<Vec<Bytes>, RoomsError> {
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for event in events {
            let sender = event.pdu.sender();
            if seen.insert(sender.to_owned()) {
                members.extend(self.state_num_at(reader, state, "m.room.member", sender.as_str()).await?);
            }
        }
        self.state_events(reader, viewer, &members, EventForm::Full).await
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
