//! Reading a stretch of the timeline: what the filter wants and the viewer may see, within a budget of rows.

use std::{collections::HashSet, ops::Bound};

use model::{EventNum, RoomNum, TimelinePos};
use ruma::{OwnedUserId, api::Direction};
use store::Reader;

use crate::{
    Rooms, RoomsError, TimelineRange,
    access::Viewer,
    filter::EventFilter,
    visibility::{Judge, Shown, is_ignored},
};

/// Timeline rows that one request reads before it answers with what it has.
const ROWS_SCANNED_MAX: usize = 10_000;
/// Timeline rows read at once, at least.
const STRETCH_ROWS_MIN: usize = 32;

/// What reading a stretch yielded.
pub(super) struct Gathered {
    pub events: Vec<Shown>,
    /// The last place that was looked at; none if there was nothing.
    pub reached: Option<TimelinePos>,
    /// The stretch was read to its end.
    pub exhausted: bool,
}

impl Rooms {
    /// Reads a stretch until `limit` events are found, the stretch ends or the budget is spent.
    #[expect(clippy::too_many_arguments, reason = "the parts of one question, asked in two places only")]
    pub(super) async fn gather(
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
                Direction::Backward => range.to = Bound::Excluded(reached),
                Direction::Forward => range.from = Bound::Excluded(reached),
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
}
