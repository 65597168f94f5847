//! What a crash left undone.

use accounts::UnfinishedWork;

use crate::{Flows, FlowsError};

impl Flows {
    /// Finishes what a crash interrupted. `server` calls it once at each start, in the background:
    /// every piece may be repeated, and one that fails is tried again at the next start.
    pub async fn resume(&self) -> Result<(), FlowsError> {
        if let Err(error) = self.0.accounts.finish_provider_logouts().await {
            tracing::warn!(%error, "finish logouts that identity providers told an earlier run");
        }
        for (work, user, mark) in self.0.accounts.unfinished_work().await? {
            let result = match work {
                UnfinishedWork::LeaveRooms => self.finish_deactivation(&user, mark).await,
                UnfinishedWork::UpdateMembers => self.update_members(&user, mark).await,
                UnfinishedWork::EndSessions => self.finish_leaving(&user, mark).await,
            };
            if let Err(error) = result {
                tracing::warn!(%user, ?work, %error, "finish work of an earlier run");
            }
        }
        Ok(())
    }
}
