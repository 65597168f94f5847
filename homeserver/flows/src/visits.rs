//! Visitors in and out of the rooms that they were asked into.

use accounts::{Closed, DueVisit, InvitedVisitor, NewVisit, Visit};
use rooms::{Joining, Membership, RoomsError};
use ruma::UserId;

use crate::{Flows, FlowsError};

/// Path of the page behind the links of visitors.
pub const VISIT_PATH: &str = "/_lianqiao/visit";

/// What other members read when a visitor goes.
const REASON: &str = "The visit is over";

impl Flows {
    /// Asks somebody from outside into a room as `host`, who must be able to invite there.
    ///
    /// # Errors
    /// What the accounts or the room refuse. Where the room does, there may be an account that is in no room; its time ends
    /// like that of others.
    pub async fn invite_visitor(
        &self,
        host: &UserId,
        visit: &NewVisit,
    ) -> Result<InvitedVisitor, FlowsError> {
        let invited = self.0.accounts.invite_visitor(visit).await?;
        match self.invite(&visit.room, host, &invited.user, None).await {
            Ok(()) => Ok(invited),
            // In the room already, by an earlier link.
            Err(_) if self.is_in(&invited.user, visit).await? => Ok(invited),
            Err(error) => {
                self.0.accounts.end_visit(&visit.address, &visit.room).await?;
                Err(error)
            }
        }
    }

    /// Lets a visitor in by their link: into their account, with this password where it has none, and into the room.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, `WeakPassword`, and what the room refuses.
    pub async fn enter_visit(&self, token: &str, password: &str) -> Result<Visit, FlowsError> {
        let visit = self.0.accounts.enter_visit(token, password).await?;
        self.join_room(&visit.room, &visit.user, &[], &Joining::default()).await?;
        Ok(visit)
    }

    /// Ends the visits whose time is over; how many. Asked again until it answers 0. One that cannot be ended now is due again
    /// with the next call, and holds up no other.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_due_visits(&self) -> Result<usize, FlowsError> {
        let mut ended = 0;
        for visit in self.0.accounts.due_visits().await? {
            match self.end_due_visit(&visit).await {
                Ok(()) => ended += 1,
                Err(error) => {
                    tracing::warn!(%error, user = %visit.user, "cannot end a visit; will try again")
                }
            }
        }
        Ok(ended)
    }

    async fn end_due_visit(&self, visit: &DueVisit) -> Result<(), FlowsError> {
        match self.0.accounts.close_visit(visit).await? {
            Closed::Nothing => {}
            Closed::Room => self.leave_visited(visit).await?,
            Closed::Account => {
                self.0.accounts.remove_other_devices(&visit.user, None).await?;
                self.decline_outside(&visit.user, Some(REASON)).await?;
                self.0.rooms.leave_all(&visit.user, Some(REASON)).await?;
            }
        }
        Ok(self.0.accounts.strike_visit(visit).await?)
    }

    async fn leave_visited(&self, visit: &DueVisit) -> Result<(), FlowsError> {
        match self.leave_anywhere(&visit.room, &visit.user, Some(REASON)).await {
            // Banned, removed before, or the room is gone.
            Err(FlowsError::Rooms(RoomsError::Forbidden(_) | RoomsError::RoomNotFound)) => Ok(()),
            outcome => outcome,
        }
    }

    async fn is_in(&self, user: &UserId, visit: &NewVisit) -> Result<bool, FlowsError> {
        let rooms = &self.0.rooms;
        let Some(room) = rooms.room_num(rooms.store(), &visit.room).await? else { return Ok(false) };
        let member = rooms.member(rooms.store(), room, user).await?;
        Ok(member.is_some_and(|member| matches!(member.membership, Membership::Join | Membership::Invite)))
    }
}
