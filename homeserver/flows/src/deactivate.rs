//! Closing an account, with its devices and its places in rooms.

use accounts::UnfinishedWork;
use ruma::UserId;

use crate::{Flows, FlowsError};

/// What other members read as the reason of the leave.
const REASON: &str = "Account deactivated";

impl Flows {
    /// Closes an account for ever: no password, no devices, no rooms; with `erase` no profile and no
    /// account data either. Once this has begun it is finished, if need be after a restart.
    pub async fn deactivate(&self, user: &UserId, erase: bool) -> Result<(), FlowsError> {
        let mark = self.0.accounts.deactivate(user, erase).await?;
        self.finish_deactivation(user, mark).await
    }

    pub(crate) async fn finish_deactivation(&self, user: &UserId, mark: u64) -> Result<(), FlowsError> {
        self.0.accounts.remove_other_devices(user, None).await?;
        self.0.keys.delete_backups(user).await?;
        self.0.rooms.leave_all(user, Some(REASON)).await?;
        if self.0.accounts.status(self.0.accounts.reader(), user).await?.is_some_and(|status| status.erased) {
            self.0.accounts.erase_account_data(user).await?;
        }
        Ok(self.0.accounts.finish_work(UnfinishedWork::LeaveRooms, user, mark).await?)
    }
}
