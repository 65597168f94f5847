//! One transaction: its bounds, its repetition, its events into the staging table, the answer.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

use std::collections::{BTreeMap, HashMap};

use model::RoomVersion;
use rules::foreign;
use ruma::api::federation::transactions::edu::Edu;
use ruma::serde::Raw;
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, ServerName};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::{Batch, Scan, StoreError};

use super::InboundError;
use super::limits::{
    BUSY_PAUSE_MS, EDUS_PER_TRANSACTION_MAX, PDUS_PER_TRANSACTION_MAX, TRANSACTION_AGE_MS_MAX,
    TRANSACTION_ID_BYTES_MAX, TRANSACTIONS_SWEPT_MAX,
};
use super::tables::{RECEIVED, RECEIVED_BY_AGE, ReceivedRow, STAGED, StagedRow};
use crate::Federation;

/// What another server sent at once.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// The server, which signed the request.
    pub origin: &'a ServerName,
    /// Its id of the transaction.
    pub id: &'a str,
    /// Events.
    pub pdus: &'a [Box<RawValue>],
    /// Ephemeral messages.
    pub edus: &'a [Raw<Edu>],
}

/// What became of each event: accepted to be worked off, or refused at once and why.
pub type Outcomes = BTreeMap<OwnedEventId, Result<(), String>>;

/// An event of a transaction that may be worked off.
struct Incoming {
    room_id: OwnedRoomId,
    event_id: OwnedEventId,
    prev_events: Vec<String>,
    json: String,
}

impl Federation {
    /// Takes a transaction in: when this answers, its events and its messages to devices are durable. A transaction
    /// that was answered before is answered the same way and changes nothing.
    ///
    /// # Errors
    /// [`InboundError::TooLarge`], [`InboundError::Busy`] and the store's own.
    pub async fn receive(&self, transaction: Transaction<'_>) -> Result<Outcomes, InboundError> {
        if transaction.pdus.len() > PDUS_PER_TRANSACTION_MAX
            || transaction.edus.len() > EDUS_PER_TRANSACTION_MAX
        {
            return Err(InboundError::TooLarge(
                "a transaction holds at most 50 events and 100 ephemeral messages",
            ));
        }
        if transaction.id.len() > TRANSACTION_ID_BYTES_MAX {
            return Err(InboundError::TooLarge("a transaction id has at most 255 bytes"));
        }
        let key = (transaction.origin.to_owned(), transaction.id.to_owned());
        let store = &self.parts().store;
        if let Some(row) = store.get(&RECEIVED, &key).await? {
            return Ok(outcomes_of(row));
        }
        if !transaction.pdus.is_empty() && self.lines().is_full(transaction.origin) {
            return Err(InboundError::Busy { retry_after_ms: BUSY_PAUSE_MS });
        }
        let mut outcomes = Outcomes::new();
        let incoming = self.sort_out(transaction, &mut outcomes).await?;
        self.receive_edus(transaction.origin, transaction.edus).await?;
        let mut batch = Batch::new();
        for event in &incoming {
            let position = batch.position();
            let row = StagedRow { origin: key.0.clone(), json: event.json.clone(), tries: 0 };
            batch.put(&STAGED, &(event.room_id.clone(), position), &row);
        }
        self.remember(&mut batch, &key, &outcomes).await?;
        match store.commit(batch).await {
            Ok(_) => {}
            // The same transaction came twice at once, and the other one was faster.
            Err(StoreError::Conflict) => {
                let row = store.get(&RECEIVED, &key).await?;
                return row.map(outcomes_of).ok_or_else(|| StoreError::Conflict.into());
            }
            Err(error) => return Err(error.into()),
        }
        for event in incoming {
            self.lines().staged(&key.0, event.room_id);
        }
        Ok(outcomes)
    }

    /// Those events that may be worked off, parents before children, and what is refused at once.
    async fn sort_out(
        &self,
        transaction: Transaction<'_>,
        outcomes: &mut Outcomes,
    ) -> Result<Vec<Incoming>, InboundError> {
        let mut incoming: Vec<Incoming> = Vec::new();
        for pdu in transaction.pdus {
            match self.admit_one(transaction.origin, pdu).await? {
                Admitted::Yes(event) => {
                    outcomes.insert(event.event_id.clone(), Ok(()));
                    if !incoming.iter().any(|known| known.event_id == event.event_id) {
                        incoming.push(event);
                    }
                }
                Admitted::No(event_id, reason) => drop(outcomes.insert(event_id, Err(reason))),
                Admitted::Unreadable => {}
            }
        }
        Ok(parents_first(incoming))
    }

