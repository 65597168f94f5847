//! Lines of events that wait, one for each room, and the worker that gives rooms their turns.
//!
//! An event that takes long, because others are asked for what it refers to, does not hold up its room: it is worked off
//! beside the line, and so much of its server as waits for it. See [`super::aside`].

mod turns;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use model::StreamPos;
use parking_lot::Mutex;
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};
use store::{Scan, Store, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::aside::{Asides, Beginning, Place};
use super::limits::{LINE_TIME_MAX, STAGED_MAX, STAGED_PER_ORIGIN_MAX, STAGED_START_PAGE};
use super::tables::STAGED;
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

    /// How this event is to be begun.
    fn beginning(&self, (room_id, at): &StagedKey, origin: &ServerName) -> Beginning {
        self.state.lock().asides.beginning(room_id, origin, *at, Instant::now())
    }

    /// Lets a server step aside: whether it works there or only waits.
    pub(super) fn steps_aside(&self, room_id: &RoomId, origin: &ServerName) -> Place {
        self.state.lock().asides.add(room_id, origin, Instant::now())
    }

    /// A server comes back into the line of a room, having worked beside it for so long.
    pub(super) fn steps_back(&self, room_id: &RoomId, origin: &ServerName, worked: Duration) {
        let mut state = self.state.lock();
        let is_busy = state.busy.contains(room_id);
        if worked >= LINE_TIME_MAX {
            state.asides.took_long(room_id, origin, Instant::now());
        }
        state.asides.remove(room_id, origin, is_busy);
        state.queue(room_id.to_owned());
        drop(state);
        self.work.notify_one();
    }

    /// An event of a server held up the line of a room.
    fn took_long(&self, room_id: &RoomId, origin: &ServerName) {
        self.state.lock().asides.took_long(room_id, origin, Instant::now());
    }

    /// An event is not tried before this pause is over.
    pub(super) fn rests(&self, room_id: &RoomId, at: StreamPos, pause: Duration) {
        self.state.lock().asides.rest(room_id, at, Instant::now() + pause);
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
}
