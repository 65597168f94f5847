//! The lines to the platforms: held, watched, caught up when they are up again.

use std::{panic::AssertUnwindSafe, time::Duration};

use base::Shutdown;
use bridge_api::Failure;
use futures_util::{FutureExt as _, future::join_all};
use store::{Batch, StoreError};
use tokio::time::Instant;

use crate::{
    BridgeError, Bridges,
    bridges::Seat,
    conflicts::until_undisturbed,
    limits::{PAUSE_MAX, PAUSE_MIN, STOP_TIME_MAX},
    reach::Away,
    tables::{LINES, LineRow},
};

/// What a connector said last of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineNow {
    /// Nothing yet.
    Unknown,
    /// It is up; another number for each connection.
    Up(u64),
    /// It is down, and why.
    Down(Failure),
    /// Arrivals come, or would; nothing that is sent arrives.
    Unreached(Away),
}

impl Bridges {
    /// Holds all lines until the shutdown.
    pub(crate) async fn keep_lines(&self, shutdown: &Shutdown) {
        let held = self.0.seats.iter().map(|seat| async move {
            tokio::join!(
                self.hold(seat, shutdown),
                self.watch(seat, shutdown),
                self.keep_caught_up(seat, shutdown),
                self.keep_reading_again(seat, shutdown),
                self.keep_members(seat, shutdown),
                self.keep_asking_for_conversations(seat, shutdown),
                self.keep_asking_for_people(seat, shutdown),
                self.keep_quotas(seat, shutdown),
                self.keep_telling_troubles(seat, shutdown)
            );
        });
        join_all(held).await;
    }

