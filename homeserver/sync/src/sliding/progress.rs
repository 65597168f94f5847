//! How much of each room a connection was told.
//!
//! Two moments are kept, the one that the client has shown it received and the one in flight. What an answer tells is
//! pending until the client comes back with its `pos`; a client that shows the older `pos` again lost the answer and
//! is told everything since, whatever its request says now.

use std::{collections::HashMap, sync::Arc};

use model::{EventNum, RoomNum, StateKeyNum, StreamPos};
use rooms::{Membership, unread::Counts};

use super::{limits, position::Position, rules::CombinedRules};

/// Member events that were sent for a room.
pub(crate) type SentMembers = HashMap<StateKeyNum, EventNum>;

/// How much of one room a connection was told.
#[derive(Clone, Debug)]
pub(crate) struct SentRoom {
    /// Everything up to here was told.
    pub up_to: StreamPos,
    /// The user's membership as it was told.
    pub membership: Membership,
    /// This many of the newest events were told.
    pub timeline_limit: u64,
    /// The timeline was told from its very beginning.
    pub complete: bool,
    /// Which state was told.
    pub rules: Arc<CombinedRules>,
    /// Lazily loaded members.
    pub members: Option<Arc<SentMembers>>,
    /// Whether the room was told to be a direct chat.
    pub is_dm: bool,
    /// Unread counts as told.
    pub unread: Counts,
    /// Receipts up to here were told.
    pub receipts: Option<StreamPos>,
    /// Something happened while the room stood in no list.
    pub behind: bool,
    /// The same for its account data.
    pub account_data_behind: bool,
    /// The user's departure was told; nothing follows it.
    pub gone: bool,
}

/// Up to where the parts of an answer that are not about single rooms were told; none for what was not asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursors {
    /// Rooms.
    pub position: StreamPos,
    /// Device lists and key counts.
    pub e2ee: Option<StreamPos>,
    /// Account data.
    pub account_data: Option<StreamPos>,
    /// Thread subscriptions.
    pub threads: Option<StreamPos>,
    /// Typing, by the serial of what lives in memory.
    pub typing: Option<u64>,
    /// Changes of profiles.
    pub profiles: Option<StreamPos>,
    /// Whether receipts were told.
    pub receipts: bool,
}

/// What one answer adds.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Rooms of which something changed.
    pub rooms: HashMap<RoomNum, SentRoom>,
    /// The ends of everything else.
    pub cursors: Cursors,
}

/// The two moments of a connection.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    instance: u64,
    confirmed: u64,
    last_serial: u64,
    in_flight: Option<(u64, Pending)>,
    configs: HashMap<u64, Arc<CombinedRules>>,
    /// Rooms as the client has them for sure.
    pub rooms: HashMap<RoomNum, SentRoom>,
    /// The rest as the client has it for sure.
    pub cursors: Cursors,
}

impl Progress {
    /// Whether the client has received an answer of this connection.
    pub fn has_begun(&self) -> bool {
        self.confirmed > 0
    }

    /// Starts over.
    pub fn begin(&mut self, instance: u64) {
        *self = Self { instance, ..Self::default() };
    }

    /// The client shows a position: what came with it has arrived, what came after it is lost. Answers whether the
    /// position is one of the two that are known.
    pub fn resume(&mut self, position: Position) -> bool {
        if position.instance != self.instance {
            return false;
        }
        match self.in_flight.take() {
            Some((serial, pending)) if serial == position.serial => {
                self.confirmed = serial;
                self.rooms.extend(pending.rooms);
                self.cursors = pending.cursors;
                true
            }
            // A position from before both is no reason to forget the answer that is on its way.
            other if self.confirmed != position.serial || self.confirmed == 0 => {
                self.in_flight = other;
                false
            }
            Some(_) | None => true,
        }
    }

    /// The position of the next answer.
    pub fn next(&self, at: StreamPos) -> Position {
        Position { position: at, instance: self.instance, serial: self.last_serial + 1 }
    }

    /// The answer with the [`Self::next`] position is given.
    pub fn sent(&mut self, pending: Pending) {
        self.last_serial += 1;
        self.in_flight = Some((self.last_serial, pending));
    }

    /// The same rules in the same place, so that a thousand rooms share one copy.
    pub fn shared(&mut self, rules: CombinedRules) -> Arc<CombinedRules> {
        if self.configs.len() >= limits::CONFIGS_KEPT_MAX {
            self.configs.clear();
        }
        self.configs.entry(rules.digest).or_insert_with(|| Arc::new(rules)).clone()
    }

    /// About as much memory as it takes.
    pub fn bytes(&self) -> usize {
        let in_flight = self.in_flight.as_ref().map(|(_, pending)| &pending.rooms);
        let members = |room: &SentRoom| room.members.as_ref().map_or(0, |members| members.len() * 32);
        let of = |rooms: &HashMap<RoomNum, SentRoom>| {
            rooms.len() * limits::SENT_ROOM_BYTES + rooms.values().map(members).sum::<usize>()
        };
        1_024 + of(&self.rooms) + in_flight.map_or(0, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(up_to: u64) -> SentRoom {
        SentRoom {
            up_to: StreamPos::new(up_to),
            membership: Membership::Join,
            timeline_limit: 1,
            complete: false,
            rules: Arc::default(),
            members: None,
            is_dm: false,
            unread: Counts::default(),
            receipts: None,
            behind: false,
            account_data_behind: false,
            gone: false,
        }
    }

    fn answer(progress: &mut Progress, up_to: u64) -> Position {
        let position = progress.next(StreamPos::new(up_to));
        let rooms = HashMap::from([(RoomNum::new(1), room(up_to))]);
        let cursors = Cursors { position: StreamPos::new(up_to), ..Cursors::default() };
        progress.sent(Pending { rooms, cursors });
        position
    }

    fn told(progress: &Progress) -> Option<u64> {
        progress.rooms.get(&RoomNum::new(1)).map(|room| room.up_to.get())
    }

    #[test]
    fn a_lost_answer_is_told_again() {
        let mut progress = Progress::default();
        progress.begin(7);
        let first = answer(&mut progress, 10);
        assert_eq!(told(&progress), None, "nothing is told before the client says so");
        assert!(progress.resume(first) && told(&progress) == Some(10));
        let second = answer(&mut progress, 20);
        assert!(progress.resume(first) && told(&progress) == Some(10), "the second answer was lost");
        assert!(!progress.resume(second), "what was given up is no position any more");
        let third = answer(&mut progress, 30);
        assert!(progress.resume(third) && told(&progress) == Some(30));
    }

    #[test]
    fn older_foreign_and_invented_positions_are_unknown_and_harm_nothing() {
        let mut progress = Progress::default();
        progress.begin(7);
        let first = answer(&mut progress, 10);
        assert!(progress.resume(first));
        let second = answer(&mut progress, 20);
        assert!(progress.resume(second));
        let third = answer(&mut progress, 30);
        for unknown in [
            first,
            Position { instance: 8, ..third },
            Position { serial: third.serial + 1, ..third },
            Position { serial: 0, ..third },
        ] {
            assert!(!progress.resume(unknown), "{unknown:?}");
        }
        assert!(progress.resume(third) && told(&progress) == Some(30));
    }
}
