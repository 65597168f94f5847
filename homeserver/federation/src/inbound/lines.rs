//! Lines of events that wait, one for each room, and the worker that gives rooms their turns.

use std::collections::{HashMap, HashSet, VecDeque};

use base::Shutdown;
use parking_lot::Mutex;
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};
use store::{Batch, Scan};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::InboundError;
use super::limits::{ROOMS_AT_ONCE_MAX, STAGED_PAGE, STAGED_START_PAGE};
use super::tables::STAGED;
use crate::Federation;

/// Which rooms have work, which are at it, and how much each server has waiting.
#[derive(Default)]
pub(crate) struct Lines {
    state: Mutex<State>,
    work: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<OwnedRoomId>,
    /// Rooms in `waiting`, each once.
    queued: HashSet<OwnedRoomId>,
    busy: HashSet<OwnedRoomId>,
    by_origin: HashMap<OwnedServerName, usize>,
}

impl Lines {
    /// Events of this server that wait.
    pub fn staged_by(&self, origin: &ServerName) -> usize {
        self.state.lock().by_origin.get(origin).copied().unwrap_or(0)
    }

    /// An event was staged.
    pub fn staged(&self, origin: &ServerName, room_id: OwnedRoomId) {
        let mut state = self.state.lock();
        *state.by_origin.entry(origin.to_owned()).or_default() += 1;
        if state.queued.insert(room_id.clone()) {
            state.waiting.push_back(room_id);
        }
        drop(state);
        self.work.notify_one();
    }

    fn worked_off(&self, origin: &ServerName) {
        let mut state = self.state.lock();
        if let Some(count) = state.by_origin.get_mut(origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.by_origin.remove(origin);
            }
        }
    }

    /// The next room that has work and is not at it.
    fn next(&self) -> Option<OwnedRoomId> {
        let mut state = self.state.lock();
        let at = state.waiting.iter().position(|room| !state.busy.contains(room))?;
        let room = state.waiting.remove(at)?;
        state.queued.remove(&room);
        state.busy.insert(room.clone());
        Some(room)
    }

    fn ended(&self, room_id: &RoomId) {
        self.state.lock().busy.remove(room_id);
    }
}

impl Federation {
    pub(super) fn lines(&self) -> &Lines {
        self.inbound_lines()
    }

    /// Works off what other servers sent, until the server stops. What is cut off begins again after the next start.
    pub async fn work_inbound(&self, shutdown: Shutdown) {
        if let Err(error) = self.load_lines().await {
            tracing::error!(%error, "read the events that wait since the last run");
        }
        let mut turns: JoinSet<OwnedRoomId> = JoinSet::new();
        while !shutdown.is_triggered() {
            while turns.len() < ROOMS_AT_ONCE_MAX {
                let Some(room_id) = self.lines().next() else { break };
                let federation = self.clone();
                turns.spawn(async move {
                    if let Err(error) = federation.work_off(&room_id).await {
                        tracing::error!(%room_id, %error, "work off the events of a room");
                    }
                    room_id
                });
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.lines().work.notified() => {}
                Some(ended) = turns.join_next_with_id() => match ended {
                    Ok((_, room_id)) => self.lines().ended(&room_id),
                    Err(error) => tracing::error!(%error, "the turn of a room did not end"),
                },
            }
        }
        turns.shutdown().await;
    }

    /// Works off one page of a room, and puts the room to the end of the line when there is more.
    async fn work_off(&self, room_id: &RoomId) -> Result<(), InboundError> {
        let store = &self.parts().store;
        let page = store.scan(&STAGED, Scan::prefix(&room_id.to_owned()).limit(STAGED_PAGE)).await?;
        let is_full = page.len() == STAGED_PAGE;
        for (key, row) in page {
            self.take_in(room_id, &row.origin, &row.json).await;
            let mut batch = Batch::new();
            batch.delete(&STAGED, &key);
            store.commit(batch).await?;
            self.lines().worked_off(&row.origin);
        }
        let rooms = &self.parts().rooms;
        if let Some(room) = rooms.room_num(store, room_id).await? {
            rooms.tie_extremities(room).await?;
        }
        if is_full {
            let mut state = self.lines().state.lock();
            if state.queued.insert(room_id.to_owned()) {
                state.waiting.push_back(room_id.to_owned());
            }
        }
        Ok(())
    }

    async fn load_lines(&self) -> Result<(), InboundError> {
        let mut last = None;
        loop {
            let mut scan = Scan::all().limit(STAGED_START_PAGE);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = self.parts().store.scan(&STAGED, scan).await?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            last = Some(end.clone());
            for ((room_id, _), row) in page {
                self.lines().staged(&row.origin, room_id);
            }
        }
    }
}
