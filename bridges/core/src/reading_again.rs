//! What becomes of messages without an event that tells of it: what was said last is read again, where a platform keeps changes to
//! itself.
//!
//! A conversation is read again soon after somebody spoke there and then after ever longer pauses, until its last word is a day old.
//! So one that is silent costs some requests and then none, and one that is never silent a bounded number of them.

use std::{collections::HashMap, time::Duration};

use base::Shutdown;
use bridge_api::{
    Arrival, Backfill, ConversationId, Failure, FailureKind, InboxRefused, limits::ARRIVALS_AT_ONCE_MAX,
};
use store::StoreError;

use crate::{
    Bridges,
    bridges::Seat,
    lanes::Lane,
    limits::{READ_AGAIN_AT_ONCE_MAX, READ_AGAIN_FAILURES_MAX, READ_AGAIN_LOOK, READ_AGAIN_MS},
    line::LineNow,
    tables::NEWEST,
};

/// When the conversations of a line were read again last.
#[derive(Default)]
struct Rounds {
    read: HashMap<ConversationId, u64>,
    /// The connection, and since when it was seen.
    connection: (u64, u64),
}

/// Whose turn it is, and how often at most.
struct Turn {
    every_ms: u64,
    connected_ms: u64,
    now_ms: u64,
}

impl Turn {
    /// Whether a conversation is read again now in which something was said last at a time.
    fn is_of(&self, said_ms: u64, read_ms: Option<u64>) -> bool {
        if self.now_ms.saturating_sub(said_ms) > READ_AGAIN_MS {
            return false;
        }
        let Some(read_ms) = read_ms else { return true };
        // After a connection events may be missing that were to tell of something.
        let is_since_connected = read_ms >= self.connected_ms;
        let silent_ms = if is_since_connected { read_ms.saturating_sub(said_ms) } else { 0 };
        read_ms.saturating_add(self.every_ms.max(silent_ms)) <= self.now_ms
    }
}

impl Bridges {
    /// Reads again what was said last, until the shutdown.
    pub(crate) async fn keep_reading_again(&self, seat: &Seat, shutdown: &Shutdown) {
        let Some(backfill) = seat.connector.backfill() else { return };
        let Some(every) = backfill.read_again_every() else { return };
        let mut rounds = Rounds::default();
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(READ_AGAIN_LOOK) => {}
            }
            let LineNow::Up(serial) = seat.now() else { continue };
            tokio::select! {
                () = shutdown.wait() => return,
                read = Box::pin(self.read_again(seat, backfill, serial, every, &mut rounds)) => {
                    if let Err(error) = read {
                        tracing::warn!(%error, network = seat.network.key(), "it cannot be seen what is to be read again");
                    }
                }
            }
        }
    }

    /// Reads again the conversations whose turn it is, those first that wait for it longest.
    async fn read_again(
        &self,
        seat: &Seat,
        backfill: &dyn Backfill,
        serial: u64,
        every: Duration,
        rounds: &mut Rounds,
    ) -> Result<(), StoreError> {
        let now_ms = self.0.clock.now_ms();
        if rounds.connection.0 != serial {
            rounds.connection = (serial, now_ms);
        }
        let every_ms = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        let turn = Turn { every_ms, connected_ms: rounds.connection.1, now_ms };
        let bound = self.portals().bound(seat.network);
        let (mut due, mut kept) = (Vec::new(), HashMap::new());
        for (lane, _) in bound {
            let read_ms = rounds.read.remove(&lane.1);
            kept.extend(read_ms.map(|read_ms| (lane.1.clone(), read_ms)));
            let newest = self.0.store.get(&NEWEST, &(lane.0.key(), lane.1.as_str())).await?;
            // What was missed comes with the history, in its order.
            if newest.is_some_and(|said_ms| turn.is_of(said_ms, read_ms))
                && !seat.catching_up.is_unread(&lane.1)
            {
                due.push((read_ms, lane));
            }
        }
        rounds.read = kept;
        due.sort_by_key(|(read_ms, _)| *read_ms);
        let mut failures = 0;
        for (_, lane) in due.into_iter().take(READ_AGAIN_AT_ONCE_MAX) {
            match self.read_latest(backfill, &lane, now_ms).await {
                // Nonsense is said of one conversation: it has its next turn with the others, or some such would take all turns.
                Err(failure) if failure.passes() && !matches!(failure.kind, FailureKind::Garbled(_)) => {
                    tracing::warn!(%failure, conversation = %lane.1, "what was said last cannot be read again yet");
                    failures += 1;
                    if failures == READ_AGAIN_FAILURES_MAX {
                        return Ok(());
                    }
                    continue;
                }
                Err(failure) => {
                    tracing::debug!(%failure, conversation = %lane.1, "what was said last cannot be read again");
                }
                Ok(new) if new > 0 => {
                    tracing::info!(network = seat.network.key(), conversation = %lane.1, new, "no event had told of this");
                }
                Ok(_) => {}
            }
            rounds.read.insert(lane.1, now_ms);
        }
        Ok(())
    }

    /// Takes in what was said last in a conversation, as far as it is bound for so long; how much of it was new.
    async fn read_latest(&self, backfill: &dyn Backfill, lane: &Lane, now_ms: u64) -> Result<usize, Failure> {
        let bound_ms = self.portals().get(lane).map_or(now_ms, |row| row.bound_ms);
        let since_ms = now_ms.saturating_sub(READ_AGAIN_MS).max(bound_ms);
        let items: Vec<Arrival> = backfill.latest(&lane.1, since_ms).await?;
        let mut new = 0;
        for arrivals in items.chunks(ARRIVALS_AT_ONCE_MAX) {
            let taken = self.take(lane.0, arrivals.to_vec(), true).await;
            new += taken.map_err(|refused: InboxRefused| Failure::later(refused.to_string()))?;
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: u64 = 60_000;

    #[test]
    fn a_silent_conversation_is_read_ever_less_and_after_a_day_no_more() {
        let said_ms = 1_000_000_000;
        let (mut read_ms, mut times) = (None, Vec::new());
        for minute in 0..48 * 60 {
            let now_ms = said_ms + minute * MINUTE_MS;
            let turn = Turn { every_ms: 10 * MINUTE_MS, connected_ms: 0, now_ms };
            if turn.is_of(said_ms, read_ms) {
                read_ms = Some(now_ms);
                times.push(minute);
            }
        }
        assert_eq!(times, [0, 10, 20, 40, 80, 160, 320, 640, 1_280]);
    }

    #[test]
    fn a_new_connection_has_each_conversation_read_again_but_never_sooner_than_it_may() {
        let (said_ms, read_ms) = (1_000_000_000, 1_000_000_000 + 600 * MINUTE_MS);
        let turn = |now: u64, connected: u64| Turn {
            every_ms: 10 * MINUTE_MS,
            connected_ms: read_ms + connected * MINUTE_MS,
            now_ms: read_ms + now * MINUTE_MS,
        };
        assert!(!turn(30, 0).is_of(said_ms, Some(read_ms)), "it is silent");
        assert!(turn(30, 20).is_of(said_ms, Some(read_ms)), "something may have been missed");
        assert!(!turn(9, 1).is_of(said_ms, Some(read_ms)), "a line that comes and goes asks no more often");
    }
}
