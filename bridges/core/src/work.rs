//! The work of the lanes: one row after the other, in its order, until there is none.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use base::Shutdown;
use futures_util::{FutureExt as _, future::join_all};
use kit::Bots;
use model::StreamPos;
use parking_lot::Mutex;
use store::{Batch, Key, Scan, Store, StoreError, Table, Value};

use crate::{
    Bridges,
    bridges::Rows,
    error::Stuck,
    lanes::{Lane, Lanes, Next},
    limits::{LANES_AT_ONCE, PAUSE_MAX, PAUSE_MIN},
    tables::{INBOX, OUTBOX},
};

/// One of the two ways: into rooms, or to platforms.
pub(crate) struct Way {
    pub lanes: Arc<Lanes>,
    /// Rows that wait.
    pub rows: Rows,
    failures: Mutex<HashMap<Lane, u32>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

impl Way {
    pub fn new() -> Self {
        Self { lanes: Arc::default(), rows: Arc::new(AtomicUsize::new(0)), failures: Mutex::default() }
    }

    /// Counts what waits from before.
    pub async fn count<V: Value>(
        &self,
        store: &Store,
        table: &Table<(String, String, StreamPos), V>,
    ) -> Result<(), StoreError> {
        let mut from: Option<(String, String, StreamPos)> = None;
        loop {
            let scan = from.as_ref().map_or_else(Scan::all, |from| Scan::all().after(from));
            let page = store.scan_keys(table, scan).await?;
            let Some(last) = page.last() else { return Ok(()) };
            self.rows.fetch_add(page.len(), Ordering::Relaxed);
            from = Some(last.clone());
        }
    }

    /// Puts a row behind the others of its lane; its turn comes after the commit.
    pub fn put<V: Value>(
        &self,
        batch: &mut Batch,
        table: &Table<(String, String, StreamPos), V>,
        lane: &Lane,
        row: &V,
    ) {
        let place = batch.position();
        batch.put(table, &(lane.0.key(), lane.1.as_str(), place), row);
        let (lanes, rows, lane) = (Arc::clone(&self.lanes), Arc::clone(&self.rows), lane.clone());
        batch.on_visible(move |_| {
            rows.fetch_add(1, Ordering::Relaxed);
            lanes.wake(&lane);
        });
    }

    /// Takes a row away in this batch.
    pub fn end<V>(
        &self,
        batch: &mut Batch,
        table: &Table<(String, String, StreamPos), V>,
        lane: &Lane,
        place: StreamPos,
    ) {
        batch.delete(table, &(lane.0.key(), lane.1.as_str(), place));
        let rows = Arc::clone(&self.rows);
        batch.on_commit(move |_| {
            let _ =
                rows.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |rows| Some(rows.saturating_sub(1)));
        });
    }

    /// How long a lane waits after one more failure.
    fn pause(&self, lane: &Lane, asked: Option<Duration>) -> Duration {
        let mut failures = self.failures.lock();
        let count = failures.entry(lane.clone()).or_default();
        *count = count.saturating_add(1);
        let grown = PAUSE_MIN.saturating_mul(1 << (*count - 1).min(16)).min(PAUSE_MAX);
        asked.map_or(grown, |asked| asked.max(Duration::from_millis(1)))
    }
}

impl Bridges {
    /// Has the bridges work until the shutdown. What they have not done by then is done after the next start.
    pub async fn run(self, shutdown: Shutdown) {
        for (lane, _) in self.portals().all() {
            self.0.inbound.lanes.wake(&lane);
            self.outbound().lanes.wake(&lane);
        }
        let bots = Bots::new(vec![Arc::new(self.clone())]);
        let workers = (0..LANES_AT_ONCE).flat_map(|_| [Direction::In, Direction::Out]);
        tokio::join!(
            self.0.kit.clone().run(bots, shutdown.clone()),
            join_all(workers.map(|direction| self.keep_moving(direction, &shutdown))),
            self.keep_lines(&shutdown),
            self.keep_forgetting(&shutdown),
            self.keep_measuring(&shutdown),
        );
    }

    async fn keep_moving(&self, direction: Direction, shutdown: &Shutdown) {
        let way = self.way(direction);
        loop {
            let lane = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                lane = way.lanes.next() => lane,
            };
            // A step that the stop cuts off is repeated after the next start.
            let next = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                next = Box::pin(self.step(direction, &lane)) => next,
            };
            way.lanes.finish(&lane, next);
        }
    }

    fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::In => &self.0.inbound,
            Direction::Out => self.outbound(),
        }
    }

    /// One row of a lane.
    async fn step(&self, direction: Direction, lane: &Lane) -> Next {
        let way = self.way(direction);
        let done = match AssertUnwindSafe(self.head(direction, lane)).catch_unwind().await {
            Ok(done) => done,
            Err(_) => self.leave_out(direction, lane).await.map(|()| Next::Again),
        };
        match done {
            Ok(next) => {
                way.failures.lock().remove(lane);
                next
            }
            Err(Stuck::Later(reason, asked)) => {
                let pause = way.pause(lane, asked);
                tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason, pause_ms = pause.as_millis(), "a bridge has to wait; will try again");
                Next::After(pause)
            }
            Err(Stuck::AppLimited(pause)) => {
                if let Some(seat) = self.seat(lane.0) {
                    seat.buckets.pause(pause);
                }
                Next::After(pause)
            }
            Err(Stuck::Never(reason, _)) => {
                tracing::error!(network = lane.0.key(), conversation = %lane.1, reason, "a row of a bridge cannot be worked off; it is left out");
                match self.leave_out(direction, lane).await {
                    Ok(()) => Next::Again,
                    Err(_) => Next::After(way.pause(lane, None)),
                }
            }
        }
    }

    async fn head(&self, direction: Direction, lane: &Lane) -> Result<Next, Stuck> {
        let prefix = (lane.0.key(), lane.1.as_str());
        match direction {
            Direction::In => match first(&self.0.store, &INBOX, &prefix).await? {
                Some((place, row)) => self.bring(lane, place, row).await,
                None => Ok(Next::Idle),
            },
            Direction::Out => match first(&self.0.store, &OUTBOX, &prefix).await? {
                Some((place, row)) => self.send(lane, place, row).await,
                None => Ok(Next::Idle),
            },
        }
    }

    /// Takes the first row of a lane away: whatever is wrong with it must not hold up what comes behind it.
    async fn leave_out(&self, direction: Direction, lane: &Lane) -> Result<(), Stuck> {
        metrics::counter!("bridge_left_out_total", "platform" => lane.0.key()).increment(1);
        let prefix = (lane.0.key(), lane.1.as_str());
        let mut batch = Batch::new();
        match direction {
            Direction::In => {
                if let Some((place, _)) = first(&self.0.store, &INBOX, &prefix).await? {
                    self.0.inbound.end(&mut batch, &INBOX, lane, place);
                }
            }
            Direction::Out => {
                if let Some((place, _)) = first(&self.0.store, &OUTBOX, &prefix).await? {
                    self.outbound().end(&mut batch, &OUTBOX, lane, place);
                }
            }
        }
        self.0.store.commit(batch).await?;
        Ok(())
    }
}

async fn first<V: Value>(
    store: &Store,
    table: &Table<(String, String, StreamPos), V>,
    prefix: &(&str, &str),
) -> Result<Option<(StreamPos, V)>, StoreError>
where
    (String, String, StreamPos): Key,
{
    Ok(store.first(table, Scan::prefix(prefix)).await?.map(|((_, _, place), row)| (place, row)))
}
