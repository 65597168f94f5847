//! Membership rows: what they say and how they are packed into a fixed-width value.

use model::{EventNum, RoomNum, StreamPos};
use ruma::events::room::member::MembershipState;

/// The five memberships of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Membership {
    /// In the room.
    Join,
    /// Asked to come in.
    Invite,
    /// Gone, never came, or was removed.
    Leave,
    /// Kept out.
    Ban,
    /// Asks to be let in.
    Knock,
}

impl Membership {
    /// From the text of a member event's content.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "join" => Self::Join,
            "invite" => Self::Invite,
            "leave" => Self::Leave,
            "ban" => Self::Ban,
            "knock" => Self::Knock,
            _ => return None,
        })
    }

    /// As the specification writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Invite => "invite",
            Self::Leave => "leave",
            Self::Ban => "ban",
            Self::Knock => "knock",
        }
    }

    fn code(self) -> u64 {
        match self {
            Self::Join => 1,
            Self::Invite => 2,
            Self::Leave => 3,
            Self::Ban => 4,
            Self::Knock => 5,
        }
    }

    fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            1 => Self::Join,
            2 => Self::Invite,
            3 => Self::Leave,
            4 => Self::Ban,
            5 => Self::Knock,
            _ => return None,
        })
    }
}

impl From<Membership> for MembershipState {
    fn from(membership: Membership) -> Self {
        match membership {
            Membership::Join => Self::Join,
            Membership::Invite => Self::Invite,
            Membership::Leave => Self::Leave,
            Membership::Ban => Self::Ban,
            Membership::Knock => Self::Knock,
        }
    }
}

/// A user's membership of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The member event that says so.
    pub event: EventNum,
    /// Where in the stream it came about.
    pub position: StreamPos,
    /// The membership before it, if there was one.
    pub previous: Option<Membership>,
    /// The user asked not to be shown the room again.
    pub forgotten: bool,
}

const PREVIOUS_SHIFT: u64 = 8;
const FORGOTTEN: u64 = 1 << 16;

impl Member {
    pub(crate) fn to_row(self) -> (StreamPos, EventNum, u64) {
        (self.position, self.event, self.flags())
    }

    fn flags(self) -> u64 {
        let previous = self.previous.map_or(0, Membership::code) << PREVIOUS_SHIFT;
        let forgotten = if self.forgotten { FORGOTTEN } else { 0 };
        self.membership.code() | previous | forgotten
    }

    pub(crate) fn from_row((position, event, flags): (StreamPos, EventNum, u64)) -> Option<Self> {
        Some(Self {
            membership: Membership::from_code(flags & 0xff)?,
            event,
            position,
            previous: Membership::from_code((flags >> PREVIOUS_SHIFT) & 0xff),
            forgotten: flags & FORGOTTEN != 0,
        })
    }
}

/// One change of a user's membership, as the stream saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipChange {
    /// Position of the change.
    pub position: StreamPos,
    /// The room.
    pub room: RoomNum,
    /// The member event.
    pub event: EventNum,
    /// The membership from here on.
    pub membership: Membership,
    /// The membership before, if there was one.
    pub previous: Option<Membership>,
}

impl MembershipChange {
    pub(crate) fn to_row(self) -> (RoomNum, EventNum, u64) {
        let previous = self.previous.map_or(0, Membership::code) << PREVIOUS_SHIFT;
        (self.room, self.event, self.membership.code() | previous)
    }

    pub(crate) fn from_row(
        position: StreamPos,
        (room, event, flags): (RoomNum, EventNum, u64),
    ) -> Option<Self> {
        Some(Self {
            position,
            room,
            event,
            membership: Membership::from_code(flags & 0xff)?,
            previous: Membership::from_code((flags >> PREVIOUS_SHIFT) & 0xff),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_put_in() {
        for membership in
            [Membership::Join, Membership::Invite, Membership::Leave, Membership::Ban, Membership::Knock]
        {
            for previous in [None, Some(Membership::Join), Some(Membership::Knock)] {
                for forgotten in [false, true] {
                    let member = Member {
                        membership,
                        event: EventNum::new(4),
                        position: StreamPos::new(9),
                        previous,
                        forgotten,
                    };
                    assert_eq!(Member::from_row(member.to_row()), Some(member));
                    assert_eq!(Membership::parse(membership.as_str()), Some(membership));
                }
            }
        }
    }

    #[test]
    fn a_damaged_row_is_seen() {
        assert_eq!(Member::from_row((StreamPos::new(1), EventNum::new(1), 77)), None);
    }
}
