//! The work of the lanes: one row after the other, in its order, until there is none.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use base::Shutdown;
use bridge_api::Network;
use futures_util::{FutureExt as _, future::join_all};
use kit::Bots;
use store::{Batch, Scan, Store, StoreError, Value};

use crate::{
    Bridges,
    error::Stuck,
    lanes::{Lane, Next},
    limits::LANES_AT_ONCE,
    tables::{INBOX, OUTBOX, Place, Queue},
    way::Way,
};

/// Into rooms, or to platforms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Bridges {
    /// Has the bridges work until the shutdown. What they have not done by then is done after the next start.
    pub async fn run(self, shutdown: Shutdown) {
        self.0.workshop.open().await;
        let bots = Bots::new(vec![Arc::new(self.clone())]);
        let workers = (0..LANES_AT_ONCE).flat_map(|_| [Direction::In, Direction::Out]);
        tokio::join!(
            self.0.kit.clone().run(bots, shutdown.clone()),
            join_all(workers.map(|direction| self.keep_moving(direction, &shutdown))),
            self.keep_lines(&shutdown),
            self.keep_forgetting(&shutdown),
            self.keep_measuring(&shutdown),
            self.keep_colleagues(&shutdown),
            self.keep_making_rooms(&shutdown),
            self.keep_reading(&shutdown),
            self.keep_mailing(&shutdown),
            self.keep_member_names(&shutdown),
            self.keep_answering(&shutdown),
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
            way.finish(&lane, next);
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
        if matches!(done, Err(Stuck::Later(..) | Stuck::AppLimited(_) | Stuck::Silenced(_))) {
            way.makes_sense(lane);
        }
        match done {
            Ok(next) => {
                // Into rooms all lanes fail with the homeserver; to platforms those of one platform fail together.
                way.works_again(lane, |other| direction == Direction::In || other.0 == lane.0);
                next
            }
            Err(Stuck::Later(reason, asked)) => waits(way, lane, &reason, asked),
            Err(Stuck::Garbled(reason)) => match self.gives_up(direction, lane, &reason).await {
                Ok(true) => Next::Again,
                Ok(false) | Err(_) => waits(way, lane, &reason, None),
            },
            Err(Stuck::AppLimited(pause)) => {
                if let Some(seat) = self.seat(lane.0) {
                    seat.buckets.pause(pause);
                }
                Next::After(pause)
            }
            Err(Stuck::Silenced(words)) if direction == Direction::Out => {
                self.waits_for_words(lane, words).await
            }
            Err(Stuck::Silenced(words)) => waits(way, lane, words.en, None),
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
        match direction {
            Direction::In => {
                if let Some(wait) = self.seat(lane.0).and_then(|seat| seat.catching_up.held(&lane.1)) {
                    return Ok(Next::After(wait));
                }
                match first(&self.0.store, &INBOX, lane).await? {
                    Some((place, row)) => self.bring(lane, place, row).await,
                    None => Ok(Next::Idle),
                }
            }
            Direction::Out => match first(&self.0.store, &OUTBOX, lane).await? {
                Some((place, row)) => self.send(lane, place, row).await,
                None => {
                    self.nothing_waits(lane.0);
                    Ok(Next::Idle)
                }
            },
        }
    }

    /// Where nothing waits for a platform any more, nothing fails there either.
    fn nothing_waits(&self, network: Network) {
        if let Some(seat) = self.seat(network).filter(|_| self.outbound().rows_of(network) == 0) {
            seat.reach.answers();
        }
    }

    /// Takes the first row of a lane away: whatever is wrong with it must not hold up what comes behind it. Cards that wait for
    /// what becomes of it go out.
    async fn leave_out(&self, direction: Direction, lane: &Lane) -> Result<(), Stuck> {
        metrics::counter!("bridge_left_out_total", "platform" => lane.0.key()).increment(1);
        let mut batch = Batch::new();
        match direction {
            Direction::In => {
                if let Some((place, row)) = first(&self.0.store, &INBOX, lane).await? {
                    self.end_arrival(&mut batch, lane, place, &row);
                }
            }
            Direction::Out => {
                if let Some((place, row)) = first(&self.0.store, &OUTBOX, lane).await? {
                    if let Some(seat) = self.seat(lane.0) {
                        let event: serde_json::Value = serde_json::from_str(&row.event).unwrap_or_default();
                        self.show_instead(seat, &event, &mut batch).await?;
                    }
                    self.outbound().end(&mut batch, &OUTBOX, lane, place);
                }
            }
        }
        self.0.store.commit(batch).await?;
        Ok(())
    }
}

/// A lane waits out a pause.
fn waits(way: &Way, lane: &Lane, reason: &str, asked: Option<Duration>) -> Next {
    let pause = way.pause(lane, asked);
    tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason, pause_ms = pause.as_millis(), "a bridge has to wait; will try again");
    Next::After(pause)
}

/// The first row of a lane, with its place.
pub(crate) async fn first<V: Value>(
    store: &Store,
    queue: &Queue<V>,
    lane: &Lane,
) -> Result<Option<(Place, V)>, StoreError> {
    let prefix = (lane.0.key(), lane.1.as_str());
    let row = store.first(queue, Scan::prefix(&prefix)).await?;
    Ok(row.map(|((_, _, time, position), row)| ((time, position), row)))
}
