//! Events that take long are worked off beside the line of their room, so that whoever is in a room can delay nobody's
//! events but its own.
//!
//! An event that holds up its line for [`LINE_TIME_MAX`] goes on in a task of its own. Its row stays where it is until
//! then, and so do later events of the same server in this room; everybody else's are worked off. A server that took so
//! long is not waited for in this room again for a while: its next events begin beside the line. Tasks are few: a
//! server that has as many as it may waits beside the line, and what it sent is not begun meanwhile. An event that is to
//! be tried again rests: it is passed over until its pause is over, whatever else comes into the room.

mod places;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ruma::RoomId;
use tokio::time::Instant;

pub(super) use self::places::{Asides, Beginning, Place};
use super::intake::Outcome;
use super::limits::REST_TIME_MIN;
use super::lines::StagedKey;
use super::tables::StagedRow;
use crate::Federation;

#[cfg(doc)]
use super::limits::LINE_TIME_MAX;

/// An event that is being worked off.
pub(super) type Taking = BoxFuture<'static, Outcome>;

impl Federation {
    /// Works off one event, wherever that goes on.
    pub(super) fn taking(&self, room_id: &RoomId, row: &Arc<StagedRow>) -> Taking {
        let (federation, room_id, row) = (self.clone(), room_id.to_owned(), Arc::clone(row));
        let taking = async move {
            // An event over which our own code stumbles must not hold up those behind it.
            let taking = AssertUnwindSafe(federation.take_in(&room_id, &row)).catch_unwind();
            taking.await.unwrap_or_else(|_| {
                tracing::error!(%room_id, origin = %row.origin, "an event of another server met a bug and is dropped");
                Outcome::Done("panicked")
            })
        };
        taking.boxed()
    }

    /// Lets an event go on beside its line, or leaves it there with its server until there is place.
    pub(super) fn goes_on_aside(&self, key: &StagedKey, row: &Arc<StagedRow>, taking: Taking) {
        if self.lines().steps_aside(&key.0, &row.origin) != Place::Works {
            return;
        }
        metrics::counter!("lianqiao_federation_events_aside_total").increment(1);
        tracing::info!(room_id = %key.0, origin = %row.origin, "an event takes long; others go on");
        let (federation, key, row) = (self.clone(), key.clone(), Arc::clone(row));
        let mut tasks = self.lines().tasks.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let started = Instant::now();
            let outcome = taking.await;
            if let Err(error) = federation.settle(&key, &row, outcome).await {
                tracing::error!(room_id = %key.0, %error, "settle an event; it is tried again");
                federation.lines().rests(&key.0, key.1, REST_TIME_MIN);
            }
            federation.lines().steps_back(&key.0, &row.origin, started.elapsed());
        });
    }
}
