//! Putting history into a gap of a timeline.

use std::collections::{HashMap, HashSet, VecDeque};

use model::{EventNum, Pdu, RoomNum, TimelinePos};
use ruma::api::Direction;
use ruma::{EventId, OwnedEventId};
use store::{Scan, StoreError};

use super::{Draft, Writer};
use crate::graph::parents_first;
use crate::index::{self, Indexed};
use crate::limits::{APPEND_ATTEMPTS_MAX, GAP_EVENTS_MAX, GAP_MISSING_MAX, OPEN_GAPS_MAX};
use crate::read::{EventMeta, TimelineRange};
use crate::tables::{GAP, GapRecord, TIMELINE, TIMESTAMP};
use crate::{Rooms, RoomsError};

/// A place in a timeline before which events are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The event after the gap stands here.
    pub at: TimelinePos,
    /// The parents that are not known.
    pub missing: Vec<OwnedEventId>,
    /// It came about while this server followed the room: what is missing may still arrive by itself.
    pub wanted: bool,
    /// What is missing is older than an event of this depth; 0 when that was not noted.
    pub depth: u64,
}

impl Gap {
    fn at(at: TimelinePos, row: GapRecord) -> Self {
        Self { at, missing: row.missing, wanted: row.wanted, depth: row.depth }
    }

    /// Whether this event is known to be missing there.
    #[must_use]
    pub fn names(&self, event_id: &EventId) -> bool {
        self.missing.iter().any(|missing| missing == event_id)
    }

    fn row(&self) -> GapRecord {
        GapRecord { missing: self.missing.clone(), wanted: self.wanted, depth: self.depth }
    }
}

impl Rooms {
    /// The gap that somebody meets first who reads backwards from a place: one in which the place itself lies, or the
    /// newest one before it.
    ///
    /// # Errors
    /// The store's own.
    pub async fn gap_before(&self, room: RoomNum, place: TimelinePos) -> Result<Option<Gap>, RoomsError> {
        let store = &self.parts.store;
        let next = store.scan(&GAP, Scan::prefix(&room).after(&(room, place)).limit(1)).await?;
        if let Some(((_, at), row)) = next.into_iter().next() {
            let between = TimelineRange::between(place, at.previous());
            let is_empty = place >= at.previous()
                || self.timeline(store, room, between, Direction::Forward, 1).await?.is_empty();
            if is_empty {
                return Ok(Some(Gap::at(at, row)));
            }
        }
        self.gap_up_to(room, place).await
    }

    /// The newest gap at or before a place.
    async fn gap_up_to(&self, room: RoomNum, place: TimelinePos) -> Result<Option<Gap>, RoomsError> {
        let scan = Scan::prefix(&room).up_to(&(room, place)).reverse().limit(1);
        let rows = self.parts.store.scan(&GAP, scan).await?;
        Ok(rows.into_iter().next().map(|((_, at), row)| Gap::at(at, row)))
    }

    /// The newest gap of a room in `(after, up_to]`; no read when memory knows that there is none.
    pub(crate) async fn newest_gap(
        &self,
        room: RoomNum,
        after: TimelinePos,
        up_to: TimelinePos,
    ) -> Result<Option<TimelinePos>, RoomsError> {
        let newest = self
            .caches
            .latest_gap
            .get_or_load(&room, async {
                let rows = self.parts.store.scan_keys(&GAP, Scan::prefix(&room).reverse().limit(1)).await?;
                let newest = rows.first().map_or(0, |(_, at)| u64::try_from(at.get()).unwrap_or(0));
                Ok::<_, RoomsError>(model::StreamPos::new(newest))
            })
            .await?;
        if TimelinePos::from(newest) <= after {
            return Ok(None);
        }
        Ok(self.gap_up_to(room, up_to).await?.map(|gap| gap.at).filter(|at| *at > after))
    }

    /// Gaps in which an event may be missing, the newest first, out of the [`OPEN_GAPS_MAX`] newest: those that came
    /// about while this server followed the room, before an event at least as deep, or name the event.
    ///
    /// # Errors
    /// The store's own.
    pub async fn open_gaps(
        &self,
        room: RoomNum,
        event_id: &EventId,
        depth: u64,
    ) -> Result<Vec<Gap>, RoomsError> {
        if self.newest_gap(room, TimelinePos::ZERO, TimelinePos::MAX).await?.is_none() {
            return Ok(Vec::new());
        }
        let store = &self.parts.store;
        let newest = Scan::prefix(&room).reverse().limit(OPEN_GAPS_MAX);
        let mut open = Vec::new();
        for ((_, at), row) in store.scan(&GAP, newest).await?.into_iter().filter(|(_, row)| row.wanted) {
            let Some(behind) = store.get(&TIMELINE, &(room, at)).await? else { continue };
            let gap = Gap::at(at, row);
            let deepest = gap.depth.max(self.meta(store, behind).await?.depth);
            if gap.names(event_id) || deepest >= depth {
                open.push(gap);
            }
        }
        Ok(open)
    }