    /// Runs a connector, anew after each end.
    async fn hold(&self, seat: &Seat, shutdown: &Shutdown) {
        let mut failures: u32 = 0;
        while !shutdown.is_triggered() {
            let inbox = self.intake(seat.network);
            let begin = Instant::now();
            let running = AssertUnwindSafe(seat.connector.run(inbox, shutdown.child())).catch_unwind();
            let stopped = async {
                shutdown.wait().await;
                tokio::time::sleep(STOP_TIME_MAX).await;
            };
            let outcome = tokio::select! {
                outcome = running => outcome,
                () = stopped => return tracing::warn!(network = seat.network.key(), "a connector did not stop in time"),
            };
            let failure = match outcome {
                Ok(Ok(())) if shutdown.is_triggered() => return,
                Ok(Ok(())) => Failure::later("the connector ended"),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::later("the connector panicked"),
            };
            // One that ran for long failed for another reason than those before it.
            failures = if begin.elapsed() > PAUSE_MAX { 1 } else { failures.saturating_add(1) };
            let pause = PAUSE_MIN.saturating_mul(1 << failures.min(16)).min(PAUSE_MAX);
            tracing::warn!(network = seat.network.key(), %failure, pause_ms = pause.as_millis(), "a connector ended; it is run anew");
            seat.line.send_replace(LineNow::Down(failure));
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Notes what becomes of a line, and tells the rooms.
    async fn watch(&self, seat: &Seat, shutdown: &Shutdown) {
        let (mut line, mut reach) = (seat.line.subscribe(), seat.reach.subscribe());
        loop {
            line.mark_unchanged();
            reach.mark_unchanged();
            let now = seat.now();
            let is_up = matches!(now, LineNow::Up(_));
            metrics::gauge!("bridge_up", "platform" => seat.network.key()).set(if is_up { 1.0 } else { 0.0 });
            let row = until_undisturbed(|| self.note_line(seat, &now)).await;
            let row = row.inspect_err(
                |error| tracing::warn!(%error, network = seat.network.key(), "how a line stands cannot be noted"),
            );
            if is_up && let Err(error) = self.note_abilities(seat).await {
                tracing::warn!(%error, network = seat.network.key(), "what a platform carries cannot be noted");
            }
            // Counted from the first word of it: a connector says it again at each of its tries.
            let due = row.ok().flatten().and_then(|row| self.until_told(&row));
            let told = async {
                match due {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.wait() => return,
                changed = line.changed() => if changed.is_err() { return },
                changed = reach.changed() => if changed.is_err() { return },
                () = told => if let Err(error) = self.tell_outage(seat).await {
                    tracing::warn!(%error, network = seat.network.key(), "an outage cannot be told; will try again");
                    tokio::select! {
                        () = shutdown.wait() => return,
                        () = tokio::time::sleep(PAUSE_MAX) => {}
                    }
                },
            }
        }
    }

    /// How long until people are told of an outage; none when there is none, or they were told.
    fn until_told(&self, row: &LineRow) -> Option<Duration> {
        let down_ms = self.0.clock.now_ms().saturating_sub(row.since_ms);
        let told_after = self.0.settings.outage_told_after;
        (!row.is_up && !row.is_told).then(|| told_after.saturating_sub(Duration::from_millis(down_ms)))
    }

    /// Reads what was missed, at each new connection. One that comes meanwhile has its turn after this one.
    async fn keep_caught_up(&self, seat: &Seat, shutdown: &Shutdown) {
        let mut line = seat.line.subscribe();
        loop {
            let is_up = matches!(*line.borrow_and_update(), LineNow::Up(_));
            if is_up {
                tokio::select! {
                    () = shutdown.wait() => return,
                    () = Box::pin(self.catch_up(seat)) => {}
                }
            }
            tokio::select! {
                () = shutdown.wait() => return,
                changed = line.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Writes down how a line stands; how it stands now, if anybody knows.
    async fn note_line(&self, seat: &Seat, now: &LineNow) -> Result<Option<LineRow>, BridgeError> {
        let mut batch = Batch::new();
        let old = self.line_beside(&mut batch, seat.network).await?;
        let now_ms = self.0.clock.now_ms();
        let mut row = match now {
            LineNow::Unknown => return Ok(None),
            LineNow::Up(_) if old.is_up => return Ok(Some(old)),
            LineNow::Up(_) => old.up(now_ms),
            LineNow::Down(failure) => old.down(now_ms, failure, false),
            LineNow::Unreached(away) => {
                let away_ms = u64::try_from(away.since.elapsed().as_millis()).unwrap_or(u64::MAX);
                old.down(now_ms.saturating_sub(away_ms), &away.failure, true)
            }
        };
        if row == old {
            return Ok(Some(row));
        }
        // What a platform without history had said meanwhile nobody brings.
        if old.is_deaf() && !row.is_deaf() && seat.connector.backfill().is_none() {
            row.gaps += self.tell_missed(&mut batch, seat, &old);
        }
        batch.put(&LINES, seat.network.key(), &row);
        // Who heard of no outage need not hear that it is over.
        if row.is_up && old.is_told {
            self.tell_up(&mut batch, seat, &row, &old);
        } else if row.gaps > old.gaps {
            self.tell_status(&mut batch, seat, &row);
        }
        self.0.store.commit(batch).await?;
        Ok(Some(row))
    }

    /// Something may have been missed in every bound conversation, and does not come; in how many.
    fn tell_missed(&self, batch: &mut Batch, seat: &Seat, outage: &LineRow) -> u64 {
        let bound = self.portals().bound(seat.network);
        for (lane, room) in &bound {
            metrics::counter!("bridge_gap_total", "platform" => seat.network.key()).increment(1);
            self.tell_gap(batch, lane, room, outage.since_ms);
        }
        u64::try_from(bound.len()).unwrap_or(u64::MAX)
    }

    /// A line is down for so long that people have to know.
    async fn tell_outage(&self, seat: &Seat) -> Result<(), StoreError> {
        let network = seat.network.key();
        let Some(old) = self.0.store.get(&LINES, network).await? else { return Ok(()) };
        if old.is_up || old.is_told {
            return Ok(());
        }
        let row = LineRow { is_told: true, ..old.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&LINES, network, &old).put(&LINES, network, &row);
        self.tell_down(&mut batch, seat, &row);
        match self.0.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A gap was found and closed, or could not be closed.
    pub(crate) async fn count_gap(&self, seat: &Seat) -> Result<(), StoreError> {
        let network = seat.network.key();
        metrics::counter!("bridge_gap_total", "platform" => network).increment(1);
        let old = self.0.store.get(&LINES, network).await?;
        let row = old.clone().unwrap_or_default();
        let mut batch = Batch::new();
        batch.expect_read(&LINES, network, old.as_ref());
        batch.put(&LINES, network, &LineRow { gaps: row.gaps + 1, ..row });
        match self.0.store.commit(batch).await {
            // The line came or went in between: that it stands rightly is worth more than the count.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
