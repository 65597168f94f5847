//! Closing an account, with its devices and its places in rooms, and opening it again without them.

use accounts::UnfinishedWork;
use ruma::UserId;

use crate::{Flows, FlowsError};

/// What other members read as the reason of the leave.
const REASON: &str = "Account deactivated";

impl Flows {
    /// Closes an account: no password, no devices, no rooms; with `erase` no profile and no
    /// account data either. Once this has begun it is finished, if need be after a restart.
    pub async fn deactivate(&self, user: &UserId, erase: bool) -> Result<(), FlowsError> {
        let mark = self.0.accounts.deactivate(user, erase).await?;
        self.finish_deactivation(user, mark).await
    }

    /// Opens a closed account again, when what the closing owed is done. It has no devices and no rooms; a password
    /// is needed where people log in by one.
    pub async fn reopen_account(&self, user: &UserId, password: Option<&str>) -> Result<(), FlowsError> {
        for (work, owner, mark) in self.0.accounts.unfinished_work().await? {
            if work == UnfinishedWork::LeaveRooms && owner == user {
                self.finish_deactivation(user, mark).await?;
            }
        }
        Ok(self.0.accounts.reopen(user, password).await?)
    }

    pub(crate) async fn finish_deactivation(&self, user: &UserId, mark: u64) -> Result<(), FlowsError> {
        self.0.accounts.remove_other_devices(user, None).await?;
        self.0.keys.delete_backups(user).await?;
        self.decline_outside(user, Some(REASON)).await?;
        self.0.rooms.leave_all(user, Some(REASON)).await?;
        if self.0.accounts.status(self.0.accounts.reader(), user).await?.is_some_and(|status| status.erased) {
            self.0.accounts.erase_account_data(user).await?;
        }
        Ok(self.0.accounts.finish_work(UnfinishedWork::LeaveRooms, user, mark).await?)
    }
}
