//! The long poll: look, and if there is nothing to tell, wait for a commit that concerns this session.
//!
//! The waiter is registered before the first look, so that nothing falls between looking and waiting. A wake is a
//! hint: the next look decides whether there is news, and a look at a session without any costs microseconds.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use rooms::access::Viewer;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    Sync,
    answer::{self, Built},
    context::{Context, Since, View},
    errors::SyncError,
    filter::{CompiledFilter, Members},
    limits::COALESCE_MS,
    request::SyncRequest,
    token::SyncToken,
};

impl Sync {
    /// Waits for news after the token, at most as long as the client allows.
    pub(crate) async fn incremental(
        &self,
        request: &SyncRequest,
        filter: &Arc<CompiledFilter>,
        token: &SyncToken,
    ) -> Result<Bytes, SyncError> {
        let parts = &self.0.parts;
        let mut waiter = parts.notifier.subscribe(&request.user, request.device.as_deref());
        Box::pin(self.confirm(request, token)).await?;
        let timeout_ms = request.timeout_ms.min(parts.settings.timeout_ms_max);
        let deadline = Instant::now() + Duration::from_millis(timeout_ms);
        let wants_all = request.full_state || parts.store.has_lost(token.position());
        loop {
            // On the heap for as long as it takes, so that a waiting session holds a few hundred bytes only.
            let Built { mut body, news } = Box::pin(self.look(request, filter, Some(token))).await?;
            if news || wants_all || parts.shutdown.is_triggered() || Instant::now() >= deadline {
                if let (true, Some(woken_at)) = (news, waiter.woken_at()) {
                    metrics::histogram!("lianqiao_sync_wake_to_answer_seconds")
                        .record(woken_at.elapsed().as_secs_f64());
                }
                return Ok(body);
            }
            // What is held while it waits is the few bytes that say nothing, without the room to write more.
            body = Bytes::copy_from_slice(&body);
            tokio::select! {
                () = waiter.changed() => {}
                () = sleep_until(deadline) => return Ok(body),
                () = parts.shutdown.wait() => return Ok(body),
            }
            sleep(Duration::from_millis(COALESCE_MS)).await;
        }
    }

    /// One look at everything since the token.
    pub(crate) async fn look(
        &self,
        request: &SyncRequest,
        filter: &Arc<CompiledFilter>,
        token: Option<&SyncToken>,
    ) -> Result<Built, SyncError> {
        let view = View::now(&self.0);
        let session = (request.user.clone(), request.device.clone(), filter.digest);
        let sent_members = self.0.lazy_members.session(session);
        sent_members.lock().begin(token.map(SyncToken::position));
        let context = Context {
            inner: &self.0,
            viewer: Viewer { user: &request.user, device: request.device.as_deref() },
            filter,
            form: request.state_form,
            full_state: request.full_state
                || token.is_some_and(|token| self.0.parts.store.has_lost(token.position())),
            view: &view,
            since: token.map(|token| Since::within(token, &view)),
            hides_partial: filter.members == Members::All,
            sent_members: &sent_members,
        };
        answer::build(&context).await
    }

    /// The client shows a token, so it has received what came with it. A token from beyond our frontier proves
    /// nothing: it is of another time or another server.
    async fn confirm(&self, request: &SyncRequest, token: &SyncToken) -> Result<(), SyncError> {
        let Some(device) = &request.device else { return Ok(()) };
        if token.position() <= self.0.parts.store.frontier() {
            self.0.parts.keys.delete_received(&request.user, device, token.to_device()).await?;
        }
        Ok(())
    }
}
