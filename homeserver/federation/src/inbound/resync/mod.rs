//! Fetching the state that is missing of rooms which were entered with a part of it (MSC3902).
//!
//! A few rooms at a time, each asking the server that let us in first and then others that should be in the room. What
//! has been fetched is kept as outliers in small batches, so that a try which is cut off, by a crash too, leaves the
//! next one less to fetch. The state is put in by `rooms`. Never gives up while a local user is in the room.

mod devices;
mod fetch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::Shutdown;
use model::RoomNum;
use rooms::PartialRoom;
use ruma::OwnedServerName;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::InboundError;
use super::limits::{RESYNC_PAUSE_MAX, RESYNC_PAUSE_MIN, RESYNC_SERVERS_MAX, RESYNCS_AT_ONCE_MAX};
use crate::Federation;

pub(super) use devices::tables;

/// When a room is tried again that could not be completed, and how often that was.
#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    failures: u32,
}

impl Federation {
    /// Completes partial rooms until the server stops.
    pub async fn complete_rooms(&self, shutdown: Shutdown) {
        let rooms = &self.parts().rooms;
        let mut changes = rooms.partial_rooms_changes();
        let mut resting: HashMap<RoomNum, Rest> = HashMap::new();
        let mut turns: JoinSet<(RoomNum, bool)> = JoinSet::new();
        let mut busy: Vec<RoomNum> = Vec::new();
        if let Err(error) = self.replay_left_device_changes().await {
            tracing::warn!(%error, "announce devices that changed while a room was not whole");
        }
        while !shutdown.is_triggered() {
            let now = Instant::now();
            let partial = rooms.partial_rooms();
            resting.retain(|room, _| partial.iter().any(|partial| partial.room == *room));
            metrics::gauge!("lianqiao_partial_rooms").set(partial.len() as f64);
            for room in partial {
                let rests = resting.get(&room.room).is_some_and(|rest| rest.until > now);
                if turns.len() < RESYNCS_AT_ONCE_MAX && !rests && !busy.contains(&room.room) {
                    busy.push(room.room);
                    let federation = self.clone();
                    turns.spawn(async move { (room.room, federation.complete(room).await) });
                }
            }
            let next =
                resting.iter().filter(|(room, _)| !busy.contains(room)).map(|(_, rest)| rest.until).min();
            let next = next.unwrap_or(now + RESYNC_PAUSE_MAX).max(now + Duration::from_millis(1));
            tokio::select! {
                () = shutdown.wait() => {}
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(next) => {}
                Some(ended) = turns.join_next() => match ended {
                    Ok((room, is_done)) => {
                        busy.retain(|busy| *busy != room);
                        if is_done { resting.remove(&room); } else { rest(&mut resting, room); }
                    }
                    Err(error) => {
                        tracing::error!(%error, "completing a room did not end");
                        // Which room it was is not known; those that are partial still get another turn.
                        turns.shutdown().await;
                        busy.clear();
                    }
                },
            }
        }
        turns.shutdown().await;
    }

    /// Tries to complete a room once. Whether nothing remains to be done.
    async fn complete(&self, partial: Arc<PartialRoom>) -> bool {
        let started = Instant::now();
        match self.try_complete(&partial).await {
            Ok(true) => {
                let elapsed_ms = started.elapsed().as_millis();
                tracing::info!(room = ?partial.room, elapsed_ms, "the state of a room is whole");
                metrics::histogram!("lianqiao_room_completion_seconds").record(started.elapsed());
                true
            }
            Ok(false) => false,
            Err(error) => {
                tracing::warn!(room = ?partial.room, %error, "complete a room; will try again");
                false
            }
        }
    }

    async fn try_complete(&self, partial: &PartialRoom) -> Result<bool, InboundError> {
        let rooms = &self.parts().rooms;
        let mut states = Vec::new();
        if !partial.is_state_known {
            let mut found = None;
            for server in self.servers_for(partial) {
                found = tokio::select! {
                    found = self.fetch_state_before(partial, &server) => found?,
                    () = self.superseded(partial) => return Ok(true),
                };
                if found.is_some() {
                    break;
                }
            }
            let Some(found) = found else {
                // Whoever left a room is told nothing of it any more.
                let is_given_up = rooms.abandon_partial_room(partial.room).await?;
                if is_given_up {
                    self.replay_device_changes(partial.room).await?;
                }
                return Ok(is_given_up);
            };
            states = found;
        }
        rooms.complete_partial_room(partial.room, partial.join, &states).await?;
        self.replay_device_changes(partial.room).await?;
        Ok(true)
    }

    /// Who is asked, in this order: the one who let us in, then others by chance.
    fn servers_for(&self, partial: &PartialRoom) -> Vec<OwnedServerName> {
        let mut others: Vec<&OwnedServerName> =
            partial.servers.iter().filter(|server| **server != partial.helper).collect();
        let mut servers = vec![partial.helper.clone()];
        while servers.len() < RESYNC_SERVERS_MAX && !others.is_empty() {
            let chosen = self.parts().rng.below(others.len() as u64);
            servers.push(others.swap_remove(usize::try_from(chosen).unwrap_or(0)).clone());
        }
        servers
    }

    /// Waits until the room is gone, whole, or partial for another reason.
    async fn superseded(&self, partial: &PartialRoom) {
        let rooms = &self.parts().rooms;
        let mut changes = rooms.partial_rooms_changes();
        let is_it = || rooms.partial_room(partial.room).is_some_and(|now| now.join == partial.join);
        while is_it() && changes.changed().await.is_ok() {}
    }
}

/// Puts a room off, longer each time.
fn rest(resting: &mut HashMap<RoomNum, Rest>, room: RoomNum) {
    let failures = resting.get(&room).map_or(0, |rest| rest.failures).saturating_add(1);
    let pause = RESYNC_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(failures - 1)).min(RESYNC_PAUSE_MAX);
    resting.insert(room, Rest { until: Instant::now() + pause, failures });
}
