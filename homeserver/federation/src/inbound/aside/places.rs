//! Who works or waits beside which line, and what rests there: rules without a task, a row or a clock.

use std::collections::{BTreeMap, HashMap};

use model::StreamPos;
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};
use tokio::time::Instant;

use super::super::limits::{
    ASIDE_MAX, ASIDE_PER_ORIGIN_MAX, ASIDE_PER_ROOM_MAX, REST_TIME_MIN, SLOW_SERVERS_MAX, SLOW_TIME,
};

/// Who stands aside in which room, what rests there, and who took long of late.
#[derive(Default)]
pub(crate) struct Asides {
    rooms: HashMap<OwnedRoomId, Aside>,
    /// Until when a room does not wait for a server.
    slow: HashMap<(OwnedRoomId, OwnedServerName), Instant>,
}

/// What a server does that stands aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An event of it is worked off.
    Works,
    /// It waits until it may ask for a place again.
    WaitsUntil(Instant),
}

/// How an event of the line is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// In the line.
    InLine,
    /// Beside it: its server took long before.
    Beside,
    /// Not now.
    NotYet,
}

#[derive(Default)]
struct Aside {
    origins: HashMap<OwnedServerName, Place>,
    /// Events that are not tried before their time.
    resting: BTreeMap<StreamPos, Instant>,
    /// Up to here nothing is left in the line but what rests and events of those who stand aside.
    passed: Option<StreamPos>,
    /// Somebody came back during the turn that is going on.
    has_returned: bool,
}

impl Aside {
    fn working(&self) -> usize {
        self.origins.values().filter(|place| **place == Place::Works).count()
    }

    fn is_empty(&self) -> bool {
        self.origins.is_empty() && self.resting.is_empty()
    }
}

impl Asides {
    /// How an event is to be begun that is next in its line.
    pub fn beginning(&self, room_id: &RoomId, origin: &ServerName, at: StreamPos, now: Instant) -> Beginning {
        let aside = self.rooms.get(room_id);
        if aside.is_some_and(|aside| aside.origins.contains_key(origin) || aside.resting.contains_key(&at)) {
            Beginning::NotYet
        } else if self.is_slow(room_id, origin, now) {
            Beginning::Beside
        } else {
            Beginning::InLine
        }
    }

    /// Lets a server step aside: to work there, or to wait where as many work as may.
    pub fn add(&mut self, room_id: &RoomId, origin: &ServerName, now: Instant) -> Place {
        let working: usize = self.rooms.values().map(Aside::working).sum();
        let works = |aside: &&Aside| aside.origins.get(origin) == Some(&Place::Works);
        let of_origin = self.rooms.values().filter(works).count();
        let in_room = self.rooms.get(room_id).map_or(0, Aside::working);
        let may_work =
            working < ASIDE_MAX && of_origin < ASIDE_PER_ORIGIN_MAX && in_room < ASIDE_PER_ROOM_MAX;
        let place = if may_work { Place::Works } else { Place::WaitsUntil(now + REST_TIME_MIN) };
        self.rooms.entry(room_id.to_owned()).or_default().origins.insert(origin.to_owned(), place);
        place
    }

    fn is_slow(&self, room_id: &RoomId, origin: &ServerName, now: Instant) -> bool {
        let until = || self.slow.get(&(room_id.to_owned(), origin.to_owned()));
        !self.slow.is_empty() && until().is_some_and(|until| now < *until)
    }

    /// An event of a server took long in a room.
    pub fn took_long(&mut self, room_id: &RoomId, origin: &ServerName, now: Instant) {
        if self.slow.len() >= SLOW_SERVERS_MAX {
            self.slow.retain(|_, until| now < *until);
        }
        if self.slow.len() < SLOW_SERVERS_MAX {
            self.slow.insert((room_id.to_owned(), origin.to_owned()), now + SLOW_TIME);
        }
    }

    /// An event is not tried before this time.
    pub fn rest(&mut self, room_id: &RoomId, at: StreamPos, until: Instant) {
        self.rooms.entry(room_id.to_owned()).or_default().resting.insert(at, until);
    }

    /// A server comes back. While the room is busy its turn has to learn of that.
    pub fn remove(&mut self, room_id: &RoomId, origin: &ServerName, is_busy: bool) {
        let Some(aside) = self.rooms.get_mut(room_id) else { return };
        aside.origins.remove(origin);
        (aside.passed, aside.has_returned) = (None, true);
        if aside.is_empty() && !is_busy {
            self.rooms.remove(room_id);
        }
    }

    /// A turn begins: after which place. What has rested or waited long enough is looked at again.
    pub fn begin(&mut self, room_id: &RoomId, now: Instant) -> Option<StreamPos> {
        let aside = self.rooms.get_mut(room_id)?;
        let before = (aside.origins.len(), aside.resting.len());
        aside.origins.retain(|_, place| !matches!(place, Place::WaitsUntil(until) if *until <= now));
        aside.resting.retain(|_, until| now < *until);
        if before != (aside.origins.len(), aside.resting.len()) {
            aside.passed = None;
        }
        aside.has_returned = false;
        aside.passed
    }

    /// A turn ends, which came to this place.
    pub fn end(&mut self, room_id: &RoomId, place: Option<StreamPos>) {
        let Some(aside) = self.rooms.get_mut(room_id) else { return };
        if aside.is_empty() {
            self.rooms.remove(room_id);
        } else if aside.has_returned {
            aside.passed = None;
        } else {
            aside.passed = place.or(aside.passed);
        }
    }

