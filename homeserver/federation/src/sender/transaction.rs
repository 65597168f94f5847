//! One transaction: put together once, frozen with its id, repeated until it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use model::{EventNum, StreamPos, json::append_array};
use ruma::{OwnedServerName, ServerName};
use serde_json::json;
use store::{Batch, Scan, StoreError};

use super::limits::{
    ACKNOWLEDGE_TRIES_MAX, CATCH_UP_ROOMS_PER_TRANSACTION_MAX, PAGE_ROWS, QUEUED_EVENTS_PER_DESTINATION_MAX,
    TRANSACTION_BYTES_MAX, TRANSACTION_EDUS_MAX, TRANSACTION_PDUS_MAX,
};
use super::tables::{DESTINATION, DestinationRow, FROZEN, FrozenRow, OWED_ROOM, QUEUED_EDU, QUEUED_EVENT};
use super::{Sender, SenderError};

/// A transaction on its way.
pub(super) struct Transaction {
    pub frozen: FrozenRow,
    /// Nothing of it is lost when it is lost: only typing, receipts and presence.
    pub is_ephemeral: bool,
}

/// A transaction under construction.
#[derive(Default)]
struct Body {
    pdus: Vec<Bytes>,
    edus: Vec<Bytes>,
    bytes: usize,
}

impl Body {
    /// Whether the part still fits; the first one always does.
    fn fits(&mut self, part: &Bytes) -> bool {
        let fits = self.bytes == 0 || self.bytes + part.len() <= TRANSACTION_BYTES_MAX;
        if fits {
            self.bytes += part.len();
        }
        fits
    }

    fn finish(&self, origin: &ServerName, now_ms: u64) -> Vec<u8> {
        let mut body = json!({ "origin": origin, "origin_server_ts": now_ms }).to_string().into_bytes();
        // The closing brace makes room for what follows.
        body.pop();
        for (name, parts) in [("pdus", &self.pdus), ("edus", &self.edus)] {
            body.extend_from_slice(format!(",\"{name}\":").as_bytes());
            append_array(&mut body, parts);
        }
        body.push(b'}');
        body
    }
}

impl Sender {
    /// The next transaction of a destination: the frozen one, or a new one of what waits.
    pub(super) async fn next_transaction(
        &self,
        server: &ServerName,
    ) -> Result<Option<Transaction>, SenderError> {
        let store = &self.0.parts.store;
        if let Some(frozen) = store.get(&FROZEN, server).await? {
            return Ok(Some(Transaction { frozen, is_ephemeral: false }));
        }
        let mut body = Body::default();
        let mut frozen = FrozenRow {
            id: self.next_id(),
            body: Vec::new(),
            events_up_to: 0,
            events: Vec::new(),
            edus_up_to: None,
            rooms: Vec::new(),
        };
        if self.0.schedule.lock().get(server).is_some_and(|destination| destination.catching_up) {
            self.condense(server).await?;
        }
        self.add_events(server, &mut body, &mut frozen).await?;
        let scan = Scan::prefix(server).limit(TRANSACTION_EDUS_MAX);
        for ((_, position, number), edu) in store.scan(&QUEUED_EDU, scan).await? {
            // One goes along in any case: it must not wait for a pause in the events.
            if !body.fits(&edu) && !body.edus.is_empty() {
                break;
            }
            body.edus.push(edu);
            frozen.edus_up_to = Some((position.get(), number));
        }
        let is_ephemeral = frozen.events_up_to == 0 && frozen.edus_up_to.is_none() && frozen.rooms.is_empty();
        let edus_left = TRANSACTION_EDUS_MAX - body.edus.len();
        {
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            let mut ephemeral = std::mem::take(&mut destination.ephemeral);
            body.edus.extend(ephemeral.take(self, edus_left));
            schedule.get_mut(server).ephemeral = ephemeral;
        }
        if is_ephemeral && body.edus.is_empty() {
            return Ok(None);
        }
        frozen.body = body.finish(&self.0.parts.server_name, self.0.parts.clock.now_ms());
        if !is_ephemeral {
            let mut batch = Batch::new();
            batch.put(&FROZEN, server, &frozen);
            store.commit(batch).await?;
        }
        Ok(Some(Transaction { frozen, is_ephemeral }))
    }

    /// An id that no transaction had before, in this process or an earlier one, or before a restore.
    fn next_id(&self) -> String {
        let number = self.0.transactions.fetch_add(1, Ordering::Relaxed);
        match self.0.parts.store.restore_epoch() {
            0 => format!("{}_{number}", self.0.started_us),
            epoch => format!("r{epoch}_{}_{number}", self.0.started_us),
        }
    }

