//! The head that the next event of a room builds on, in the store or ahead of it.

use model::{EventNum, StateNum};
use ruma::OwnedEventId;

use crate::limits::PREV_EVENTS_MAX;
use crate::tables::RoomHead;

/// The tip of a room as the next event needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    /// Forward extremities, oldest first.
    pub extremities: Vec<(EventNum, OwnedEventId)>,
    /// The newest event of a local user that was an end. While it is one, our next event names it, so that others show
    /// what was said here in the order in which it was said.
    pub own: Option<EventNum>,
    /// The current state.
    pub state: StateNum,
    /// The greatest depth among the extremities.
    pub depth: u64,
}

impl Tip {
    /// Whether one event cannot refer to all ends.
    pub fn has_many_ends(&self) -> bool {
        self.extremities.len() > PREV_EVENTS_MAX
    }

    /// The ends that the next event refers to. If there are too many: our own and the newest.
    pub fn ends_to_name(&self) -> Vec<(EventNum, OwnedEventId)> {
        let too_many = self.extremities.len().saturating_sub(PREV_EVENTS_MAX);
        let (older, newest) = self.extremities.split_at(too_many);
        match older.iter().find(|(event, _)| Some(*event) == self.own) {
            Some(own) => std::iter::once(own).chain(newest.iter().skip(1)).cloned().collect(),
            None => newest.to_vec(),
        }
    }

    /// The row that a batch demands or leaves behind.
    pub fn to_head(&self) -> RoomHead {
        RoomHead {
            extremities: self.extremities.iter().map(|(event, _)| *event).collect(),
            state: self.state,
            depth: self.depth,
        }
    }
}

/// What the lock of a room guards.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// The head after every batch queued so far; none when it must be read from the store.
    tip: Option<Tip>,
    /// Counts the times the head was read anew, so that a late failure clears only its own.
    epoch: u64,
    /// The head stands on events that are queued and not durable yet: no read finds them.
    is_ahead: bool,
}

impl Writer {
    /// The head to build on, unless it must be loaded.
    pub fn tip(&self) -> Option<&Tip> {
        self.tip.as_ref()
    }

    /// The head was read from the store.
    pub fn load(&mut self, tip: Tip) {
        self.epoch = self.epoch.wrapping_add(1);
        self.tip = Some(tip);
    }

    /// A batch that leaves this head was queued. Returns what [`Writer::forget`] needs.
    pub fn advance(&mut self, tip: Tip) -> u64 {
        self.tip = Some(tip);
        self.is_ahead = true;
        self.epoch
    }

    /// Whether the head stands on events that no read finds yet.
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// The newest batch that was queued is durable, and so are those before it.
    pub fn arrived(&mut self) {
        self.is_ahead = false;
    }

    /// A queued batch failed: the head has to be read again, if nobody did so since.
    pub fn forget(&mut self, epoch: u64) {
        if self.epoch == epoch {
            self.tip = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::EventId;

    use super::*;

    fn tip(depth: u64) -> Tip {
        Tip { extremities: Vec::new(), own: None, state: StateNum::new(1), depth }
    }

    fn ends(numbers: impl IntoIterator<Item = u64>) -> Vec<(EventNum, OwnedEventId)> {
        let end = |number| (EventNum::new(number), EventId::parse(format!("$e{number}")).unwrap());
        numbers.into_iter().map(end).collect()
    }

    #[test]
    fn of_too_many_ends_our_own_is_named_and_the_newest() {
        let many = PREV_EVENTS_MAX as u64 + 5;
        let named = |own: Option<u64>| {
            let own = own.map(EventNum::new);
            Tip { extremities: ends(1..=many), own, ..tip(1) }.ends_to_name()
        };
        assert_eq!(named(None), ends(6..=many));
        assert_eq!(named(Some(3)), ends(std::iter::once(3).chain(7..=many)));
        assert_eq!(named(Some(many)), ends(6..=many));
        assert_eq!(named(Some(1_000)), ends(6..=many), "it is no end any more");
        let few = Tip { extremities: ends(1..=3), own: Some(EventNum::new(1)), ..tip(1) };
        assert_eq!(few.ends_to_name(), ends(1..=3));
    }

    #[test]
    fn a_late_failure_does_not_clear_a_head_that_was_read_since() {
        let mut writer = Writer::default();
        writer.load(tip(1));
        let first = writer.advance(tip(2));
        writer.forget(first);
        assert_eq!(writer.tip(), None);
        writer.load(tip(1));
        writer.forget(first);
        assert_eq!(writer.tip(), Some(&tip(1)));
    }
}
