//! What operators watch: how much waits each way, and for how long the oldest of it.

use base::Shutdown;
use bridge_api::Network;
use store::{Scan, StoreError};

use crate::{
    Bridges,
    lanes::Lane,
    limits::MEASURE_INTERVAL,
    tables::{INBOX, OUTBOX},
};

impl Bridges {
    /// Measures from time to time, until the shutdown.
    pub(crate) async fn keep_measuring(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            if let Err(error) = self.measure_queues().await {
                tracing::debug!(%error, "the queues of the bridges cannot be measured");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(MEASURE_INTERVAL) => {}
            }
        }
    }

    async fn measure_queues(&self) -> Result<(), StoreError> {
        for seat in &self.0.seats {
            let (network, mut longest_ms) = (seat.network, 0);
            let (mut oldest_in, mut oldest_out) = (None, None);
            for lane in of_network(self.0.inbound.lanes.working(), network) {
                let prefix = (network.key(), lane.1.as_str());
                let row = self.0.store.first(&INBOX, Scan::prefix(&prefix)).await?;
                let live = row.filter(|(_, row)| !row.from_history).map(|(_, row)| row.arrival.at_ms);
                oldest_in = oldest_in.into_iter().chain(live).min();
            }
            // What waits for words there is not late.
            let lanes = of_network(self.outbound().lanes.working(), network);
            for lane in lanes.filter(|lane| !self.outbound().is_silenced(lane)) {
                let prefix = (network.key(), lane.1.as_str());
                let row = self.0.store.first(&OUTBOX, Scan::prefix(&prefix)).await?;
                oldest_out = oldest_out.into_iter().chain(row.map(|(_, row)| row.received_ms)).min();
            }
            for (dir, oldest) in [("in", oldest_in), ("out", oldest_out)] {
                let age_ms = oldest.map_or(0, |at_ms| self.0.clock.now_ms().saturating_sub(at_ms));
                metrics::gauge!("bridge_queue_age_seconds", "platform" => network.key(), "dir" => dir)
                    .set(std::time::Duration::from_millis(age_ms).as_secs_f64());
                longest_ms = longest_ms.max(age_ms);
            }
            self.note_delay(seat, longest_ms).await?;
        }
        for (dir, rows) in [("in", self.0.inbound.rows()), ("out", self.outbound().rows())] {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("bridge_queue_rows", "dir" => dir).set(rows as f64);
        }
        Ok(())
    }
}

fn of_network(lanes: Vec<Lane>, network: Network) -> impl Iterator<Item = Lane> {
    lanes.into_iter().filter(move |lane| lane.0 == network)
}
