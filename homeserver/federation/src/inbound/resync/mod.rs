//! Fetching the state that is missing of rooms which were entered with a part of it (MSC3902).
//!
//! A few rooms at a time, each asking the server that let us in first and then others that should be in the room. What
//! has been fetched is kept as outliers in small batches, so that a try which is cut off, by a crash too, leaves the
//! next one less to fetch. The state is put in by `rooms`. Never gives up while a local user is in the room. What cannot be
//! had or proved just then is waited for a while ([`waits`]), because left out it would be missing for good, and then left
//! out. Where all was told with the join already, that is the state then, whether anybody tells it again or not.

mod devices;
mod fetch;
mod rests;
mod waits;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::Shutdown;
use model::{EventNum, RoomNum};
use rooms::PartialRoom;
use ruma::OwnedServerName;
use store::TableInfo;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::InboundError;
use super::limits::{
    RESYNC_KEYS_TIME_MAX, RESYNC_PAUSE_MAX, RESYNC_SERVERS_MAX, RESYNC_TRY_TIME_MAX, RESYNCS_AT_ONCE_MAX,
};
use crate::Federation;
use crate::ring::KeyBudget;

use fetch::Told;
use rests::{Ended, Rest};
use waits::Waits;

/// The list of this module.
pub(super) fn tables() -> Vec<TableInfo> {
    [devices::tables(), waits::tables()].concat()
}

/// A try to complete a room that has ended.
struct Turn {
    partial: Arc<PartialRoom>,
    ended: Ended,
    /// When it began, in milliseconds since 1970.
    began_ms: u64,
    /// How often servers had told their keys late then.
    keys_seen: u64,
}

impl Federation {
    /// Completes partial rooms until the server stops.
    pub async fn complete_rooms(&self, shutdown: Shutdown) {
        let rooms = &self.parts().rooms;
        let mut changes = rooms.partial_rooms_changes();
        let mut keys = self.ring().late_keys();
        let mut resting: HashMap<RoomNum, Rest> = HashMap::new();
        let mut waits = self.waits_of_last_run().await;
        let mut turns: JoinSet<Turn> = JoinSet::new();
        let mut busy: Vec<RoomNum> = Vec::new();
        if let Err(error) = self.replay_left_device_changes().await {
            tracing::warn!(%error, "announce devices that changed while a room was not whole");
        }
        while !shutdown.is_triggered() {
            let now = Instant::now();
            let mut partial = rooms.partial_rooms();
            resting.retain(|room, _| rooms.is_partial(*room));
            if let Err(error) = waits.retain(&self.parts().store, |room| rooms.is_partial(room)).await {
                tracing::warn!(%error, "forget how long a room was waited for that is whole");
            }
            metrics::gauge!("lianqiao_partial_rooms").set(partial.len() as f64);
            metrics::gauge!("lianqiao_partial_rooms_lacking").set(waits.count() as f64);
            // Rooms that nobody helps with must not stand before the others.
            partial.sort_by_key(|room| resting.get(&room.room).map_or(0, Rest::failures));
            let keys_told = *keys.borrow_and_update();
            for room in partial {
                let rest = resting.get(&room.room);
                let rests = rest.is_some_and(|rest| !rest.is_over(now, keys_told));
                if turns.len() < RESYNCS_AT_ONCE_MAX && !rests && !busy.contains(&room.room) {
                    busy.push(room.room);
                    let began_ms = self.parts().clock.now_ms();
                    let (federation, is_patient) = (self.clone(), waits.is_patient(&room, began_ms));
                    turns.spawn(async move {
                        let ended = federation.complete(&room, is_patient).await;
                        Turn { partial: room, ended, began_ms, keys_seen: keys_told }
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
                    Ok(turn) => {
                        let room = turn.partial.room;
                        busy.retain(|busy| *busy != room);
                        if turn.ended == Ended::Done {
                            resting.remove(&room);
                        } else {
                            let before = resting.get(&room).copied();
                            let rest = Rest::after(before, turn.ended, Instant::now(), turn.keys_seen);
                            resting.insert(room, rest);
                            self.note_wait(&mut waits, &turn).await;
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

    async fn waits_of_last_run(&self) -> Waits {
        let parts = self.parts();
        let join = |room: RoomNum| -> Option<EventNum> { Some(parts.rooms.partial_room(room)?.join) };
        Waits::open(&parts.store, join, parts.clock.now_ms()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "read how long rooms were waited for; it begins anew");
            Waits::default()
        })
    }

    /// Counts the time that a room has waited for what it lacks. Where nobody has told the members at all there is nothing
    /// to do with instead, and no wait that ends.
    async fn note_wait(&self, waits: &mut Waits, turn: &Turn) {
        if turn.ended == Ended::InVain && !turn.partial.is_all_told {
            return;
        }
        let now_ms = self.parts().clock.now_ms();
        if let Err(error) = waits.note(&self.parts().store, &turn.partial, turn.began_ms, now_ms).await {
            tracing::warn!(%error, "remember how long a room was waited for");
        }
    }

    /// Tries to complete a room once. Who `is_patient` does not do without what cannot be had or proved now.
    async fn complete(&self, partial: &PartialRoom, is_patient: bool) -> Ended {
        let started = Instant::now();
        match self.try_complete(partial, is_patient).await {
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
            let told = tokio::select! {
                told = timeout(RESYNC_TRY_TIME_MAX, self.ask_for_state(partial, is_patient)) => told,
                () = self.superseded(partial) => return Ok(Ended::Done),
            };
            let ended = match told.unwrap_or(Ok(Told::Nothing))? {
                Told::All(found) => {
                    states = found;
                    None
                }
                Told::Lacking { elsewhere: true } => Some(Ended::Lacking),
                Told::Lacking { elsewhere: false } => Some(Ended::Unproven),
                Told::Nothing => Some(Ended::InVain),
            };
            if let Some(ended) = ended {
                // Whoever left a room is told nothing of it any more.
                if rooms.abandon_partial_room(partial.room).await? {
                    self.replay_device_changes(partial.room).await?;
                    return Ok(Ended::Done);
                }
                if is_patient || !partial.is_all_told {
                    return Ok(ended);
                }
                let (room, helper) = (partial.room, &partial.helper);
                tracing::warn!(?room, %helper, "nobody tells a room's state again; what could be proved of it has to do");
            }
        }
        rooms.complete_partial_room(partial.room, partial.join, &states).await?;
        self.replay_device_changes(partial.room).await?;
        Ok(Ended::Done)
    }

    /// Asks one server after the other for the states after the parents of the own membership event.
    async fn ask_for_state(
        &self,
        partial: &PartialRoom,
        is_patient: bool,
    ) -> Result<Told<Vec<Vec<EventNum>>>, InboundError> {
        let mut budget = KeyBudget::within(RESYNC_KEYS_TIME_MAX);
        let mut outcome = Told::Nothing;
        for server in self.servers_for(partial) {
            match self.fetch_state_before(partial, &server, is_patient, &mut budget).await? {
                Told::Nothing => {}
                Told::Lacking { elsewhere: true } => outcome = Told::Lacking { elsewhere: true },
                // Another server has the same event, and not the keys.
                told @ (Told::All(_) | Told::Lacking { elsewhere: false }) => return Ok(told),
            }
        }
        Ok(outcome)
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
