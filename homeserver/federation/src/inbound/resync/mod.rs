//! Fetching the state that is missing of rooms which were entered with a part of it (MSC3902).
//!
//! A few rooms at a time, each asking the server that let us in first and then others that should be in the room. What
//! has been fetched is kept as outliers in small batches, so that a try which is cut off, by a crash too, leaves the
//! next one less to fetch. The state is put in by `rooms`. Never gives up while a local user is in the room. What is
//! signed by a server whose keys cannot be had just then is waited for a while: left out, it would be missing for good.

mod devices;
mod fetch;
mod rests;

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
use super::limits::{RESYNC_PAUSE_MAX, RESYNC_SERVERS_MAX, RESYNCS_AT_ONCE_MAX};
use crate::Federation;

pub(super) use devices::tables;
use fetch::Told;
use rests::{Ended, Rest};

impl Federation {
    /// Completes partial rooms until the server stops.
    pub async fn complete_rooms(&self, shutdown: Shutdown) {
        let rooms = &self.parts().rooms;
        let mut changes = rooms.partial_rooms_changes();
        let mut keys = self.ring().late_keys();
        let mut resting: HashMap<RoomNum, Rest> = HashMap::new();
        let mut turns: JoinSet<(RoomNum, Ended, u64)> = JoinSet::new();
        let mut busy: Vec<RoomNum> = Vec::new();
        if let Err(error) = self.replay_left_device_changes().await {
            tracing::warn!(%error, "announce devices that changed while a room was not whole");
        }
        while !shutdown.is_triggered() {
            let now = Instant::now();
            let partial = rooms.partial_rooms();
            resting.retain(|room, _| partial.iter().any(|partial| partial.room == *room));
            metrics::gauge!("lianqiao_partial_rooms").set(partial.len() as f64);
            let keys_told = *keys.borrow_and_update();
            for room in partial {
                let rest = resting.get(&room.room);
                let rests = rest.is_some_and(|rest| !rest.is_over(now, keys_told));
                if turns.len() < RESYNCS_AT_ONCE_MAX && !rests && !busy.contains(&room.room) {
                    busy.push(room.room);
                    let (federation, is_patient) = (self.clone(), Rest::is_patient(rest));
                    turns.spawn(async move {
                        (room.room, federation.complete(room, is_patient).await, keys_told)
                    });
                }
            }
            let pauses =
                resting.iter().filter(|(room, _)| !busy.contains(room)).map(|(_, rest)| rest.left(now));
            let pause = pauses.min().unwrap_or(RESYNC_PAUSE_MAX).max(Duration::from_millis(1));
            tokio::select! {
                () = shutdown.wait() => {}
                _ = changes.changed() => {}
                _ = keys.changed() => {}
                () = tokio::time::sleep_until(now + pause) => {}
                Some(ended) = turns.join_next() => match ended {
                    Ok((room, ended, keys_seen)) => {
                        busy.retain(|busy| *busy != room);
                        if ended == Ended::Done {
                            resting.remove(&room);
                        } else {
                            let before = resting.get(&room).copied();
                            resting.insert(room, Rest::after(before, ended, Instant::now(), keys_seen));
                        }
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

    /// Tries to complete a room once. Who `is_patient` does not do without what cannot be proved now.
    async fn complete(&self, partial: Arc<PartialRoom>, is_patient: bool) -> Ended {
        let started = Instant::now();
        match self.try_complete(&partial, is_patient).await {
            Ok(Ended::Done) => {
                let elapsed_ms = started.elapsed().as_millis();
                tracing::info!(room = ?partial.room, elapsed_ms, "the state of a room is whole");
                metrics::histogram!("lianqiao_room_completion_seconds").record(started.elapsed());
                Ended::Done
            }
            Ok(ended) => ended,
            Err(error) => {
                tracing::warn!(room = ?partial.room, %error, "complete a room; will try again");
                Ended::InVain
            }
        }
    }

    async fn try_complete(&self, partial: &PartialRoom, is_patient: bool) -> Result<Ended, InboundError> {
        let rooms = &self.parts().rooms;
        let mut states = Vec::new();
        if !partial.is_state_known {
            let mut told = Told::Nothing;
            for server in self.servers_for(partial) {
                told = tokio::select! {
                    told = self.fetch_state_before(partial, &server, is_patient) => told?,
                    () = self.superseded(partial) => return Ok(Ended::Done),
                };
                // Another server has the same event, and not the keys.
                if !matches!(told, Told::Nothing) {
                    break;
                }
            }
            let ended = match told {
                Told::All(found) => {
                    states = found;
                    None
                }
                Told::Unproven => Some(Ended::Unproven),
                Told::Nothing => Some(Ended::InVain),
            };
            if let Some(ended) = ended {
                // Whoever left a room is told nothing of it any more.
                if !rooms.abandon_partial_room(partial.room).await? {
                    return Ok(ended);
                }
                self.replay_device_changes(partial.room).await?;
                return Ok(Ended::Done);
            }
        }
        rooms.complete_partial_room(partial.room, partial.join, &states).await?;
        self.replay_device_changes(partial.room).await?;
        Ok(Ended::Done)
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
