//! Spaces and rooms of the company and its departments, kept in step with the chart.
//!
//! A timer compares what there is with what there should be (`wanted.rs`), does a bounded part of what is left, and comes back soon
//! while anything is: rooms are ordered (`ordering.rs`), people come and go (`members.rs`), heads may speak (`speakers.rs`). A
//! department is a space below the one above it, with a room for announcements where heads speak and one for everybody. Rooms that
//! are in a space let its members in without being asked.

mod members;
mod ordering;
mod speakers;
mod wanted;

use std::collections::BTreeSet;

use kit::{BotError, Letter, To};
use serde_json::{Value, json};
use store::Batch;

pub use self::wanted::key_of;
use self::wanted::wanted;
pub(crate) use self::wanted::{COMPANY, Wanted};
use crate::{
    Organisation,
    bot::LOCALPART,
    limits::{CHANGES_OF_LOOK_MAX, ROOMS_INTERVAL_MS, ROOMS_SOON_MS},
};

/// The key of the timer.
pub(crate) const TIMER: &str = "rooms";

impl Organisation {
    /// Has the next look come.
    pub(crate) fn look_at_rooms(&self, batch: &mut Batch, after_ms: u64) {
        let at_ms = self.0.kit.clock().now_ms().saturating_add(after_ms);
        self.0.kit.timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Compares the rooms with the chart, and does a part of what is left.
    pub(crate) async fn keep_rooms(&self, batch: &mut Batch) -> Result<(), BotError> {
        if !self.0.has_rooms {
            return Ok(());
        }
        let chart = self.0.people.chart();
        let mut left = CHANGES_OF_LOOK_MAX;
        let mut is_waiting = false;
        let rooms = wanted(&chart);
        let keys: BTreeSet<String> = rooms.iter().map(|room| room.key.clone()).collect();
        for wanted in rooms {
            if left == 0 {
                break;
            }
            match self.is_ready(&wanted, batch, &mut left).await? {
                true => self.keep_room(&wanted, &chart, batch, &mut left).await?,
                // Its space is still being made.
                false => is_waiting = true,
            }
        }
        if left > 0 {
            self.empty_old_rooms(&keys, &chart, batch, &mut left).await?;
        }
        let again_ms = if left == 0 || is_waiting { ROOMS_SOON_MS } else { ROOMS_INTERVAL_MS };
        self.look_at_rooms(batch, again_ms);
        Ok(())
    }

    pub(crate) fn put_state(
        &self,
        batch: &mut Batch,
        key: String,
        place: &str,
        kind: &str,
        state_key: &str,
        content: Value,
    ) {
        let mut letter = Letter::message(key, LOCALPART, To::Place(place.to_owned()), content);
        letter.kind = kind.to_owned();
        letter.state_key = Some(state_key.to_owned());
        self.0.kit.outbox().put(batch, letter);
    }
}
