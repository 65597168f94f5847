//! Whose invites a user wants, from the account data of MSC4380 and MSC4155.

use std::sync::Arc;

use rules::invites::InvitePolicy;
use ruma::UserId;
use store::StoreError;

use crate::Accounts;

/// Types of account data that say whose invites a user wants; the specification's first.
pub(crate) const INVITE_PERMISSION: [&str; 2] =
    ["m.invite_permission_config", "org.matrix.msc4155.invite_permission_config"];

impl Accounts {
    /// Whose invites a user wants. From memory after the first time.
    pub async fn invite_policy(&self, user: &UserId) -> Result<Arc<InvitePolicy>, StoreError> {
        let load = async {
            let [permission, filter] = INVITE_PERMISSION;
            let permission = self.stored_account_data(&self.0.store, user, None, permission).await?;
            let filter = self.stored_account_data(&self.0.store, user, None, filter).await?;
            let json = |content: &Option<Box<serde_json::value::RawValue>>| {
                content.as_ref().map(|content| content.get().to_owned())
            };
            Ok(InvitePolicy::new(json(&permission).as_deref(), json(&filter).as_deref()))
        };
        self.0.invites.get_or_load(&self.0.store, user, load).await
    }
}