    /// When something of a room is to be looked at again that rests or waits now.
    pub fn next_look(&self, room_id: &RoomId) -> Option<Instant> {
        let aside = self.rooms.get(room_id)?;
        let waiting = aside.origins.values().filter_map(|place| match place {
            Place::Works => None,
            Place::WaitsUntil(until) => Some(*until),
        });
        waiting.chain(aside.resting.values().copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ruma::{room_id, server_name};

    use super::*;

    fn room(number: usize) -> OwnedRoomId {
        RoomId::parse(format!("!r{number}:x")).expect("a room id")
    }

    fn at(number: u64) -> StreamPos {
        StreamPos::new(number)
    }

    #[test]
    fn who_steps_aside_is_skipped_until_it_is_back() {
        let (room, slow, other) = (room_id!("!r:x"), server_name!("slow.test"), server_name!("other.test"));
        let (mut asides, now) = (Asides::default(), Instant::now());
        assert_eq!(asides.begin(room, now), None);
        assert_eq!(asides.beginning(room, slow, at(1), now), Beginning::InLine);
        assert_eq!(asides.add(room, slow, now), Place::Works);
        assert_eq!(asides.beginning(room, slow, at(1), now), Beginning::NotYet);
        assert_eq!(asides.beginning(room, other, at(1), now), Beginning::InLine);
        asides.end(room, Some(at(7)));
        assert_eq!(asides.begin(room, now), Some(at(7)), "those before it belong to who stands aside");
        asides.end(room, None);
        assert_eq!(asides.begin(room, now), Some(at(7)));
        // Back in the middle of a turn, while another one steps aside.
        asides.remove(room, slow, true);
        assert_eq!(asides.add(room, other, now), Place::Works);
        asides.end(room, Some(at(9)));
        assert_eq!(asides.begin(room, now), None, "what was skipped is looked at again");
        asides.remove(room, other, false);
        assert!(asides.rooms.is_empty());
    }

    #[test]
    fn nobody_works_aside_everywhere_and_who_may_not_waits_there() {
        let (mut asides, now) = (Asides::default(), Instant::now());
        let slow = server_name!("slow.test");
        let works = |place: &Place| *place == Place::Works;
        let places: Vec<Place> = (0..100).map(|number| asides.add(&room(number), slow, now)).collect();
        assert_eq!(places.iter().filter(|place| works(place)).count(), ASIDE_PER_ORIGIN_MAX);
        assert_eq!(
            asides.beginning(&room(99), slow, at(1), now),
            Beginning::NotYet,
            "nothing of it is begun"
        );
        assert_eq!(asides.next_look(&room(99)), Some(now + REST_TIME_MIN));
        assert_eq!(asides.begin(&room(99), now + REST_TIME_MIN), None);
        assert_eq!(asides.beginning(&room(99), slow, at(1), now), Beginning::InLine, "it may ask again");
        let server = |number: usize| ServerName::parse(format!("s{number}.test")).expect("a server name");
        let places: Vec<Place> =
            (0..100).map(|number| asides.add(&room(1_000), &server(number), now)).collect();
        assert_eq!(places.iter().filter(|place| works(place)).count(), ASIDE_PER_ROOM_MAX);
        for number in 0..1_000 {
            asides.add(&room(2_000 + number), &server(1_000 + number), now);
        }
        assert_eq!(asides.rooms.values().map(Aside::working).sum::<usize>(), ASIDE_MAX);
    }

    #[test]
    fn a_room_does_not_wait_for_a_server_that_took_long_until_time_has_passed() {
        let (slow, other) = (server_name!("slow.test"), server_name!("other.test"));
        let (mut asides, now) = (Asides::default(), Instant::now());
        asides.took_long(&room(1), slow, now);
        asides.add(&room(1), slow, now);
        asides.remove(&room(1), slow, false);
        assert_eq!(asides.beginning(&room(1), slow, at(1), now), Beginning::Beside);
        assert_eq!(asides.beginning(&room(1), other, at(1), now), Beginning::InLine);
        assert_eq!(asides.beginning(&room(2), slow, at(1), now), Beginning::InLine);
        assert_eq!(asides.beginning(&room(1), slow, at(1), now + SLOW_TIME), Beginning::InLine);
        for number in 0..2 * SLOW_SERVERS_MAX {
            asides.took_long(&room(number), slow, now);
        }
        assert_eq!(asides.slow.len(), SLOW_SERVERS_MAX);
        asides.took_long(&room(1), other, now + SLOW_TIME);
        assert_eq!(asides.slow.len(), 1, "those whose time has passed make place");
    }

    #[test]
    fn what_rests_is_passed_over_until_its_time_and_then_looked_at() {
        let (room, server) = (room_id!("!r:x"), server_name!("other.test"));
        let (mut asides, now) = (Asides::default(), Instant::now());
        let (soon, later) = (now + Duration::from_secs(2), now + Duration::from_secs(4));
        asides.rest(room, at(5), later);
        asides.rest(room, at(6), soon);
        assert_eq!(asides.beginning(room, server, at(5), now), Beginning::NotYet);
        assert_eq!(asides.beginning(room, server, at(7), now), Beginning::InLine, "others are not held up");
        asides.end(room, Some(at(7)));
        assert_eq!((asides.begin(room, now), asides.next_look(room)), (Some(at(7)), Some(soon)));
        asides.end(room, Some(at(8)));
        assert_eq!(asides.begin(room, soon), None, "from the beginning, for it lies before what was passed");
        assert_eq!(asides.beginning(room, server, at(5), soon), Beginning::NotYet);
        assert_eq!(asides.beginning(room, server, at(6), soon), Beginning::InLine);
        asides.end(room, Some(at(8)));
        assert_eq!(asides.begin(room, later), None);
        asides.end(room, None);
        assert!(asides.rooms.is_empty());
    }
}