    /// Who catches up is told of the newest event of each room: single events that still wait become that.
    async fn condense(&self, server: &ServerName) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        let owned: OwnedServerName = server.to_owned();
        for _ in 0..=QUEUED_EVENTS_PER_DESTINATION_MAX / PAGE_ROWS {
            let page = store.scan(&QUEUED_EVENT, Scan::prefix(server).limit(PAGE_ROWS)).await?;
            let mut batch = Batch::new();
            let mut newest = BTreeMap::new();
            for ((_, position), (room, event)) in &page {
                batch.delete(&QUEUED_EVENT, &(owned.clone(), *position));
                newest.insert(*room, (*position, *event));
            }
            for (room, waiting) in newest {
                let key = (owned.clone(), room);
                let owed = store.get(&OWED_ROOM, &key).await?;
                if owed.is_none_or(|owed| owed.0 < waiting.0) {
                    batch.expect_read(&OWED_ROOM, &key, owed.as_ref());
                    batch.put(&OWED_ROOM, &key, &waiting);
                }
            }
            let is_last = page.len() < PAGE_ROWS;
            if !page.is_empty() {
                store.commit(batch).await?;
            }
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            destination.events = if is_last { 0 } else { destination.events.saturating_sub(page.len()) };
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn add_events(
        &self,
        server: &ServerName,
        body: &mut Body,
        frozen: &mut FrozenRow,
    ) -> Result<(), SenderError> {
        let store = &self.0.parts.store;
        let scan = Scan::prefix(server).limit(TRANSACTION_PDUS_MAX);
        let queued = store.scan(&QUEUED_EVENT, scan).await?;
        for ((_, position), (_, event)) in &queued {
            if let Some(pdu) = self.pdu(*event).await? {
                if !body.fits(&pdu) {
                    return Ok(());
                }
                body.pdus.push(pdu);
            }
            frozen.events.push(position.get());
            frozen.events_up_to = position.get();
        }
        if !queued.is_empty() {
            return Ok(());
        }
        let scan = Scan::prefix(server).limit(CATCH_UP_ROOMS_PER_TRANSACTION_MAX);
        for ((_, room), (position, event)) in store.scan(&OWED_ROOM, scan).await? {
            if let Some(pdu) = self.pdu(event).await? {
                if !body.fits(&pdu) {
                    return Ok(());
                }
                body.pdus.push(pdu);
            }
            frozen.rooms.push((room.get(), position.get()));
        }
        Ok(())
    }

    /// The event's bytes; none for one that was purged since.
    async fn pdu(&self, event: EventNum) -> Result<Option<Bytes>, SenderError> {
        match self.0.parts.rooms.pdu(&self.0.parts.store, event).await {
            Ok(pdu) => Ok(Some(pdu.json().clone())),
            Err(rooms::RoomsError::Corrupt(what)) => {
                tracing::debug!(what, "skip an event that is gone");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The destination has the transaction: what was in it is not owed any more.
    pub(super) async fn acknowledge(
        &self,
        server: &ServerName,
        frozen: &FrozenRow,
        row: &DestinationRow,
    ) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        let owned: OwnedServerName = server.to_owned();
        for _ in 0..ACKNOWLEDGE_TRIES_MAX {
            let mut batch = Batch::new();
            for position in &frozen.events {
                batch.delete(&QUEUED_EVENT, &(owned.clone(), StreamPos::new(*position)));
            }
            let mut edus = Vec::new();
            if let Some((position, number)) = frozen.edus_up_to {
                let last = (owned.clone(), StreamPos::new(position), number);
                let scan = Scan::prefix(server).up_to(&last).limit(TRANSACTION_EDUS_MAX);
                edus = store.scan_keys(&QUEUED_EDU, scan).await?;
            }
            for key in &edus {
                batch.delete(&QUEUED_EDU, key);
            }
            for (room, position) in &frozen.rooms {
                let key = (owned.clone(), model::RoomNum::new(*room));
                // A newer event of the room came meanwhile: it is still owed.
                if let Some(owed) = store.get(&OWED_ROOM, &key).await?
                    && owed.0.get() == *position
                {
                    batch.expect_eq(&OWED_ROOM, &key, &owed);
                    batch.delete(&OWED_ROOM, &key);
                }
            }
            batch.delete(&FROZEN, server);
            batch.put(&DESTINATION, server, row);
            if store.try_commit(batch).await?.is_none() {
                continue;
            }
            let catching_up = store.count(&OWED_ROOM, Scan::prefix(server).limit(1)).await? > 0;
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            destination.events = destination.events.saturating_sub(frozen.events.len());
            destination.edus = destination.edus.saturating_sub(edus.len());
            destination.frozen = false;
            destination.catching_up &= catching_up;
            return Ok(());
        }
        Err(StoreError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::*;

    #[test]
    fn the_parts_stand_in_the_body_as_they_are() {
        let body = Body {
            pdus: vec![Bytes::from_static(b"{\"a\":1}"), Bytes::from_static(b"{\"b\":1.50}")],
            edus: vec![Bytes::from_static(b"{\"edu_type\":\"x\"}")],
            bytes: 0,
        };
        let text = String::from_utf8(body.finish(server_name!("a"), 7)).expect("UTF-8");
        assert!(text.ends_with(r#","pdus":[{"a":1},{"b":1.50}],"edus":[{"edu_type":"x"}]}"#), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((value["origin"].as_str(), value["origin_server_ts"].as_u64()), (Some("a"), Some(7)));
    }

    #[test]
    fn a_body_is_bounded_in_bytes_and_takes_one_large_part() {
        let mut body = Body::default();
        let large = Bytes::from(vec![b'x'; TRANSACTION_BYTES_MAX + 1]);
        assert!(body.fits(&large));
        assert!(!body.fits(&Bytes::from_static(b"{}")));
    }
}