    /// Gives what was kept with [`Rooms::keep_history`] and belongs before a gap its place there, in the order of the
    /// graph and the newest next to the gap, and notes what is missing now. What belongs before an older gap goes there:
    /// here it would stand behind what was built on it. Nobody keeps anything meanwhile, because it would be seen by this
    /// gap and not by the older one. Returns how many got a place; with none, nothing has changed but what is missing,
    /// also when somebody else filled the gap meanwhile.
    ///
    /// # Errors
    /// The store's own.
    pub async fn fill_gap(&self, room: RoomNum, gap: &Gap) -> Result<usize, RoomsError> {
        let mut placed = 0;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.locks.lock(room).await;
            let outcome = self.try_fill_gaps_up_to(room, &mut writer, gap, &mut placed).await;
            if outcome.is_err() {
                *writer = Writer::default();
            }
            match outcome {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome.map(|()| placed),
            }
        }
        Err(RoomsError::Contended)
    }

    /// Under the lock of the room: fills a gap and the [`OPEN_GAPS_MAX`] before it, the oldest first, with what was kept. `placed`
    /// counts also what got its place before an error.
    pub(super) async fn try_fill_gaps_up_to(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        gap: &Gap,
        placed: &mut usize,
    ) -> Result<(), RoomsError> {
        let scan = Scan::prefix(&room).until(&(room, gap.at)).reverse().limit(OPEN_GAPS_MAX);
        let older = self.parts.store.scan(&GAP, scan).await?;
        for ((_, at), row) in older.into_iter().rev() {
            *placed += self.try_fill_gap(room, writer, &Gap::at(at, row)).await?;
        }
        *placed += self.try_fill_gap(room, writer, gap).await?;
        Ok(())
    }

    async fn try_fill_gap(&self, room: RoomNum, writer: &mut Writer, gap: &Gap) -> Result<usize, RoomsError> {
        let store = &self.parts.store;
        let row = gap.row();
        if store.get(&GAP, &(room, gap.at)).await?.as_ref() != Some(&row) {
            return Ok(0);
        }
        let Past { mut waiting, mut missing } = self.past_without_place(room, &gap.missing).await?;
        let below = TimelineRange::up_to(gap.at.previous());
        let below = self.timeline(store, room, below, Direction::Backward, 1).await?;
        let (first, free) = match below.first() {
            Some((floor, _)) => (gap.at.previous(), gap.at.get().saturating_sub(floor.get() + 1)),
            // Before the first event everything is free; fetched history is negative.
            None => (gap.at.previous().min(TimelinePos::new(-1)), i64::MAX),
        };
        let surplus = waiting.split_off(waiting.len().min(usize::try_from(free).unwrap_or(usize::MAX)));
        missing.extend(surplus.into_iter().map(|(_, pdu, _)| pdu.event_id().to_owned()));
        missing.truncate(GAP_MISSING_MAX);
        missing.sort();
        let mut known = row.missing.clone();
        known.sort();
        if waiting.is_empty() && missing == known {
            return Ok(0);
        }
        let mut draft = Draft::open(self, room, writer).await?;
        draft.batch.expect_eq(&GAP, &(room, gap.at), &row);
        let (mut place, mut last) = (first, gap.at);
        for (event, pdu, meta) in &waiting {
            draft.put_history(*event, pdu, meta, place).await?;
            last = place;
            place = place.previous();
        }
        draft.batch.delete(&GAP, &(room, gap.at));
        if !missing.is_empty() {
            draft.batch.put(&GAP, &(room, last), &GapRecord { missing, ..row });
        }
        draft.effects.in_history();
        self.commit_draft(draft, writer).await?;
        Ok(waiting.len())
    }

    /// Goes back from events as far as nothing has a place in the timeline. What was refused has none and ends no walk:
    /// others may have built on it.
    async fn past_without_place(&self, room: RoomNum, from: &[OwnedEventId]) -> Result<Past, RoomsError> {
        let store = &self.parts.store;
        let mut open: VecDeque<OwnedEventId> = from.iter().cloned().collect();
        let mut seen: HashSet<OwnedEventId> = HashSet::new();
        let mut met: HashMap<OwnedEventId, (EventNum, Pdu, EventMeta)> = HashMap::new();
        let mut missing = Vec::new();
        while let Some(event_id) = open.pop_front() {
            if !seen.insert(event_id.clone()) {
                continue;
            }
            let known = match self.standing(room, &event_id).await? {
                Some(standing) if standing.in_timeline => continue,
                Some(standing) if !standing.outlier && met.len() < GAP_EVENTS_MAX => standing.event,
                Some(_) | None => {
                    missing.push(event_id);
                    continue;
                }
            };
            let (pdu, meta) = (self.pdu(store, known).await?, self.meta(store, known).await?);
            open.extend(pdu.prev_events().iter().cloned());
            met.insert(event_id, (known, pdu, (*meta).clone()));
        }
        let order = parents_first(met.values().map(|(_, pdu, _)| pdu.clone()).collect());
        let newest_first = order.iter().rev().filter_map(|pdu| met.remove(pdu.event_id()));
        Ok(Past { waiting: newest_first.filter(|(.., meta)| meta.waits_for_a_place()).collect(), missing })
    }
}

/// What lies before a gap.
struct Past {
    /// Events that wait for their place, children before their parents.
    waiting: Vec<(EventNum, Pdu, EventMeta)>,
    /// What is not known, each once.
    missing: Vec<OwnedEventId>,
}

impl Draft {
    /// The rows by which an event of the past is found; nobody is told of it.
    async fn put_history(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        meta: &EventMeta,
        place: TimelinePos,
    ) -> Result<(), RoomsError> {
        let meta = EventMeta { position: Some(place), ..meta.clone() };
        self.put_meta(event, pdu, &meta);
        self.batch.put(&TIMELINE, &(self.room, place), &event);
        self.batch.put(&TIMESTAMP, &(self.room, pdu.origin_server_ts(), place), &event);
        let indexed = Indexed { room: self.room, event, position: place, pdu };
        index::add(&mut self.batch, &self.rooms, &indexed);
        if let Some(redacts) = pdu.redacts(self.version()).map(ToOwned::to_owned) {
            self.apply_redaction(event, pdu, &redacts).await?;
        }
        self.apply_pending_redaction(event, pdu, &meta).await
    }
}
