//! The worker that gives rooms their turns, and what a turn does: one page of a room's line.

use std::collections::HashMap;
use std::sync::Arc;

use base::Shutdown;
use ruma::RoomId;
use store::{Batch, Scan};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::InboundError;
use super::super::aside::Beginning;
use super::super::intake::Outcome;
use super::super::limits::{LINE_TIME_MAX, REST_TIME_MIN, ROOMS_AT_ONCE_MAX, STAGED_PAGE, TRIES_MAX};
use super::super::tables::{STAGED, StagedRow};
use super::{StagedKey, Turn};
use crate::Federation;

impl Federation {
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
        let passed = self.lines().state.lock().asides.begin(room_id, Instant::now());
        let mut scan = Scan::prefix(&room_id.to_owned()).limit(STAGED_PAGE);
        if let Some(passed) = passed {
            scan = scan.after(&(room_id.to_owned(), passed));
        }
        let page = store.scan(&STAGED, scan).await?;
        let mut turn = if page.len() == STAGED_PAGE { Turn::More } else { Turn::Done };
        let end = page.last().map(|((_, position), _)| *position);
        for (key, row) in page {
            let row = Arc::new(row);
            let mut taking = self.taking(room_id, &row);
            match self.lines().beginning(&key, &row.origin) {
                Beginning::NotYet => {}
                Beginning::Beside => self.goes_on_aside(&key, &row, taking),
                Beginning::InLine => match timeout(LINE_TIME_MAX, &mut taking).await {
                    Ok(outcome) => self.settle(&key, &row, outcome).await?,
                    Err(_) => {
                        self.lines().took_long(room_id, &row.origin);
                        self.goes_on_aside(&key, &row, taking);
                    }
                },
            }
        }
        let next_look = {
            let mut state = self.lines().state.lock();
            state.asides.end(room_id, end);
            state.asides.next_look(room_id)
        };
        if let Some(at) = next_look.filter(|_| turn == Turn::Done) {
            turn = Turn::Rest(at.saturating_duration_since(Instant::now()));
        }
        let rooms = &self.parts().rooms;
        if let Some(room) = rooms.room_num(store, room_id).await? {
            rooms.tie_extremities(room).await?;
        }
        self.take_late_receipts(room_id).await?;
        Ok(turn)
    }

    /// Takes a staged event out, or puts it to the end of its line, to be tried again after a pause, if it may work out
    /// another time.
    pub(in super::super) async fn settle(
        &self,
        key: &StagedKey,
        row: &StagedRow,
        outcome: Outcome,
    ) -> Result<(), InboundError> {
        let mut batch = Batch::new();
        batch.delete(&STAGED, key);
        if outcome == Outcome::Later && row.tries < TRIES_MAX {
            let position = batch.position();
            let again = StagedRow { tries: row.tries + 1, ..row.clone() };
            batch.put(&STAGED, &(key.0.clone(), position), &again);
            let commit = self.parts().store.commit(batch).await?;
            let pause = REST_TIME_MIN * 2_u32.pow(row.tries);
            self.lines().rests(&key.0, commit.resolve(position), pause);
        } else {
            self.parts().store.commit(batch).await?;
            self.lines().worked_off(&row.origin);
        }
        Ok(())
    }
}