    async fn admit_one(&self, origin: &ServerName, pdu: &RawValue) -> Result<Admitted, InboundError> {
        #[derive(Deserialize)]
        struct Names {
            room_id: OwnedRoomId,
        }
        let rooms = &self.parts().rooms;
        let json = pdu.get();
        let Ok(names) = serde_json::from_str::<Names>(json) else { return Ok(Admitted::Unreadable) };
        let Some(room) = rooms.room_num(rooms.store(), &names.room_id).await? else {
            tracing::debug!(%origin, room_id = %names.room_id, "event of a room that is not known here");
            return Ok(Admitted::Unreadable);
        };
        let version: &'static RoomVersion = rooms.room_version(rooms.store(), room).await?;
        let received = match foreign::read(json.as_bytes(), version) {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!(%origin, room_id = %names.room_id, %error, "event that cannot be read");
                return Ok(Admitted::Unreadable);
            }
        };
        let event_id = received.event_id().to_owned();
        if !rooms.acl_allows(room, origin).await? {
            return Ok(Admitted::No(event_id, "the room's access list keeps your server out".to_owned()));
        }
        let prev_events = received.object().get("prev_events").and_then(|ids| ids.as_array());
        let id_of = |id: &ruma::CanonicalJsonValue| match id {
            ruma::CanonicalJsonValue::Array(pair) => {
                pair.first().and_then(|id| id.as_str()).map(str::to_owned)
            }
            other => other.as_str().map(str::to_owned),
        };
        let prev_events = prev_events.into_iter().flatten().filter_map(id_of).collect();
        Ok(Admitted::Yes(Incoming { room_id: names.room_id, event_id, prev_events, json: json.to_owned() }))
    }

    /// Notes the answer, and forgets some old ones.
    async fn remember(
        &self,
        batch: &mut Batch,
        key: &(OwnedServerName, String),
        outcomes: &Outcomes,
    ) -> Result<(), InboundError> {
        let parts = self.parts();
        let at_ms = parts.clock.now_ms();
        let outcomes =
            outcomes.iter().map(|(id, outcome)| (id.to_string(), outcome.as_ref().err().cloned())).collect();
        batch.expect_absent(&RECEIVED, key);
        batch.put(&RECEIVED, key, &ReceivedRow { at_ms, outcomes });
        batch.put(&RECEIVED_BY_AGE, &(at_ms, key.0.clone(), key.1.clone()), &());
        let before_ms = at_ms.saturating_sub(TRANSACTION_AGE_MS_MAX);
        let old = parts.store.scan_keys(&RECEIVED_BY_AGE, Scan::all().limit(TRANSACTIONS_SWEPT_MAX)).await?;
        for (at_ms, server, id) in old.into_iter().filter(|(at_ms, ..)| *at_ms < before_ms) {
            batch.delete(&RECEIVED, &(server.clone(), id.clone()));
            batch.delete(&RECEIVED_BY_AGE, &(at_ms, server, id));
        }
        Ok(())
    }
}

enum Admitted {
    Yes(Incoming),
    No(OwnedEventId, String),
    Unreadable,
}

fn outcomes_of(row: ReceivedRow) -> Outcomes {
    let parse = |(id, refusal): (String, Option<String>)| {
        Some((OwnedEventId::try_from(id).ok()?, refusal.map_or(Ok(()), Err)))
    };
    row.outcomes.into_iter().filter_map(parse).collect()
}

/// Events in an order in which none comes before a parent that came with it; of a ring, the order of arrival.
fn parents_first(events: Vec<Incoming>) -> Vec<Incoming> {
    let places: HashMap<String, usize> =
        events.iter().enumerate().map(|(at, event)| (event.event_id.to_string(), at)).collect();
    let mut order = Vec::with_capacity(events.len());
    let mut seen = vec![false; events.len()];
    for start in 0..events.len() {
        let mut path = vec![start];
        while let Some(&at) = path.last() {
            if let Some(seen) = seen.get_mut(at) {
                *seen = true;
            }
            let parents = events.get(at).map(|event| event.prev_events.as_slice()).unwrap_or_default();
            let open = parents.iter().filter_map(|id| places.get(id).copied());
            match open.into_iter().find(|parent| !seen.get(*parent).copied().unwrap_or(true)) {
                Some(parent) => path.push(parent),
                None => {
                    path.pop();
                    if !order.contains(&at) {
                        order.push(at);
                    }
                }
            }
        }
    }
    let mut events: Vec<Option<Incoming>> = events.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| events.get_mut(at).and_then(Option::take)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, parents: &[&str]) -> Incoming {
        Incoming {
            room_id: ruma::owned_room_id!("!r:a"),
            event_id: OwnedEventId::try_from(format!("${name}")).expect("an id"),
            prev_events: parents.iter().map(|id| format!("${id}")).collect(),
            json: String::new(),
        }
    }

    #[test]
    fn parents_come_first_and_rings_end() {
        let names = |events: Vec<Incoming>| -> Vec<String> {
            parents_first(events).into_iter().map(|event| event.event_id.to_string()).collect()
        };
        let table = [
            (vec![event("c", &["b"]), event("b", &["a"]), event("a", &["x"])], vec!["$a", "$b", "$c"]),
            (vec![event("a", &[]), event("b", &[])], vec!["$a", "$b"]),
            (vec![event("a", &["b"]), event("b", &["a"])], vec!["$b", "$a"]),
            (vec![event("a", &["a"])], vec!["$a"]),
        ];
        for (events, expected) in table {
            assert_eq!(names(events), expected);
        }
    }
}
