//! Events that take long are worked off beside the line of their room, so that whoever is in a room can delay nobody's
//! events but its own.
//!
//! An event that holds up its line for [`LINE_TIME_MAX`] goes on in a task of its own. Its row stays where it is until
//! then, and so do later events of the same server in this room; everybody else's are worked off. Tasks are few: of a
//! server that has as many as it may, the event goes to the end of the line instead and is tried again.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::StreamPos;
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};

use super::intake::Outcome;
use super::limits::{ASIDE_MAX, ASIDE_PER_ORIGIN_MAX, ASIDE_PER_ROOM_MAX, REST_TIME_MIN};
use super::lines::StagedKey;
use super::tables::StagedRow;
use crate::Federation;

#[cfg(doc)]
use super::limits::LINE_TIME_MAX;

/// Who stands aside in which room.
#[derive(Default)]
pub(super) struct Asides(HashMap<OwnedRoomId, Aside>);

#[derive(Default)]
struct Aside {
    origins: HashSet<OwnedServerName>,
    /// Up to here nothing is left in the line but events of those who stand aside.
    passed: Option<StreamPos>,
    /// Somebody came back during the turn that is going on.
    has_returned: bool,
}

impl Asides {
    pub fn has(&self, room_id: &RoomId, origin: &ServerName) -> bool {
        self.0.get(room_id).is_some_and(|aside| aside.origins.contains(origin))
    }

    /// Adds a server, if there is place; whether there was.
    pub fn add(&mut self, room_id: &RoomId, origin: &ServerName) -> bool {
        let all: usize = self.0.values().map(|aside| aside.origins.len()).sum();
        let of_origin = self.0.values().filter(|aside| aside.origins.contains(origin)).count();
        let in_room = self.0.get(room_id).map_or(0, |aside| aside.origins.len());
        if all >= ASIDE_MAX || of_origin >= ASIDE_PER_ORIGIN_MAX || in_room >= ASIDE_PER_ROOM_MAX {
            return false;
        }
        self.0.entry(room_id.to_owned()).or_default().origins.insert(origin.to_owned())
    }

    /// A server comes back. While the room is busy its turn has to learn of that.
    pub fn remove(&mut self, room_id: &RoomId, origin: &ServerName, is_busy: bool) {
        let Some(aside) = self.0.get_mut(room_id) else { return };
        aside.origins.remove(origin);
        (aside.passed, aside.has_returned) = (None, true);
        if aside.origins.is_empty() && !is_busy {
            self.0.remove(room_id);
        }
    }

    /// A turn begins: after which place.
    pub fn begin(&mut self, room_id: &RoomId) -> Option<StreamPos> {
        let aside = self.0.get_mut(room_id)?;
        aside.has_returned = false;
        aside.passed
    }

    /// A turn ends, which came to this place.
    pub fn end(&mut self, room_id: &RoomId, place: Option<StreamPos>) {
        let Some(aside) = self.0.get_mut(room_id) else { return };
        if aside.origins.is_empty() {
            self.0.remove(room_id);
        } else if aside.has_returned {
            aside.passed = None;
        } else {
            aside.passed = place.or(aside.passed);
        }
    }
}

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

    /// Lets an event go on beside its line, if there is place; whether there was.
    pub(super) fn goes_on_aside(&self, key: &StagedKey, row: &Arc<StagedRow>, taking: Taking) -> bool {
        if !self.lines().steps_aside(&key.0, &row.origin) {
            return false;
        }
        metrics::counter!("lianqiao_federation_events_aside_total").increment(1);
        tracing::info!(room_id = %key.0, origin = %row.origin, "an event takes long; others go on");
        let (federation, key, row) = (self.clone(), key.clone(), Arc::clone(row));
        let mut tasks = self.lines().tasks.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let outcome = taking.await;
            let pause = federation.settle(&key, &row, outcome).await.unwrap_or_else(|error| {
                tracing::error!(room_id = %key.0, %error, "settle an event; it is tried again");
                Some(REST_TIME_MIN)
            });
            federation.lines().steps_back(&key.0, &row.origin, pause);
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use ruma::{room_id, server_name};

    use super::*;

    #[test]
    fn who_steps_aside_is_skipped_until_it_is_back() {
        let (room, slow, other) = (room_id!("!r:x"), server_name!("slow.test"), server_name!("other.test"));
        let mut asides = Asides::default();
        assert_eq!(asides.begin(room), None);
        assert!(asides.add(room, slow) && asides.has(room, slow) && !asides.has(room, other));
        asides.end(room, Some(StreamPos::new(7)));
        assert_eq!(asides.begin(room), Some(StreamPos::new(7)), "those before it belong to who stands aside");
        asides.end(room, None);
        assert_eq!(asides.begin(room), Some(StreamPos::new(7)));
        // Back in the middle of a turn, while another one steps aside.
        asides.remove(room, slow, true);
        assert!(asides.add(room, other));
        asides.end(room, Some(StreamPos::new(9)));
        assert_eq!(asides.begin(room), None, "what was skipped is looked at again");
        asides.remove(room, other, false);
        assert!(asides.0.is_empty());
    }

    #[test]
    fn nobody_steps_aside_everywhere() {
        let mut asides = Asides::default();
        let room = |number: usize| RoomId::parse(format!("!r{number}:x")).expect("a room id");
        let slow = server_name!("slow.test");
        let taken = (0..100).filter(|number| asides.add(&room(*number), slow)).count();
        assert_eq!(taken, ASIDE_PER_ORIGIN_MAX);
        let server = |number: usize| ServerName::parse(format!("s{number}.test")).expect("a server name");
        let taken = (0..100).filter(|number| asides.add(&room(1_000), &server(*number))).count();
        assert_eq!(taken, ASIDE_PER_ROOM_MAX);
        for number in 0..1_000 {
            asides.add(&room(2_000 + number), &server(1_000 + number));
        }
        assert_eq!(asides.0.values().map(|aside| aside.origins.len()).sum::<usize>(), ASIDE_MAX);
    }
}
