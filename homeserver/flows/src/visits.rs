//! Visitors in and out of the rooms that they were asked into.

use std::time::Duration;

use accounts::{
    AccountError, Closed, DueVisit, InvitedVisitor, NewVisit, Visit, VisitCode, limits::VISIT_CODE_MS,
};
use base::Shutdown;
use mail::{Address, letters};
use rooms::{Joining, Membership, RoomsError, policy_server::NotRecommended};
use ruma::UserId;
use tokio::time::timeout;

use crate::{Flows, FlowsError};

/// Path of the page behind the links of visitors.
pub const VISIT_PATH: &str = "/_lianqiao/visit";

const MINUTE_MS: u64 = 60 * 1_000;

/// Time for ending one visit, before the next one has its turn.
pub const VISIT_END_TIME_MAX: Duration = Duration::from_secs(20);

/// What other members read when a visitor goes.
const REASON: &str = "The visit is over";

impl Flows {
    /// Asks somebody from outside into a room as `host`, who must be able to invite there.
    ///
    /// # Errors
    /// `NoMail` where this server sends none: nobody could enter by the link. What the accounts or the room refuse. Where the room
    /// does, there may be an account that is in no room; its time ends like that of others.
    pub async fn invite_visitor(
        &self,
        host: &UserId,
        visit: &NewVisit,
    ) -> Result<InvitedVisitor, FlowsError> {
        if self.0.post.is_none() {
            return Err(FlowsError::NoMail);
        }
        mailbox(&visit.address)?;
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

    /// Sends a new code for the link of a visitor to their address, and to nobody else. The mail server has the letter when
    /// this is done.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, `VisitCodesSpent` where no further code may be sent now, `NoMail`,
    /// `LetterNotTaken`; `Busy` while too many letters are on their way.
    pub async fn send_visit_code(&self, token: &str) -> Result<(), FlowsError> {
        let sent = self.try_to_send_visit_code(token).await;
        count(match &sent {
            Ok(()) => "sent",
            Err(FlowsError::Account(_)) => "refused",
            Err(_) => "not_sent",
        });
        sent
    }

    async fn try_to_send_visit_code(&self, token: &str) -> Result<(), FlowsError> {
        let post = self.0.post.as_ref().ok_or(FlowsError::NoMail)?;
        let _place = post.place()?;
        let VisitCode { user, room, address, code } = self.0.accounts.give_visit_code(token).await?;
        let letter = letters::visit_code(post.server_name(), &code, VISIT_CODE_MS / MINUTE_MS);
        if let Err(error) = post.hand_over(&mailbox(&address)?, &letter).await {
            tracing::warn!(error, %user, %room, "send the code of a visitor");
            return Err(FlowsError::LetterNotTaken);
        }
        tracing::info!(%user, %room, "a visitor was sent a code");
        Ok(())
    }

    /// Lets a visitor in by their link and its code: into their account, with this password where it has none, and into the room.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, `WeakPassword`, `VisitCodeWrong`, `VisitCodeVoid`, and what the room refuses.
    pub async fn enter_visit(&self, token: &str, code: &str, password: &str) -> Result<Visit, FlowsError> {
        let entered = self.0.accounts.enter_visit(token, code, password).await;
        match &entered {
            Ok(_) => count("entered"),
            Err(AccountError::VisitCodeWrong(_)) => count("wrong"),
            Err(AccountError::VisitCodeVoid) => count("void"),
            Err(_) => {}
        }
        let visit = entered?;
        self.join_room(&visit.room, &visit.user, &[], &Joining::default()).await?;
        self.0.accounts.end_visit_link(token).await?;
        Ok(visit)
    }

    /// Ends the visits whose time is over, until the server stops; how many. One that cannot be ended now is due again with the
    /// next call, and holds up the others for [`VISIT_END_TIME_MAX`] at most.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_due_visits(&self, shutdown: &Shutdown) -> Result<usize, FlowsError> {
        let (mut ended, mut last) = (0, None);
        loop {
            let visits = self.0.accounts.due_visits(last.as_ref()).await?;
            for visit in &visits {
                if shutdown.is_triggered() {
                    return Ok(ended);
                }
                ended += usize::from(self.try_to_end(visit).await);
            }
            last = visits.into_iter().next_back();
            if last.is_none() {
                return Ok(ended);
            }
        }
    }

    async fn try_to_end(&self, visit: &DueVisit) -> bool {
        let DueVisit { user, room, .. } = visit;
        match timeout(VISIT_END_TIME_MAX, Box::pin(self.end_due_visit(visit))).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => tracing::warn!(%error, %user, %room, "cannot end a visit; will try again"),
            Err(_) => tracing::warn!(%user, %room, "a visit takes too long to end; will try again"),
        }
        false
    }

    async fn end_due_visit(&self, visit: &DueVisit) -> Result<(), FlowsError> {
        let closed = self.0.accounts.close_visit(visit).await?;
        if closed == Closed::Account {
            self.0.accounts.remove_other_devices(&visit.user, None).await?;
        }
        if closed != Closed::Nothing {
            // Whoever was asked again meanwhile, into this room or another, stays there.
            let visited = self.0.accounts.rooms_of_visitor(&visit.user).await?;
            if !visited.contains(&visit.room) {
                self.leave_visited(visit).await?;
            }
            if closed == Closed::Account && visited.is_empty() {
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
            // The room's policy server has the last word; one that does not answer is asked again.
            Err(FlowsError::Rooms(RoomsError::NotRecommended(refusal @ NotRecommended::Refused { .. }))) => {
                tracing::warn!(user = %visit.user, room = %visit.room, %refusal, "the room does not let a visitor go");
                Ok(())
            }
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

/// The mailbox of an address that a letter can go to.
fn mailbox(address: &str) -> Result<Address, AccountError> {
    Address::parse(address).ok_or(AccountError::InvalidParameter("this is not an e-mail address"))
}

/// Counts what became of a code.
fn count(outcome: &'static str) {
    metrics::counter!("lianqiao_visit_codes_total", "outcome" => outcome).increment(1);
}
