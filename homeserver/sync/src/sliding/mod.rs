//! Simplified sliding sync (MSC4186): the windows of its lists instead of everything.
//!
//! One engine for both dialects: `http` translates requests into [`SlidingRequest`], [`write`](self) puts answers into
//! the words of each. A [`connection`] is remembered in memory as far as the client has confirmed it ([`progress`]);
//! rooms stand in an order that is kept per user ([`order`]), and lists in those that pass a filter ([`filtered`]); what a
//! room tells is read like that of `/sync`, from stored bytes. It never polls, and it owns no truth.

mod connection;
mod extensions;
mod facts;
mod filter_inputs;
mod filtered;
pub mod limits;
mod look;
mod order;
mod payload;
mod position;
mod progress;
mod request;
mod room;
mod room_filter;
mod rules;
mod scope;
mod standing;
mod state;
mod write;

use std::time::Duration;

use bytes::Bytes;
use rooms::access::Viewer;
use tokio::time::{Instant, sleep, sleep_until};

use self::{
    connection::{ConnectionKey, Connections, Turn},
    facts::FactsKept,
    filter_inputs::InputsKept,
    look::Looked,
    order::Orders,
    position::Position,
    progress::Progress,
};
pub use self::{
    request::{
        Dialect, ExtensionRequests, ExtensionScope, ListRequest, ProfilesRequest, RoomConfig, RoomFilters,
        SlidingRequest, StickyRequest, ToDeviceRequest,
    },
    rules::{StateRule, StateRules},
};
use crate::{
    Inner, Sync, SyncError,
    context::{Context, Since, View},
    limits::COALESCE_MS,
    request::StateForm,
};

/// What sliding sync keeps in memory.
#[derive(Default)]
pub(crate) struct Sliding {
    connections: Connections,
    pub(crate) orders: Orders,
    pub(crate) facts: FactsKept,
    pub(crate) inputs: InputsKept,
}

impl Sync {
    /// Answers one request with the JSON text of the response, when there is news or the time is up.
    ///
    /// # Errors
    /// [`SyncError::UnknownPosition`] when the client must start over, [`SyncError::Overtaken`] when it asked again on the
    /// same connection, [`SyncError::Request`] for what no honest client asks; nothing is half told.
    pub async fn slide(&self, request: SlidingRequest) -> Result<Bytes, SyncError> {
        request.check()?;
        let inner = &*self.0;
        let parts = &inner.parts;
        let presence = request.set_presence.clone();
        // Each step on the heap for as long as it takes: a long poll waits in the last one and holds no room for these.
        let device = request.device.as_deref();
        Box::pin(parts.rooms.presence_synced(&request.user, device, presence)).await?;
        let received = request.extensions.to_device.as_ref().and_then(|to_device| to_device.since.as_deref());
        Box::pin(extensions::acknowledge(inner, &request.user, device, received)).await?;
        let pos = match request.pos.as_deref().filter(|pos| !pos.is_empty()) {
            Some(pos) => Some(Position::parse(pos).ok_or(SyncError::UnknownPosition)?),
            None => None,
        };
        let id = request.conn_id.clone();
        let key = ConnectionKey { user: request.user.clone(), device: request.device.clone(), id };
        let connections = &inner.sliding.connections;
        let connection = match pos {
            Some(_) => connections.find(&key).ok_or(SyncError::UnknownPosition)?,
            None => connections.open(&key),
        };
        let mut turn = connection.turn();
        let mut progress = tokio::select! {
            progress = connection.progress.lock() => progress,
            () = turn.overtaken() => return Err(SyncError::Overtaken),
        };
        match pos {
            Some(pos) if !progress.resume(pos) => return Err(SyncError::UnknownPosition),
            Some(_) => {}
            None => progress.begin(connections.instance(parts.rooms.ephemeral_serial())),
        }
        let looked = self.wait_for_news(&request, pos.is_some(), &mut progress, &mut turn).await?;
        progress.sent(looked.pending);
        connections.weigh(&key, &connection, &progress);
        metrics::histogram!("lianqiao_sliding_sync_body_bytes").record(looked.body.len() as f64);
        Ok(looked.body)
    }

    /// Looks, and waits for a commit that concerns the session when there is nothing to tell. The waiter is registered
    /// before the first look, so that nothing falls between looking and waiting.
    async fn wait_for_news(
        &self,
        request: &SlidingRequest,
        may_wait: bool,
        progress: &mut Progress,
        turn: &mut Turn,
    ) -> Result<Looked, SyncError> {
        let parts = &self.0.parts;
        let mut waiter = parts.notifier.subscribe(&request.user, request.device.as_deref());
        let timeout_ms = if may_wait { request.timeout_ms.min(parts.settings.timeout_ms_max) } else { 0 };
        let deadline = Instant::now() + Duration::from_millis(timeout_ms);
        loop {
            // On the heap for as long as it takes, so that a waiting session holds a few hundred bytes only.
            let looked = Box::pin(look_now(&self.0, request, progress)).await?;
            if looked.news || parts.shutdown.is_triggered() || Instant::now() >= deadline {
                return Ok(looked);
            }
            drop(looked);
            tokio::select! {
                () = waiter.changed() => sleep(Duration::from_millis(COALESCE_MS)).await,
                () = sleep_until(deadline) => {}
                () = parts.shutdown.wait() => {}
                () = turn.overtaken() => return Err(SyncError::Overtaken),
            }
        }
    }
}

async fn look_now(
    inner: &Inner,
    request: &SlidingRequest,
    progress: &mut Progress,
) -> Result<Looked, SyncError> {
    let view = View::now(inner);
    let since = progress.has_begun().then(|| Since {
        position: progress.cursors.position,
        to_device: progress.cursors.position,
        ephemeral: progress.cursors.typing.unwrap_or(0),
    });
    let context = Context {
        hides_partial: false,
        inner,
        viewer: Viewer { user: &request.user, device: request.device.as_deref() },
        filter: &inner.everything,
        form: StateForm::After,
        full_state: false,
        view: &view,
        since,
        sent_members: &inner.no_members,
    };
    look::look(&context, request, progress).await
}
