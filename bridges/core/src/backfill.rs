//! What was said while nobody listened: read from the platform's history at each connection, by the way of live arrivals.

use std::sync::atomic::{AtomicBool, Ordering};

use bridge_api::{Ability, Arrival, Failure, InboxRefused, Network, Support};
use futures_util::StreamExt as _;
use store::{Batch, StoreError};

use crate::{
    BridgeError, Bridges,
    bridges::Seat,
    lanes::Lane,
    limits::{
        BACKFILL_MS_MAX, BACKFILL_OVERLAP_MS, BACKFILL_PAGES_MAX, BACKFILLS_AT_ONCE, HISTORY_WAITS_MAX,
        PAUSE_ALONE_MAX, PAUSE_MAX, PAUSE_MIN,
    },
    tables::{LINES, NEWEST, READ_UNTIL},
};

/// Whether history tells what no event had told: edits, words of other robots.
fn tells_more_later(seat: &Seat) -> bool {
    let mut lines = seat.connector.capabilities().lines().iter();
    lines.any(|line| {
        matches!(line.ability, Ability::Edits | Ability::OtherBots)
            && matches!(line.into_room, Support::Partly(_))
    })
}

/// How often a page is asked for before it is left for the next connection.
const TRIES_MAX: u32 = 6;

impl Bridges {
    /// Reads what was missed in every bound conversation of a network. What came live meanwhile waits for it, conversation by
    /// conversation.
    pub(crate) async fn catch_up(&self, seat: &Seat) {
        if seat.connector.backfill().is_none() {
            return;
        }
        let serial = seat.catching_up.serial();
        let lanes = self.portals().bound(seat.network);
        let has_gaps = &AtomicBool::new(false);
        futures_util::stream::iter(lanes)
            .for_each_concurrent(BACKFILLS_AT_ONCE, |(lane, room)| async move {
                if self.read_missed(seat, &lane, &room).await {
                    has_gaps.store(true, Ordering::Relaxed);
                }
                seat.catching_up.is_read(&lane.1, serial);
                self.0.inbound.lanes.rouse(|held| *held == lane);
            })
            .await;
        if has_gaps.load(Ordering::Relaxed)
            && let Err(error) = self.tell_gaps(seat).await
        {
            tracing::warn!(%error, "the number of gaps cannot be told");
        }
    }

    /// The rooms of a platform have the number of gaps again.
    async fn tell_gaps(&self, seat: &Seat) -> Result<(), StoreError> {
        let line = self.0.store.get(&LINES, seat.network.key()).await?.unwrap_or_default();
        let mut batch = Batch::new();
        self.tell_status(&mut batch, seat, &line);
        self.0.store.commit(batch).await.map(drop)
    }

    /// Reads what was missed in one conversation. Whether there was anything.
    async fn read_missed(&self, seat: &Seat, lane: &Lane, room: &ruma::RoomId) -> bool {
        let network = seat.network;
        let of = (network.key(), lane.1.as_str());
        let newest = self.0.store.get(&NEWEST, &of).await.ok().flatten();
        // Where nothing was ever heard nothing was missed; older words are brought when somebody asks for them.
        let Some(newest) = newest else { return false };
        let bound_ms = self.portals().get(lane).map_or(0, |row| row.bound_ms);
        let since = |time_ms: u64| time_ms.saturating_sub(BACKFILL_OVERLAP_MS).max(bound_ms);
        let (begun_ms, mut since_ms) = (self.0.clock.now_ms(), since(newest));
        if tells_more_later(seat) {
            let until = self.0.store.get(&READ_UNTIL, &of).await.ok().flatten();
            since_ms = since(until.map_or(newest, |until| until.min(newest)));
        }
        let read = match self.read_history(seat, lane, since_ms).await {
            // What changed is worth less than what was missed.
            Err(_) if since_ms < since(newest) => self.read_history(seat, lane, since(newest)).await,
            read => read,
        };
        if read.is_ok() {
            let mut batch = Batch::new();
            batch.put(&READ_UNTIL, &of, &begun_ms);
            if let Err(error) = self.0.store.commit(batch).await {
                tracing::warn!(%error, "how far history was read cannot be noted");
            }
        }
        match read {
            Ok(0) => return false,
            Ok(missed) => {
                tracing::info!(network = network.key(), conversation = %lane.1, missed, "what was missed is here");
                self.gap(seat, lane, room, None).await;
            }
            Err(error) => {
                tracing::warn!(network = network.key(), conversation = %lane.1, %error, "history cannot be read");
                self.gap(seat, lane, room, Some(newest)).await;
            }
        }
        true
    }

