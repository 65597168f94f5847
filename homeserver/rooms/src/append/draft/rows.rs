//! The rows that an event leaves behind, whatever it says.

use model::{EventNum, Pdu, StreamPos, TimelinePos};
use streams::Fact;

use super::Draft;
use crate::append::effects::NewRow;
use crate::index::{self, Indexed};
use crate::read::EventMeta;
use crate::stored::StoredEvent;
use crate::tables::{EVENT, EVENT_META, EVENT_NUM, TIMELINE, TIMESTAMP};

impl Draft {
    /// The rows that every event has.
    pub(in crate::append) fn put_event(&mut self, event: EventNum, pdu: &Pdu, meta: &EventMeta) {
        let event_id = pdu.event_id().to_owned();
        self.batch.expect_absent(&EVENT_NUM, &event_id);
        self.batch.put(&EVENT_NUM, &event_id, &event);
        let stored = StoredEvent { event_id: event_id.clone(), json: pdu.json().clone() };
        self.batch.put(&EVENT, &event, &stored);
        self.put_meta(event, pdu, meta);
    }

    /// Where an event stands.
    pub(in crate::append) fn put_meta(&mut self, event: EventNum, pdu: &Pdu, meta: &EventMeta) {
        let event_id = pdu.event_id().to_owned();
        self.batch.put(&EVENT_META, &event, &meta.to_row());
        self.effects.event(NewRow { event, event_id, pdu: pdu.clone(), meta: meta.clone() });
    }

    /// The rows of an event that clients may see.
    pub(in crate::append) fn put_in_timeline(&mut self, event: EventNum, pdu: &Pdu, position: StreamPos) {
        let place = TimelinePos::from(position);
        self.batch.put(&TIMELINE, &(self.room, place), &event);
        self.batch.put(&TIMESTAMP, &(self.room, pdu.origin_server_ts(), place), &event);
        let indexed = Indexed { room: self.room, event, position: place, pdu };
        index::add(&mut self.batch, &self.rooms, &indexed);
        crate::sticky::add(&mut self.batch, &self.rooms, (self.room, event), pdu, position);
        streams::record(&mut self.batch, position, &Fact::Event { room: self.room, event });
        self.effects.in_timeline(event, position, crate::recency::is_bump(pdu.kind()));
    }
}
