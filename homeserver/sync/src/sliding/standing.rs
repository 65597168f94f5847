//! How a user stands to the rooms of their list, and what that means for being shown.

use model::{RoomNum, StreamPos};
use rooms::{Member, Membership};
use ruma::UserId;

use crate::{SyncError, context::Context};

/// How a user stands to a room of the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// In it.
    Joined,
    /// Invited or knocking: nothing but stripped state is shown.
    Outside,
    /// Kicked or banned, or turned away, after having been in it, invited or knocking.
    Removed,
    /// Gone by themselves, or never there.
    Left,
}

/// When a room stands in the lists of its user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Eligibility {
    /// In every list whose filter it passes.
    Always,
    /// Unless the user wants no invites from whoever sent this one.
    UnlessHidden,
    /// On connections that still have to be told of the departure.
    WhileUntold,
}

/// A room of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Position of the newest event, or of the membership when the user is not in the room.
    pub at: StreamPos,
    /// The room.
    pub room: RoomNum,
    /// The user's membership.
    pub member: Member,
    /// What it means for the list.
    pub standing: Standing,
}

/// Where an entry stands; later is further up.
pub(crate) type Place = (StreamPos, RoomNum);

impl Entry {
    /// Where it stands.
    pub fn place(&self) -> Place {
        (self.at, self.room)
    }

    /// When it stands in a list.
    pub fn eligibility(&self) -> Eligibility {
        match self.standing {
            Standing::Joined => Eligibility::Always,
            Standing::Outside => Eligibility::UnlessHidden,
            Standing::Removed if !self.member.forgotten => Eligibility::Always,
            Standing::Removed | Standing::Left => Eligibility::WhileUntold,
        }
    }
}

/// How a user stands to a room with this membership.
pub(crate) async fn standing(
    context: &Context<'_>,
    room: RoomNum,
    member: &Member,
) -> Result<Standing, SyncError> {
    match member.membership {
        Membership::Join => return Ok(Standing::Joined),
        Membership::Invite | Membership::Knock => return Ok(Standing::Outside),
        Membership::Leave | Membership::Ban => {}
    }
    let rooms = &context.inner.parts.rooms;
    let by_others = || async {
        let event = rooms.pdu(context.reader(), member.event).await?;
        Ok::<_, SyncError>(event.sender() != context.user())
    };
    let removed = match (member.membership, member.previous) {
        (_, None) => false,
        (Membership::Ban, Some(Membership::Leave | Membership::Ban)) => {
            was_ever_near(context, room, context.user()).await?
        }
        // Unbanning is no removal.
        (_, Some(Membership::Leave | Membership::Ban)) => false,
        (_, Some(Membership::Join | Membership::Invite | Membership::Knock)) => by_others().await?,
    };
    Ok(if removed { Standing::Removed } else { Standing::Left })
}

async fn was_ever_near(context: &Context<'_>, room: RoomNum, user: &UserId) -> Result<bool, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let up_to = context.view.position;
    let changes = rooms.membership_changes(context.reader(), user, StreamPos::ZERO, up_to).await?;
    let near = |membership| matches!(membership, Membership::Join | Membership::Invite | Membership::Knock);
    Ok(changes.iter().any(|change| change.room == room && near(change.membership)))
}
