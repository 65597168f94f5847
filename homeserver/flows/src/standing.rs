//! What follows when the organisation says that somebody is away, gone, or here again.

use accounts::{Standing, UnfinishedWork};
use rooms::RoomsError;
use ruma::{OwnedUserId, UserId};

use crate::{Flows, FlowsError};

impl Flows {
    /// Has the organisation stand so to the person of an account. Whoever has left is refused from this moment, and loses
    /// their sessions with everything by which they could be continued, and every pusher, and the visits of those whom they asked
    /// in from outside are over; what they wrote and where they are stays. Once this has begun it is finished, if need be after a restart.
    /// Where only they could change the levels of a room, the first of `followers` who is there can; whoever asks is told when
    /// all is done, so a crash before that has it asked again. Doing it again does what is missing.
    ///
    /// # Errors
    /// As [`accounts::Accounts::standing`], and the store's own.
    pub async fn set_standing(
        &self,
        user: &UserId,
        standing: Standing,
        followers: &[OwnedUserId],
    ) -> Result<(), FlowsError> {
        for (work, owner, mark) in self.0.accounts.unfinished_work().await? {
            if work == UnfinishedWork::EndSessions && owner == user {
                self.finish_leaving(user, mark).await?;
            }
        }
        if let Some(mark) = self.0.accounts.set_standing(user, standing).await? {
            self.finish_leaving(user, mark).await?;
        }
        match standing {
            Standing::Left => self.have_followed(user, followers).await,
            Standing::Active | Standing::Suspended => Ok(()),
        }
    }

    /// Has the rooms led by others that only this user could lead.
    async fn have_followed(&self, user: &UserId, followers: &[OwnedUserId]) -> Result<(), FlowsError> {
        let rooms = if followers.is_empty() { Vec::new() } else { self.0.rooms.joined_rooms(user).await? };
        for room in rooms {
            match self.0.rooms.follow_member(&room, user, followers).await {
                Ok(_) => {}
                // Another try can do what this one could not.
                Err(error @ (RoomsError::Store(_) | RoomsError::Contended)) => return Err(error.into()),
                // What one room refuses, or a damaged one cannot do, holds up neither the others nor anybody else's leaving.
                Err(refusal) => {
                    tracing::warn!(%user, %room, %refusal, "nobody follows somebody who left in this room");
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn finish_leaving(&self, user: &UserId, mark: u64) -> Result<(), FlowsError> {
        self.0.accounts.remove_other_devices(user, None).await?;
        // Those of their devices are gone by now; letters go to an address and would go on.
        self.0.push.remove_pushers(user).await?;
        self.0.accounts.forget_login_tokens_of(user).await?;
        self.0.accounts.end_visits_of(user).await?;
        Ok(self.0.accounts.finish_work(UnfinishedWork::EndSessions, user, mark).await?)
    }
}
