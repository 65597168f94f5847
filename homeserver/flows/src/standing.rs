//! What follows when the organisation says that somebody is away, gone, or here again.

use accounts::{Standing, UnfinishedWork};
use rooms::RoomsError;
use ruma::{OwnedUserId, RoomId, UserId};
use store::StoreError;

use crate::{Flows, FlowsError};

impl Flows {
    /// Has the organisation stand so to the person of an account. Whoever has left is refused from this moment, and loses
    /// their sessions with everything by which they could be continued, and every pusher, and the visits of those whom they asked
    /// in from outside are over; what they wrote and where they are stays. Once this has begun it is finished, if need be after a restart.
    /// Where nobody else whose account may say something could change the levels of a room, the first of `followers` who is
    /// there and can act can; whoever asks is told when all is done, so a crash before that has it asked again. Doing it again
    /// does what is missing.
    ///
    /// # Errors
    /// As [`accounts::Accounts::standing`], and the store's own.
    pub async fn set_standing(
        &self,
        user: &UserId,
        standing: Standing,
        followers: &[OwnedUserId],
    ) -> Result<(), FlowsError> {
        self.finish_owed(user).await?;
        if let Some(mark) = self.0.accounts.set_standing(user, standing).await? {
            self.finish_leaving(user, mark).await?;
        }
        match standing {
            Standing::Left => self.have_followed(user, followers).await,
            Standing::Active | Standing::Suspended => Ok(()),
        }
    }

    /// Has an administrator lock an account, or open it whoever locked it. What is still owed to the leaving of its person comes
    /// first: else the rest of it would end what begins now.
    ///
    /// # Errors
    /// As [`accounts::Accounts::set_locked`], and the store's own.
    pub async fn set_locked(&self, user: &UserId, locked: bool) -> Result<(), FlowsError> {
        Box::pin(self.finish_owed(user)).await?;
        Ok(self.0.accounts.set_locked(user, locked).await?)
    }

    /// Finishes the leaving of a person that a crash, or a failure, left unfinished.
    async fn finish_owed(&self, user: &UserId) -> Result<(), FlowsError> {
        for (work, owner, mark) in self.0.accounts.unfinished_work().await? {
            if work == UnfinishedWork::EndSessions && owner == user {
                self.finish_leaving(user, mark).await?;
            }
        }
        Ok(())
    }

    /// Has the rooms led by others that nobody could lead but this user, and those who cannot act any more either.
    async fn have_followed(&self, user: &UserId, followers: &[OwnedUserId]) -> Result<(), FlowsError> {
        let mut able = Vec::with_capacity(followers.len());
        for follower in followers {
            if self.can_act(follower).await? {
                able.push(follower.clone());
            }
        }
        let rooms = if able.is_empty() { Vec::new() } else { self.0.rooms.joined_rooms(user).await? };
        for room in rooms {
            match self.have_led(&room, user, &able).await {
                Ok(()) => {}
                // Another try can do what this one could not.
                Err(
                    error @ (FlowsError::Account(_)
                    | FlowsError::Rooms(RoomsError::Store(_) | RoomsError::Contended)),
                ) => return Err(error),
                // What one room refuses, or a damaged one cannot do, holds up neither the others nor anybody else's leaving.
                Err(refusal) => {
                    tracing::warn!(%user, %room, %refusal, "nobody follows somebody who left in this room");
                }
            }
        }
        Ok(())
    }

    /// The same in one room. Those who left together each find the others there still, and none of them counts.
    async fn have_led(&self, room: &RoomId, user: &UserId, able: &[OwnedUserId]) -> Result<(), FlowsError> {
        let Some(others) = self.0.rooms.co_leaders(room, user).await? else { return Ok(()) };
        for other in &others {
            if self.can_act(other).await? {
                return Ok(());
            }
        }
        Ok(self.0.rooms.follow_leaders(room, able).await.map(drop)?)
    }

    async fn can_act(&self, user: &UserId) -> Result<bool, StoreError> {
        self.0.accounts.may_write(self.0.accounts.reader(), user).await
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
