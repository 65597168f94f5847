//! Initial syncs: the dearest answer of all, and the one that clients give up waiting for.
//!
//! The computation runs in a task of its own and its answer is kept for a few minutes unless someone received it, so
//! that a client that hangs up and tries again attaches to what is under way instead of starting it anew. Failures
//! are not kept.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moka::future::Cache;
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::{
    Sync,
    errors::SyncError,
    filter::CompiledFilter,
    limits::{INITIAL_KEPT_BYTES, INITIAL_KEPT_SECONDS},
    request::{StateForm, SyncRequest},
};

/// What makes two initial syncs the same.
type InitialKey = (OwnedUserId, Option<OwnedDeviceId>, u64, StateForm);

/// Answers under way, and those that nobody received.
pub(crate) struct InitialAnswers(Cache<InitialKey, Bytes>);

impl Default for InitialAnswers {
    fn default() -> Self {
        let bytes = |_: &InitialKey, body: &Bytes| u32::try_from(body.len() + 256).unwrap_or(u32::MAX);
        let kept = Duration::from_secs(INITIAL_KEPT_SECONDS);
        Self(Cache::builder().max_capacity(INITIAL_KEPT_BYTES).weigher(bytes).time_to_live(kept).build())
    }
}

impl Sync {
    /// The answer to a client that has no token yet.
    pub(crate) async fn initial(
        &self,
        request: SyncRequest,
        filter: Arc<CompiledFilter>,
    ) -> Result<Bytes, SyncError> {
        let key = (request.user.clone(), request.device.clone(), filter.digest, request.state_form);
        let (sync, slot) = (self.clone(), key.clone());
        let task = tokio::spawn(async move {
            let build = async {
                let built = Box::pin(sync.look(&request, &filter, None)).await?;
                Ok(built.body)
            };
            sync.0.initial.0.try_get_with(slot, build).await
        });
        let body = match task.await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return Err(shared(error)),
            Err(error) => return Err(SyncError::Failed(error.to_string())),
        };
        // This answer is about to be received; whoever begins anew wants the present.
        self.0.initial.0.invalidate(&key).await;
        Ok(body)
    }
}

fn shared(error: Arc<SyncError>) -> SyncError {
    Arc::try_unwrap(error).unwrap_or_else(|error| SyncError::Failed(error.to_string()))
}