    /// Counts a gap; one that cannot be closed is told in the room.
    async fn gap(&self, seat: &Seat, lane: &Lane, room: &ruma::RoomId, open_since_ms: Option<u64>) {
        if let Err(error) = self.count_gap(seat).await {
            tracing::warn!(%error, "a gap cannot be counted");
        }
        let Some(since_ms) = open_since_ms else { return };
        let mut batch = Batch::new();
        self.tell_gap(&mut batch, lane, room, since_ms);
        if let Err(error) = self.0.store.commit(batch).await {
            tracing::warn!(%error, "a gap cannot be told");
        }
    }

    /// What was said in a conversation since a time may be missing in its room.
    pub(crate) fn tell_gap(&self, batch: &mut Batch, lane: &Lane, room: &ruma::RoomId, since_ms: u64) {
        let name = self.name_of(lane);
        let unique = format!("gap/{}/{since_ms}", lane.1);
        self.notice(batch, room, &unique, "bridge.told.gap", &[("conversation", &name)]);
    }

    /// Takes in what was said in a conversation since a time; how much of it was new.
    pub(crate) async fn read_history(
        &self,
        seat: &Seat,
        lane: &Lane,
        since_ms: u64,
    ) -> Result<usize, BridgeError> {
        let Some(backfill) = seat.connector.backfill() else {
            return Err(BridgeError::Invalid("the platform gives no history to apps".to_owned()));
        };
        let since_ms = since_ms.max(self.0.clock.now_ms().saturating_sub(BACKFILL_MS_MAX));
        let (mut cursor, mut new) = (None, 0);
        for _ in 0..BACKFILL_PAGES_MAX {
            let page = patient(|| backfill.history(&lane.1, since_ms, cursor.as_ref())).await?;
            // Platforms count in seconds, and bring what was said just before.
            let items: Vec<_> = page.items.into_iter().filter(|arrival| arrival.at_ms >= since_ms).collect();
            for arrivals in items.chunks(bridge_api::limits::ARRIVALS_AT_ONCE_MAX) {
                new += self.take_history(seat.network, arrivals).await?;
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(new),
            }
        }
        Err(BridgeError::Invalid("there is more history than is read at once".to_owned()))
    }

    /// Takes a piece of history. It is in no hurry: where the lane is full it waits until the room has taken some of it.
    async fn take_history(&self, network: Network, arrivals: &[Arrival]) -> Result<usize, BridgeError> {
        let mut waits = 0;
        loop {
            match self.take(network, arrivals.to_vec(), true).await {
                Err(InboxRefused::Full) if waits < HISTORY_WAITS_MAX => {
                    waits += 1;
                    tokio::time::sleep(PAUSE_ALONE_MAX).await;
                }
                taken => return taken.map_err(|refused| BridgeError::Invalid(refused.to_string())),
            }
        }
    }
}

/// Asks again while a failure may pass, some times.
pub(crate) async fn patient<T, F: Future<Output = Result<T, Failure>>>(
    ask: impl Fn() -> F,
) -> Result<T, Failure> {
    let mut tries = 0;
    loop {
        match ask().await {
            Err(failure) if failure.passes() && tries < TRIES_MAX => {
                tries += 1;
                let pause = match failure.kind {
                    bridge_api::FailureKind::Limited { after, .. } => after.min(PAUSE_MAX),
                    _ => PAUSE_MIN.saturating_mul(1 << tries).min(PAUSE_MAX),
                };
                tokio::time::sleep(pause).await;
            }
            outcome => return outcome,
        }
    }
}
