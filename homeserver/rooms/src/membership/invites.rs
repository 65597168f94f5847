//! Whose invites reach a user: the policy of [`rules::invites`], asked for local users.

use rules::invites::InviteVerdict;
use ruma::UserId;

use crate::{Rooms, RoomsError};

impl Rooms {
    /// Refuses an invite that the invited user does not want to get.
    pub(crate) async fn must_accept_invite(
        &self,
        sender: &UserId,
        target: &UserId,
    ) -> Result<(), RoomsError> {
        match self.parts.accounts.invite_policy(target).await?.judge(sender) {
            // The sender must not learn of being ignored.
            InviteVerdict::Allow | InviteVerdict::Ignore => Ok(()),
            InviteVerdict::BlockAll => Err(RoomsError::InviteBlocked { by_filter: false }),
            InviteVerdict::Block => Err(RoomsError::InviteBlocked { by_filter: true }),
        }
    }

    /// Refuses an invite of another server's user that the local user does not want to get, or into a room that is
    /// blocked here.
    ///
    /// # Errors
    /// [`RoomsError::InviteBlocked`], [`RoomsError::Forbidden`], and the store's own.
    pub async fn accepts_invite(
        &self,
        room_id: &ruma::RoomId,
        sender: &UserId,
        target: &UserId,
    ) -> Result<(), RoomsError> {
        self.must_not_be_blocked(room_id).await?;
        self.must_accept_invite(sender, target).await
    }

    /// Whether invites by this sender are kept from the user: an ignored user, or one whose invites the
    /// user ignores. For everything that shows or pushes invites.
    ///
    /// # Errors
    /// The store's own.
    pub async fn hides_invite(&self, user: &UserId, sender: &UserId) -> Result<bool, RoomsError> {
        let accounts = &self.parts.accounts;
        if accounts.ignored_users(user).await?.contains(sender) {
            return Ok(true);
        }
        Ok(accounts.invite_policy(user).await?.judge(sender) == InviteVerdict::Ignore)
    }
}
