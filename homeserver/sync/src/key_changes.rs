//! `/keys/changes`: what the `device_lists` of all answers between two tokens said together, for a client that was away.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges>

use std::sync::Arc;

use parking_lot::Mutex;
use rooms::access::Viewer;
use ruma::UserId;

use crate::{
    Sync,
    account_data::AccountData,
    context::{Context, Since, View},
    device_lists::{self, DeviceLists},
    encounters::Encounters,
    errors::SyncError,
    lazy_members::SentMembers,
    plan::plan,
    request::StateForm,
    token::SyncToken,
};

impl Sync {
    /// Whose devices `user` must look up again, and whose may be forgotten, after the answer that gave the token
    /// `from` and until the one that gave `to`. What happened after `to` may be told as well.
    ///
    /// # Errors
    /// [`SyncError::Token`] for a text that is no token of ours.
    pub async fn key_changes(&self, user: &UserId, from: &str, to: &str) -> Result<DeviceLists, SyncError> {
        let (from, to) = (SyncToken::parse(from)?, SyncToken::parse(to)?);
        let mut view = View::now(&self.0);
        view.position = view.position.min(to.position());
        let since = Since::within(&from, &view);
        let sent_members = Arc::new(Mutex::new(SentMembers::default()));
        let context = Context {
            inner: &self.0,
            viewer: Viewer { user, device: None },
            filter: &self.0.everything,
            form: StateForm::Before,
            full_state: false,
            view: &view,
            since: Some(since),
            hides_partial: false,
            sent_members: &sent_members,
        };
        let mut data = AccountData::load(&context).await?;
        let plan = plan(&context, &mut data).await?;
        let mut encounters = Encounters::default();
        for room in [&plan.joined, &plan.invited, &plan.knocked, &plan.left].into_iter().flatten() {
            encounters.look(&context, room).await?;
        }
        device_lists::between(&context, &encounters).await
    }
}
