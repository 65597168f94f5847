//! Short ids and positions: 8-byte numbers that stand for long strings, and the order of everything a
//! client can see. They are compared as numbers and never shown to a client.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::PENDING_POSITIONS_MAX;

/// Where pending positions begin. They sort behind every real position, so a range scan that ends at
/// "now" never meets one, and the top of both number types stays free for them.
const PENDING_BASE: u64 = 0x7FFF_FFFF_FFFF_0000;

macro_rules! short_id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a number that was allocated before.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number itself.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

short_id! {
    /// A room, on this server. Allocated from 1.
    RoomNum
}
short_id! {
    /// An event, on this server. Allocated from 1; the order of numbers means nothing.
    EventNum
}
short_id! {
    /// A pair of event type and state key. Allocated from 1.
    StateKeyNum
}
short_id! {
    /// A snapshot of a room's state. Allocated from 1.
    StateNum
}

/// A place in the order of commits of this server. Every commit gets the next positions; readers never see
/// a gap (invariant 2 of `ARCHITECTURE.md`). Zero is before everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamPos(u64);

impl StreamPos {
    /// Before every position that a commit can get.
    pub const ZERO: Self = Self(0);

    /// Behind every real position; not a pending one.
    pub const MAX: Self = Self(u64::MAX);

    /// Wraps a position that a commit has got.
    #[must_use]
    pub const fn new(position: u64) -> Self {
        Self(position)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Stands for "the `index`-th position that this commit will get", counted from 0.
    #[must_use]
    pub const fn pending(index: u16) -> Self {
        Self(PENDING_BASE + index as u64)
    }

    /// Whether this is a stand-in that the committer replaces.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        self.pending_index().is_some()
    }

    /// Which stand-in this is, if it is one.
    #[must_use]
    pub const fn pending_index(self) -> Option<u16> {
        if self.0 >= PENDING_BASE && self.0 - PENDING_BASE < PENDING_POSITIONS_MAX {
            Some((self.0 - PENDING_BASE) as u16)
        } else {
            None
        }
    }

    /// The position right after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Debug for StreamPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pending_index() {
            Some(index) => write!(f, "StreamPos(pending {index})"),
            None => write!(f, "StreamPos({})", self.0),
        }
    }
}

/// A place in the timeline of a room. Events that arrive live take the position of their commit; history
/// fetched later is negative, so one range scan walks both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimelinePos(i64);

impl TimelinePos {
    /// Before every position.
    pub const MIN: Self = Self(i64::MIN);

    /// Between fetched history (negative) and live events (positive).
    pub const ZERO: Self = Self(0);

    /// Behind every real position.
    pub const MAX: Self = Self(PENDING_BASE as i64 - 1);

    /// Wraps a position.
    #[must_use]
    pub const fn new(position: i64) -> Self {
        Self(position)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Stands for the `index`-th position that this commit will get, like [`StreamPos::pending`].
    #[must_use]
    pub const fn pending(index: u16) -> Self {
        Self(StreamPos::pending(index).0 as i64)
    }

    /// Whether this is a stand-in that the committer replaces.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        self.pending_index().is_some()
    }

    /// Which stand-in this is, if it is one.
    #[must_use]
    pub const fn pending_index(self) -> Option<u16> {
        if self.0 < 0 { None } else { StreamPos(self.0 as u64).pending_index() }
    }

    /// The commit position of a live event; `None` for fetched history.
    #[must_use]
    pub const fn stream(self) -> Option<StreamPos> {
        if self.0 > 0 { Some(StreamPos(self.0 as u64)) } else { None }
    }

    /// The position right before this one.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The position right after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl From<StreamPos> for TimelinePos {
    /// Keeps a pending position pending; a position too great for the timeline becomes [`TimelinePos::MAX`].
    fn from(position: StreamPos) -> Self {
        match i64::try_from(position.0) {
            Ok(position) => Self(position),
            Err(_) => Self::MAX,
        }
    }
}

impl fmt::Debug for TimelinePos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pending_index() {
            Some(index) => write!(f, "TimelinePos(pending {index})"),
            None => write!(f, "TimelinePos({})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_position_stays_pending_in_the_timeline() {
        for index in [0, 1, 77, u16::MAX] {
            let position = StreamPos::pending(index);
            assert_eq!(position.pending_index(), Some(index));
            assert_eq!(TimelinePos::from(position), TimelinePos::pending(index));
            assert_eq!(TimelinePos::from(position).pending_index(), Some(index));
        }
    }

    #[test]
    fn real_positions_and_the_ends_are_not_pending() {
        for number in [0, 1, 1 << 40, PENDING_BASE - 1, u64::MAX, 1 << 63] {
            assert!(!StreamPos::new(number).is_pending(), "{number}");
        }
        for number in [i64::MIN, -1, 0, 1, TimelinePos::MAX.get()] {
            assert!(!TimelinePos::new(number).is_pending(), "{number}");
        }
        assert!(TimelinePos::from(StreamPos::MAX) == TimelinePos::MAX);
    }

    #[test]
    fn pending_sorts_behind_everything_real() {
        assert!(TimelinePos::pending(0) > TimelinePos::MAX);
        assert!(StreamPos::pending(0) > StreamPos::new(u64::from(u32::MAX)));
        assert!(TimelinePos::new(-1) < TimelinePos::ZERO);
    }
}
