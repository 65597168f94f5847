//! How the lines stand, and history that somebody asks for.

use bridge_api::{ConversationId, Network};

use crate::{BridgeError, Bridges, LineStatus, tables::LINES};

impl Bridges {
    /// How the lines stand.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self) -> Result<Vec<LineStatus>, BridgeError> {
        let mut all = Vec::new();
        for seat in &self.0.seats {
            let row = self.0.store.get(&LINES, seat.network.key()).await?.unwrap_or_default();
            all.push(LineStatus {
                network: seat.network,
                is_up: row.is_up,
                since_ms: row.since_ms,
                reason: row.reason,
                gaps: row.gaps,
                bound: self.portals().bound(seat.network).len(),
                waiting_in: self.0.inbound.rows_of(seat.network),
                waiting_out: self.outbound().rows_of(seat.network),
                amiss: seat.connector.amiss().iter().map(|words| words.en.to_owned()).collect(),
                quotas: seat.quotas.listed(),
            });
        }
        Ok(all)
    }

    /// Brings what was said in a conversation in the last hours; how much of it was new.
    ///
    /// # Errors
    /// See [`BridgeError`].
    pub async fn backfill(&self, lane: &(Network, ConversationId), hours: u64) -> Result<usize, BridgeError> {
        let seat = self.seat(lane.0).ok_or_else(|| BridgeError::NoConnector(lane.0.key().to_owned()))?;
        if self.portals().room_of(lane).is_none() {
            return Err(BridgeError::NoConversation(lane.1.to_string()));
        }
        self.read_history(seat, lane, self.hours_ago(hours)).await
    }

    /// The time so many hours ago, in milliseconds since 1970.
    pub(crate) fn hours_ago(&self, hours: u64) -> u64 {
        self.0.clock.now_ms().saturating_sub(hours.saturating_mul(60 * 60 * 1_000))
    }
}
