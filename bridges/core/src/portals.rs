//! Which conversations there are, and to which rooms they are bound. In memory as in the store.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bridge_api::{ConversationId, ConversationKind, Network};
use parking_lot::RwLock;
use ruma::{OwnedRoomId, RoomId};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    BridgeError,
    lanes::Lane,
    limits::PORTALS_MAX,
    tables::{PORTALS, PortalRow},
};

/// All conversations that are known.
pub(crate) struct Portals {
    rows: Arc<RwLock<Rows>>,
}

#[derive(Default)]
struct Rows {
    by_lane: HashMap<Lane, PortalRow>,
    by_room: HashMap<OwnedRoomId, Vec<Lane>>,
}

impl Rows {
    fn set(&mut self, lane: &Lane, row: PortalRow) {
        if let Some(old) = self.by_lane.get(lane).and_then(|old| old.room.clone()) {
            if let Some(lanes) = self.by_room.get_mut(&old) {
                lanes.retain(|known| known != lane);
            }
            if self.by_room.get(&old).is_some_and(Vec::is_empty) {
                self.by_room.remove(&old);
            }
        }
        if let Some(room) = &row.room {
            self.by_room.entry(room.clone()).or_default().push(lane.clone());
        }
        self.by_lane.insert(lane.clone(), row);
    }
}

impl Portals {
    /// Reads all of them.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut rows = Rows::default();
        let mut from = (String::new(), String::new());
        loop {
            let page = store.scan(&PORTALS, Scan::all().after(&from)).await?;
            let Some((last, _)) = page.last() else { break };
            from = last.clone();
            for ((network, conversation), row) in page {
                if let (Some(network), Ok(conversation)) =
                    (Network::named(&network), ConversationId::new(conversation))
                {
                    rows.set(&(network, conversation), row);
                }
            }
        }
        Ok(Self { rows: Arc::new(RwLock::new(rows)) })
    }

    /// How a conversation stands.
    pub fn get(&self, lane: &Lane) -> Option<PortalRow> {
        self.rows.read().by_lane.get(lane).cloned()
    }

    /// The room of a conversation.
    pub fn room_of(&self, lane: &Lane) -> Option<OwnedRoomId> {
        self.rows.read().by_lane.get(lane).and_then(|row| row.room.clone())
    }

    /// The conversations that are bound to a room.
    pub fn of_room(&self, room: &RoomId) -> Vec<Lane> {
        self.rows.read().by_room.get(room).cloned().unwrap_or_default()
    }

    /// All rooms to which something is bound.
    pub fn rooms(&self) -> HashSet<OwnedRoomId> {
        self.rows.read().by_room.keys().cloned().collect()
    }

    /// All conversations, in the order of their networks and names.
    pub fn all(&self) -> Vec<(Lane, PortalRow)> {
        let rows = self.rows.read();
        let mut all: Vec<_> = rows.by_lane.iter().map(|(lane, row)| (lane.clone(), row.clone())).collect();
        all.sort_by(|(a, x), (b, y)| (a.0, &x.name, &a.1).cmp(&(b.0, &y.name, &b.1)));
        all
    }

    /// The bound conversations of a network, with their rooms.
    pub fn bound(&self, network: Network) -> Vec<(Lane, OwnedRoomId)> {
        let rows = self.rows.read();
        let bound = rows.by_lane.iter().filter(|(lane, _)| lane.0 == network);
        bound.filter_map(|(lane, row)| Some((lane.clone(), row.room.clone()?))).collect()
    }

    /// Writes how a conversation stands in this batch, if it stands until then as it stands now. What is in memory follows
    /// when readers see the batch.
    pub fn put(&self, batch: &mut Batch, lane: &Lane, row: PortalRow) -> Result<(), BridgeError> {
        let of = (lane.0.key(), lane.1.as_str());
        {
            let rows = self.rows.read();
            let old = rows.by_lane.get(lane);
            if old.is_none() && rows.by_lane.len() >= PORTALS_MAX {
                return Err(BridgeError::Invalid(format!("more than {PORTALS_MAX} conversations are known")));
            }
            batch.expect_read(&PORTALS, &of, old).put(&PORTALS, &of, &row);
        }
        let (rows, lane) = (Arc::clone(&self.rows), lane.clone());
        batch.on_visible(move |_| rows.write().set(&lane, row));
        Ok(())
    }

    /// The same by itself, durable when this returns.
    pub async fn set(&self, store: &Store, lane: &Lane, row: PortalRow) -> Result<(), BridgeError> {
        let mut batch = Batch::new();
        self.put(&mut batch, lane, row)?;
        store.commit(batch).await?;
        Ok(())
    }

    /// Takes the binding of a conversation away in this batch.
    pub fn release(&self, batch: &mut Batch, lane: &Lane) -> Result<(), BridgeError> {
        match self.get(lane) {
            Some(row) => self.put(batch, lane, PortalRow::unbound(row.name, row.kind)),
            None => Ok(()),
        }
    }

    /// Notes a conversation that something came from, unless it is known.
    pub async fn note(&self, store: &Store, lane: &Lane) -> Result<(), StoreError> {
        if self.get(lane).is_some() {
            return Ok(());
        }
        match self.set(store, lane, PortalRow::unbound(String::new(), ConversationKind::Group)).await {
            // Somebody else noted it.
            Ok(()) | Err(BridgeError::Store(StoreError::Conflict)) => Ok(()),
            Err(BridgeError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, conversation = %lane.1, "a conversation is not noted");
                Ok(())
            }
        }
    }
}
