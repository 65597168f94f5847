//! Lines of events that wait, one for each room, and the worker that gives rooms their turns.
//!
//! An event that takes long, because others are asked for what it refers to, does not hold up its room: it is worked off
//! beside the line, and so much of its server as waits for it. See [`super::aside`].

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base::Shutdown;
use model::StreamPos;
use parking_lot::Mutex;
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};
use store::{Batch, Scan, Store, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::InboundError;
use super::aside::Asides;
use super::intake::Outcome;
use super::limits::{
    LINE_TIME_MAX, REST_TIME_MIN, ROOMS_AT_ONCE_MAX, STAGED_MAX, STAGED_PAGE, STAGED_PER_ORIGIN_MAX,
    STAGED_START_PAGE, TRIES_MAX,
};
use super::tables::{STAGED, StagedRow};
use crate::Federation;

/// Which rooms have work, which are at it, and how much each server has waiting.
#[derive(Default)]
pub(crate) struct Lines {
    state: Mutex<State>,
    work: Notify,
    /// What is worked off beside the lines.
    pub(super) tasks: Mutex<JoinSet<()>>,
}

/// Where an event is staged.
pub(super) type StagedKey = (OwnedRoomId, StreamPos);

#[derive(Default)]
struct State {
    asides: Asides,
    waiting: VecDeque<OwnedRoomId>,
    /// Rooms in `waiting`, each once.
    queued: HashSet<OwnedRoomId>,
    busy: HashSet<OwnedRoomId>,
    /// Rooms with work that could not be done, by when it is tried again.
    resting: BTreeSet<(Instant, OwnedRoomId)>,
    by_origin: HashMap<OwnedServerName, usize>,
    staged: usize,
}

impl State {
    fn queue(&mut self, room_id: OwnedRoomId) {
        if self.queued.insert(room_id.clone()) {
            self.waiting.push_back(room_id);
        }
    }
}

impl Lines {
    /// The lines as the last run left them.
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let lines = Self::default();
        let mut scan = Scan::all().limit(STAGED_START_PAGE);
        loop {
            let page = store.scan(&STAGED, scan).await?;
            let Some((end, _)) = page.last() else { return Ok(lines) };
            scan = Scan::all().limit(STAGED_START_PAGE).after(end);
            for ((room_id, _), row) in page {
                lines.staged(&row.origin, room_id);
            }
        }
    }

    /// Whether so much waits, of this server or of all, that no more is taken.
    pub fn is_full(&self, origin: &ServerName) -> bool {
        let state = self.state.lock();
        state.staged >= STAGED_MAX
            || state.by_origin.get(origin).is_some_and(|staged| *staged >= STAGED_PER_ORIGIN_MAX)
    }

    /// An event was staged.
    pub fn staged(&self, origin: &ServerName, room_id: OwnedRoomId) {
        let mut state = self.state.lock();
        *state.by_origin.entry(origin.to_owned()).or_default() += 1;
        state.staged += 1;
        state.queue(room_id);
        drop(state);
        self.work.notify_one();
    }

    fn worked_off(&self, origin: &ServerName) {
        let mut state = self.state.lock();
        state.staged = state.staged.saturating_sub(1);
        if let Some(count) = state.by_origin.get_mut(origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.by_origin.remove(origin);
            }
        }
    }

    /// The next room that has work and is not at it.
    fn next(&self, now: Instant) -> Option<OwnedRoomId> {
        let mut state = self.state.lock();
        while state.resting.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, room_id)) = state.resting.pop_first() else { break };
            state.queue(room_id);
        }
        let at = state.waiting.iter().position(|room| !state.busy.contains(room))?;
        let room = state.waiting.remove(at)?;
        state.queued.remove(&room);
        state.busy.insert(room.clone());
        Some(room)
    }

    /// When the first room has rested.
    fn rested_at(&self) -> Option<Instant> {
        self.state.lock().resting.first().map(|(until, _)| *until)
    }

    /// Whether an event of this server is worked off beside the line of this room.
    fn is_aside(&self, room_id: &RoomId, origin: &ServerName) -> bool {
        self.state.lock().asides.has(room_id, origin)
    }

    /// Lets a server step aside, if not too many have; whether it did.
    pub(super) fn steps_aside(&self, room_id: &RoomId, origin: &ServerName) -> bool {
        self.state.lock().asides.add(room_id, origin)
    }

    /// A server comes back into the line of a room, after a pause if there is one.
    pub(super) fn steps_back(&self, room_id: &RoomId, origin: &ServerName, pause: Option<Duration>) {
        let mut state = self.state.lock();
        let is_busy = state.busy.contains(room_id);
        state.asides.remove(room_id, origin, is_busy);
        state.queue(room_id.to_owned());
        if let Some(pause) = pause {
            state.resting.insert((Instant::now() + pause, room_id.to_owned()));
        }
        drop(state);
        self.work.notify_one();
    }

    fn ended(&self, room_id: &RoomId, turn: Turn) {
        let mut state = self.state.lock();
        state.busy.remove(room_id);
        match turn {
            Turn::Done => {}
            Turn::More => state.queue(room_id.to_owned()),
            Turn::Rest(pause) => {
                state.resting.insert((Instant::now() + pause, room_id.to_owned()));
            }
        }
    }
}

