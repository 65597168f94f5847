//! The lines to the platforms: held, watched, told of when they are down, caught up when they are up again.

use std::panic::AssertUnwindSafe;

use base::Shutdown;
use bridge_api::{Failure, Support};
use futures_util::{FutureExt as _, future::join_all};
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::{
    Bridges,
    bridges::Seat,
    limits::{OUTAGE_TOLD_AFTER, PAUSE_MAX, PAUSE_MIN, STOP_TIME_MAX},
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
}

impl Bridges {
    /// Holds all lines until the shutdown.
    pub(crate) async fn keep_lines(&self, shutdown: &Shutdown) {
        let held = self.0.seats.iter().map(|seat| async move {
            tokio::join!(self.hold(seat, shutdown), self.watch(seat, shutdown));
        });
        join_all(held).await;
    }

    /// Runs a connector, anew after each end.
    async fn hold(&self, seat: &Seat, shutdown: &Shutdown) {
        let mut failures: u32 = 0;
        while !shutdown.is_triggered() {
            let inbox = self.intake(seat.network);
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
            failures = failures.saturating_add(1);
            let pause = PAUSE_MIN.saturating_mul(1 << failures.min(16)).min(PAUSE_MAX);
            tracing::warn!(network = seat.network.key(), %failure, pause_ms = pause.as_millis(), "a connector ended; it is run anew");
            seat.line.send_replace(LineNow::Down(failure));
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Notes what becomes of a line, tells the rooms, reads what was missed.
    async fn watch(&self, seat: &Seat, shutdown: &Shutdown) {
        let mut line = seat.line.subscribe();
        let mut catching_up = None;
        loop {
            let now = line.borrow_and_update().clone();
            let is_up = matches!(now, LineNow::Up(_));
            metrics::gauge!("bridge_up", "platform" => seat.network.key()).set(if is_up { 1.0 } else { 0.0 });
            if let Err(error) = self.note_line(seat, &now).await {
                tracing::warn!(%error, network = seat.network.key(), "how a line stands cannot be noted");
            }
            if is_up {
                let (bridges, network) = (self.clone(), seat.network);
                let stop = shutdown.child();
                catching_up = Some(tokio::spawn(async move {
                    tokio::select! {
                        () = stop.wait() => {}
                        () = Box::pin(bridges.catch_up(network)) => {}
                    }
                }));
            }
            let told = async {
                match &now {
                    LineNow::Down(_) => tokio::time::sleep(OUTAGE_TOLD_AFTER).await,
                    LineNow::Up(_) | LineNow::Unknown => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.wait() => break,
                changed = line.changed() => if changed.is_err() { break },
                () = told => {
                    if let Err(error) = self.tell_outage(seat).await {
                        tracing::warn!(%error, network = seat.network.key(), "an outage cannot be told");
                    }
                    tokio::select! {
                        () = shutdown.wait() => break,
                        changed = line.changed() => if changed.is_err() { break },
                    }
                }
            }
        }
        if let Some(task) = catching_up {
            let _ = task.await;
        }
    }

    async fn note_line(&self, seat: &Seat, now: &LineNow) -> Result<(), StoreError> {
        let network = seat.network.key();
        let old = self.0.store.get(&LINES, network).await?.unwrap_or_default();
        let now_ms = self.0.clock.now_ms();
        let row = match now {
            LineNow::Unknown => return Ok(()),
            LineNow::Up(_) if old.is_up => return Ok(()),
            LineNow::Up(_) => LineRow { is_up: true, since_ms: now_ms, gaps: old.gaps, ..LineRow::default() },
            LineNow::Down(_) if !old.is_up && old.since_ms > 0 => return Ok(()),
            LineNow::Down(failure) => LineRow { gaps: old.gaps, ..LineRow::down(now_ms, failure) },
        };
        let mut batch = Batch::new();
        batch.put(&LINES, network, &row);
        if row.is_up {
            self.tell_status(&mut batch, seat, &row);
        }
        if row.is_up && old.is_told {
            let minutes = now_ms.saturating_sub(old.since_ms).div_ceil(60_000).to_string();
            self.tell_rooms(
                &mut batch,
                seat,
                &format!("up/{}", old.since_ms),
                "bridge.told.up",
                &[("minutes", &minutes)],
            );
        }
        self.0.store.commit(batch).await?;
        Ok(())
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
        self.tell_status(&mut batch, seat, &row);
        self.tell_rooms(&mut batch, seat, &format!("down/{}", row.since_ms), "bridge.told.down", &[]);
        match self.0.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A notice in every room with a conversation of this platform.
    fn tell_rooms(&self, batch: &mut Batch, seat: &Seat, unique: &str, key: &str, values: &[(&str, &str)]) {
        let platform = seat.network.name().of(self.0.settings.language);
        let values = [&[("platform", platform)], values].concat();
        for room in self.rooms_of(seat) {
            self.notice(batch, &room, &format!("{}/{unique}/{room}", seat.network.key()), key, &values);
        }
    }

    fn rooms_of(&self, seat: &Seat) -> Vec<ruma::OwnedRoomId> {
        let mut rooms: Vec<_> =
            self.portals().bound(seat.network).into_iter().map(|(_, room)| room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms
    }

    /// How the line stands, as state of every room with a conversation of this platform.
    fn tell_status(&self, batch: &mut Batch, seat: &Seat, row: &LineRow) {
        for room in self.rooms_of(seat) {
            self.state_of_line(batch, seat, row, &room);
        }
    }

    /// The same for one room.
    pub(crate) fn state_of_line(&self, batch: &mut Batch, seat: &Seat, row: &LineRow, room: &ruma::RoomId) {
        let unique = format!("status/{}/{}/{}/{room}", seat.network.key(), row.since_ms, self.0.rng.u64());
        self.state(batch, room, &unique, seat.network.key(), status(seat, row));
    }

    /// A gap was found and closed, or could not be closed.
    pub(crate) async fn count_gap(&self, seat: &Seat) -> Result<(), StoreError> {
        let network = seat.network.key();
        metrics::counter!("bridge_gap_total", "platform" => network).increment(1);
        let old = self.0.store.get(&LINES, network).await?.unwrap_or_default();
        let mut batch = Batch::new();
        batch.put(&LINES, network, &LineRow { gaps: old.gaps + 1, ..old });
        self.0.store.commit(batch).await?;
        Ok(())
    }
}

/// What the state says: up or down since when, gaps, and what this bridge cannot carry and why.
fn status(seat: &Seat, row: &LineRow) -> Value {
    let cannot: Vec<Value> = seat
        .connector
        .capabilities()
        .lines()
        .iter()
        .flat_map(|line| [("into_room", line.into_room, line), ("to_platform", line.to_platform, line)])
        .filter_map(|(way, support, line)| {
            let (how, why) = match support {
                Support::Yes => return None,
                Support::Partly(why) => ("partly", why),
                Support::No(why) => ("no", why),
            };
            Some(json!({ "ability": line.ability, "way": way, "support": how, "zh": why.zh, "en": why.en }))
        })
        .collect();
    json!({
        "v": 1, "platform": seat.network.key(), "up": row.is_up, "since_ms": row.since_ms, "gaps": row.gaps,
        "reason": row.reason, "cannot": cannot,
    })
}
