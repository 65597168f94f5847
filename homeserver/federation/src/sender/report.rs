//! What an administrator may ask of the sender.

use ruma::{OwnedRoomId, OwnedServerName, ServerName};
use store::{Scan, StoreError};

use super::limits::{PAGE_ROWS, REPORT_DESTINATIONS_MAX};
use super::tables::{DestinationRow, OWED_ROOM, QUEUED_EVENT};
use super::{Sender, SenderError};

/// How a destination stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationReport {
    /// The server.
    pub destination: OwnedServerName,
    /// When it was tried last while it failed, in ms; 0 when it does not fail.
    pub retry_last_ms: u64,
    /// The pause after that, in ms.
    pub retry_interval_ms: u64,
    /// Since when it fails, in ms.
    pub failing_since_ms: Option<u64>,
    /// The last position that was answered.
    pub acknowledged: Option<u64>,
    /// Events and EDUs that wait.
    pub queued: usize,
}

/// A room of which a destination is owed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedRoom {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The position of the newest event that is owed.
    pub position: u64,
}

impl DestinationReport {
    fn new(destination: &ServerName, row: &DestinationRow, queued: usize) -> Self {
        let fails = row.failures > 0;
        Self {
            destination: destination.to_owned(),
            retry_last_ms: if fails { row.last_attempt_ms } else { 0 },
            retry_interval_ms: if fails { row.retry_at_ms.saturating_sub(row.last_attempt_ms) } else { 0 },
            failing_since_ms: row.failing_since_ms,
            acknowledged: (row.acknowledged > 0).then_some(row.acknowledged),
            queued,
        }
    }
}

impl Sender {
    /// Destinations whose name contains the text, by name, at most [`REPORT_DESTINATIONS_MAX`] after `from` of them;
    /// with the number of all.
    pub fn destinations(
        &self,
        part: Option<&str>,
        from: usize,
        limit: usize,
    ) -> (Vec<DestinationReport>, usize) {
        let schedule = self.0.schedule.lock();
        let wanted = |server: &ServerName| part.is_none_or(|part| server.as_str().contains(part));
        let mut all: Vec<_> = schedule.iter().filter(|(server, _)| wanted(server)).collect();
        all.sort_by(|one, other| one.0.cmp(other.0));
        let total = all.len();
        let page = all.into_iter().skip(from).take(limit.min(REPORT_DESTINATIONS_MAX));
        let report = |(server, destination): (&OwnedServerName, &super::schedule::Destination)| {
            DestinationReport::new(server, &destination.row, destination.events + destination.edus)
        };
        (page.map(report).collect(), total)
    }

    /// One destination; none that was never spoken to.
    pub fn destination(&self, server: &ServerName) -> Option<DestinationReport> {
        let schedule = self.0.schedule.lock();
        let destination = schedule.get(server)?;
        Some(DestinationReport::new(server, &destination.row, destination.events + destination.edus))
    }

    /// The rooms of which a destination is owed something, at most [`PAGE_ROWS`] of the events that wait are looked at.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn owed_rooms(&self, server: &ServerName) -> Result<Vec<OwedRoom>, StoreError> {
        match self.rooms_owed_to(server).await {
            Ok(rooms) => Ok(rooms),
            Err(SenderError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%server, %error, "read what a destination is owed");
                Ok(Vec::new())
            }
        }
    }

    async fn rooms_owed_to(&self, server: &ServerName) -> Result<Vec<OwedRoom>, SenderError> {
        let store = &self.0.parts.store;
        let mut newest = std::collections::BTreeMap::new();
        let owed = store.scan(&OWED_ROOM, Scan::prefix(server).limit(PAGE_ROWS)).await?;
        for ((_, room), (position, _)) in owed {
            newest.insert(room, position);
        }
        let queued = store.scan(&QUEUED_EVENT, Scan::prefix(server).limit(PAGE_ROWS)).await?;
        for ((_, position), (room, _)) in queued {
            newest.insert(room, position);
        }
        let mut rooms = Vec::new();
        for (room, position) in newest {
            let room_id = self.0.parts.rooms.room_id(store, room).await?;
            rooms.push(OwedRoom { room_id, position: position.get() });
        }
        Ok(rooms)
    }
}