/// How the turn of a room ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing is left of what was there.
    Done,
    /// More waits.
    More,
    /// Something waits that cannot be done now.
    Rest(Duration),
}

impl Federation {
    pub(super) fn lines(&self) -> &Lines {
        self.inbound_lines()
    }

    /// Works off what other servers sent, until the server stops. What is cut off begins again after the next start.
    pub async fn work_inbound(&self, shutdown: Shutdown) {
        let mut turns: JoinSet<Turn> = JoinSet::new();
        let mut rooms = HashMap::new();
        while !shutdown.is_triggered() {
            while turns.len() < ROOMS_AT_ONCE_MAX {
                let Some(room_id) = self.lines().next(Instant::now()) else { break };
                let (federation, room) = (self.clone(), room_id.clone());
                let turn = turns.spawn(async move { federation.turn_of(&room).await });
                rooms.insert(turn.id(), room_id);
            }
            let rested_at = self.lines().rested_at();
            let rest = async {
                match rested_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.lines().work.notified() => {}
                () = rest, if turns.len() < ROOMS_AT_ONCE_MAX => {}
                Some(ended) = turns.join_next_with_id() => {
                    let (id, turn) = match ended {
                        Ok(ended) => ended,
                        Err(error) => {
                            tracing::error!(%error, "the turn of a room did not end");
                            (error.id(), Turn::Rest(REST_TIME_MIN))
                        }
                    };
                    if let Some(room_id) = rooms.remove(&id) {
                        self.lines().ended(&room_id, turn);
                    }
                }
            }
        }
        turns.shutdown().await;
        let mut beside = std::mem::take(&mut *self.lines().tasks.lock());
        beside.shutdown().await;
    }

    async fn turn_of(&self, room_id: &RoomId) -> Turn {
        match self.work_off(room_id).await {
            Ok(turn) => turn,
            Err(error) => {
                tracing::error!(%room_id, %error, "work off the events of a room; it is tried again");
                Turn::Rest(REST_TIME_MIN)
            }
        }
    }

    /// Works off one page of a room.
    async fn work_off(&self, room_id: &RoomId) -> Result<Turn, InboundError> {
        let store = &self.parts().store;
        let passed = self.lines().state.lock().asides.begin(room_id);
        let mut scan = Scan::prefix(&room_id.to_owned()).limit(STAGED_PAGE);
        if let Some(passed) = passed {
            scan = scan.after(&(room_id.to_owned(), passed));
        }
        let page = store.scan(&STAGED, scan).await?;
        let mut turn = if page.len() == STAGED_PAGE { Turn::More } else { Turn::Done };
        let end = page.last().map(|((_, position), _)| *position);
        for (key, row) in page {
            if self.lines().is_aside(room_id, &row.origin) {
                continue;
            }
            let row = Arc::new(row);
            let mut taking = self.taking(room_id, &row);
            let outcome = match timeout(LINE_TIME_MAX, &mut taking).await {
                Ok(outcome) => outcome,
                Err(_) if self.goes_on_aside(&key, &row, taking) => continue,
                Err(_) => Outcome::Later,
            };
            let pause = self.settle(&key, &row, outcome).await?;
            if let Some(pause) = pause.filter(|_| turn != Turn::More) {
                turn = Turn::Rest(pause);
            }
        }
        self.lines().state.lock().asides.end(room_id, end);
        let rooms = &self.parts().rooms;
        if let Some(room) = rooms.room_num(store, room_id).await? {
            rooms.tie_extremities(room).await?;
        }
        self.take_late_receipts(room_id).await?;
        Ok(turn)
    }

    /// Takes a staged event out, or puts it to the end of its line if it may work out another time. Then the pause before
    /// that is returned.
    pub(super) async fn settle(
        &self,
        key: &StagedKey,
        row: &StagedRow,
        outcome: Outcome,
    ) -> Result<Option<Duration>, InboundError> {
        let mut batch = Batch::new();
        batch.delete(&STAGED, key);
        let is_put_back = outcome == Outcome::Later && row.tries < TRIES_MAX;
        if is_put_back {
            let position = batch.position();
            let again = StagedRow { tries: row.tries + 1, ..row.clone() };
            batch.put(&STAGED, &(key.0.clone(), position), &again);
        }
        self.parts().store.commit(batch).await?;
        if !is_put_back {
            self.lines().worked_off(&row.origin);
        }
        Ok(is_put_back.then(|| REST_TIME_MIN * 2_u32.pow(row.tries)))
    }
}
