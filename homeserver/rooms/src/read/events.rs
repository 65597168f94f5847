//! Events and their rows by number.

use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, StateNum, TimelinePos};
use ruma::EventId;
use store::Reader;

use crate::cache::LiveCache;
use crate::limits::WARM_EVENTS_MAX;
use crate::stored::StoredEvent;
use crate::tables::{EVENT, EVENT_META, MetaRecord, TransactionMark};
use crate::{Rooms, RoomsError};

/// Where an event stands and whether it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMeta {
    /// The room.
    pub room: RoomNum,
    /// Its place in the timeline; none for outliers, rejected and soft-failed events.
    pub position: Option<TimelinePos>,
    /// The state before the event.
    pub state_before: StateNum,
    /// The state after the event.
    pub state_after: StateNum,
    /// Depth as the event claims.
    pub depth: u64,
    /// Chain of the auth graph, 0 when the event is no state event.
    pub chain: u64,
    /// Place in that chain.
    pub sequence: u64,
    /// Failed the auth rules.
    pub rejected: bool,
    /// Failed against the current state.
    pub soft_failed: bool,
    /// Known without the state around it: see [`crate::outliers`].
    pub outlier: bool,
    /// The redaction that emptied it.
    pub redacted_by: Option<EventNum>,
    /// Time in ms as the sender claims.
    pub origin_server_ts: u64,
    /// The sender's own transaction id.
    pub sender_txn: Option<TransactionMark>,
    /// The delayed event that this one was.
    pub delay_id: Option<String>,
}

impl EventMeta {
    /// Whether the event is allowed and known with the state around it, and has no place in the timeline yet.
    pub(crate) fn waits_for_a_place(&self) -> bool {
        self.position.is_none() && !self.outlier && !self.rejected && !self.soft_failed
    }
}

impl From<(TimelinePos, MetaRecord)> for EventMeta {
    fn from((position, row): (TimelinePos, MetaRecord)) -> Self {
        Self {
            room: row.room,
            position: row.in_timeline.then_some(position),
            state_before: row.state_before,
            state_after: row.state_after,
            depth: row.depth,
            chain: row.chain,
            sequence: row.sequence,
            rejected: row.rejected,
            soft_failed: row.soft_failed,
            outlier: row.outlier,
            redacted_by: row.redacted_by,
            origin_server_ts: row.origin_server_ts,
            sender_txn: row.sender_txn,
            delay_id: row.delay_id,
        }
    }
}

impl EventMeta {
    pub(crate) fn to_row(&self) -> (TimelinePos, MetaRecord) {
        let record = MetaRecord {
            room: self.room,
            in_timeline: self.position.is_some(),
            state_before: self.state_before,
            state_after: self.state_after,
            depth: self.depth,
            chain: self.chain,
            sequence: self.sequence,
            rejected: self.rejected,
            soft_failed: self.soft_failed,
            outlier: self.outlier,
            redacted_by: self.redacted_by,
            origin_server_ts: self.origin_server_ts,
            sender_txn: self.sender_txn.clone(),
            delay_id: self.delay_id.clone(),
        };
        (self.position.unwrap_or_else(|| TimelinePos::new(0)), record)
    }
}

impl Rooms {
    /// An event by number. It is read from the live store, so a redaction is never missed.
    pub async fn pdu(&self, _reader: &Reader, event: EventNum) -> Result<Pdu, RoomsError> {
        self.caches
            .pdus
            .get_or_load(&event, async {
                let stored = self.parts.store.get(&EVENT, &event).await?;
                parse(stored.ok_or_else(|| RoomsError::missing("an event"))?)
            })
            .await
    }

    /// Many events by number, in the order asked for. What is not in memory is read at once.
    pub async fn pdus(&self, reader: &Reader, events: &[EventNum]) -> Result<Vec<Pdu>, RoomsError> {
        self.warm_pdus(events).await?;
        let mut pdus = Vec::with_capacity(events.len());
        for event in events {
            pdus.push(self.pdu(reader, *event).await?);
        }
        Ok(pdus)
    }

    /// Reads events and their rows into memory that are soon asked for one by one: one read of many instead of many.
    pub async fn warm(&self, events: &[EventNum]) -> Result<(), RoomsError> {
        self.warm_pdus(events).await?;
        self.warm_metas(events).await
    }

    async fn warm_pdus(&self, events: &[EventNum]) -> Result<(), RoomsError> {
        let cache = &self.caches.pdus;
        for page in missing(cache, events).chunks(WARM_EVENTS_MAX) {
            let begun: Vec<_> = page.iter().map(|event| cache.begin_load(event)).collect();
            let rows = self.parts.store.multi_get(&EVENT, page).await?;
            for ((event, begun), stored) in page.iter().zip(begun).zip(rows) {
                if let Some(stored) = stored {
                    cache.end_load(event, begun, &parse(stored)?);
                }
            }
        }
        Ok(())
    }

    async fn warm_metas(&self, events: &[EventNum]) -> Result<(), RoomsError> {
        let cache = &self.caches.metas;
        for page in missing(cache, events).chunks(WARM_EVENTS_MAX) {
            let begun: Vec<_> = page.iter().map(|event| cache.begin_load(event)).collect();
            let rows = self.parts.store.multi_get(&EVENT_META, page).await?;
            for ((event, begun), row) in page.iter().zip(begun).zip(rows) {
                if let Some(row) = row {
                    cache.end_load(event, begun, &Arc::new(EventMeta::from(row)));
                }
            }
        }
        Ok(())
    }

    /// An event by id, if this server knows it.
    pub async fn pdu_by_id(
        &self,
        reader: &Reader,
        event_id: &EventId,
    ) -> Result<Option<(EventNum, Pdu)>, RoomsError> {
        let Some(num) = self.event_num(reader, event_id).await? else { return Ok(None) };
        Ok(Some((num, self.pdu(reader, num).await?)))
    }

    /// Where an event stands.
    pub async fn meta(&self, _reader: &Reader, event: EventNum) -> Result<Arc<EventMeta>, RoomsError> {
        self.caches
            .metas
            .get_or_load(&event, async {
                let row = self.parts.store.get(&EVENT_META, &event).await?;
                Ok(Arc::new(EventMeta::from(row.ok_or_else(|| RoomsError::missing("an event's row"))?)))
            })
            .await
    }

    /// Where many events stand, in the order asked for.
    pub async fn metas(
        &self,
        reader: &Reader,
        events: &[EventNum],
    ) -> Result<Vec<Arc<EventMeta>>, RoomsError> {
        self.warm_metas(events).await?;
        let mut metas = Vec::with_capacity(events.len());
        for event in events {
            metas.push(self.meta(reader, *event).await?);
        }
        Ok(metas)
    }
}

/// Those that are not in memory; none when it is only one, which is as cheap to read by itself.
fn missing<V: Clone>(cache: &LiveCache<EventNum, V>, events: &[EventNum]) -> Vec<EventNum> {
    if events.len() < 2 {
        return Vec::new();
    }
    events.iter().filter(|event| !cache.contains(*event)).copied().collect()
}

pub(crate) fn parse(stored: StoredEvent) -> Result<Pdu, RoomsError> {
    Pdu::parse(stored.event_id, stored.json)
        .map_err(|error| RoomsError::Corrupt(format!("an event: {error}")))
}
