//! A changed profile, and the rooms that show it.
//!
//! [Events on change of profile information](https://spec.matrix.org/v1.19/client-server-api/#events-on-change-of-profile-information)

use accounts::{ProfileChange, UnfinishedWork};
use ruma::UserId;
use serde_json::Value;

use crate::{Flows, FlowsError};

impl Flows {
    /// Sets or removes (`None`) a profile field, and brings the user's member events up to date.
    pub async fn set_profile_field(
        &self,
        user: &UserId,
        key: &str,
        value: Option<Value>,
    ) -> Result<(), FlowsError> {
        match self.0.accounts.set_profile_field(user, key, value).await? {
            // Fields that no room shows are told by the extension for profiles (MSC4262).
            ProfileChange::None => Ok(self.0.rooms.wake_around(user).await?),
            ProfileChange::Rooms { mark } => self.update_members(user, mark).await,
        }
    }

    pub(crate) async fn update_members(&self, user: &UserId, mark: u64) -> Result<(), FlowsError> {
        self.0.rooms.update_member_profile(user).await?;
        Ok(self.0.accounts.finish_work(UnfinishedWork::UpdateMembers, user, mark).await?)
    }
}
