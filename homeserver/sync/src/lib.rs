//! Classic `/sync`: tells a client everything that is news to it, and waits when there is nothing.
//!
//! This crate owns no truth. It reads a snapshot of the store and what lives in memory beside it, and writes JSON from
//! stored bytes. It decides what is *news*; what a user may *see* is decided by `rooms`. It never polls: a waiting
//! session sleeps until a commit names it.
//!
//! Begin with [`wait`], go on to [`answer`], then [`plan`] and [`room`].
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync>

mod account_data;
mod answer;
mod context;
mod device_lists;
mod encounters;
mod errors;
mod fields;
mod filter;
mod initial;
mod json;
mod key_changes;
mod lazy_members;
mod lean_state;
pub mod limits;
mod plan;
mod presence;
mod request;
mod room;
pub mod sliding;
mod to_device;
pub mod token;
mod wait;

use std::sync::Arc;

use accounts::Accounts;
use base::Shutdown;
use bytes::Bytes;
use keys::Keys;
use moka::sync::Cache;
use rooms::Rooms;
use ruma::OwnedUserId;
use store::Store;
use streams::Notifier;

pub use crate::{
    device_lists::DeviceLists,
    errors::SyncError,
    request::{FilterChoice, StateForm, SyncRequest},
    token::TokenError,
};
use crate::{filter::CompiledFilter, token::SyncToken};

/// What [`Sync`] is built from.
pub struct SyncParts {
    /// Where everything is kept.
    pub store: Store,
    /// Wakes waiting sessions.
    pub notifier: Notifier,
    /// Rooms.
    pub rooms: Rooms,
    /// Account data, filters, ignored users.
    pub accounts: Accounts,
    /// To-device messages, device lists, key counts.
    pub keys: Keys,
    /// Ends long polls with an answer when the server stops.
    pub shutdown: Shutdown,
    /// Choices of the operator.
    pub settings: SyncSettings,
}

/// Choices of the operator.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// Longest long poll, in milliseconds, whatever the client asks for.
    pub timeout_ms_max: u64,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self { timeout_ms_max: limits::TIMEOUT_MS_MAX }
    }
}

/// Answers `/sync`. Clones share one state.
#[derive(Clone)]
pub struct Sync(Arc<Inner>);

pub(crate) struct Inner {
    parts: SyncParts,
    lazy_members: lazy_members::LazyMembers,
    lean_states: lean_state::LeanStates,
    initial: initial::InitialAnswers,
    filters: Cache<(OwnedUserId, String), Arc<CompiledFilter>>,
    everything: Arc<CompiledFilter>,
    no_members: Arc<parking_lot::Mutex<lazy_members::SentMembers>>,
    pub(crate) sliding: sliding::Sliding,
}

impl Sync {
    /// Puts the parts together; reads and writes nothing.
    #[must_use]
    pub fn new(parts: SyncParts) -> Self {
        Self(Arc::new(Inner {
            parts,
            lazy_members: lazy_members::LazyMembers::default(),
            lean_states: lean_state::LeanStates::default(),
            initial: initial::InitialAnswers::default(),
            filters: Cache::new(limits::FILTERS_KEPT_MAX),
            everything: Arc::default(),
            no_members: Arc::default(),
            sliding: sliding::Sliding::default(),
        }))
    }

    /// Answers one request with the JSON text of the response, when there is news or the time is up.
    ///
    /// # Errors
    /// [`SyncError`]; nothing is half told.
    pub async fn answer(&self, request: SyncRequest) -> Result<Bytes, SyncError> {
        // Each step on the heap for as long as it takes: a long poll waits in the last one and holds no room for the others.
        let filter = Box::pin(self.filter(&request)).await?;
        let token =
            request.since.as_deref().filter(|since| !since.is_empty()).map(SyncToken::parse).transpose()?;
        let presence = request.set_presence.clone();
        let rooms = &self.0.parts.rooms;
        Box::pin(rooms.presence_synced(&request.user, request.device.as_deref(), presence)).await?;
        let body = match token {
            None => Box::pin(self.initial(request, filter)).await?,
            Some(token) => self.incremental(&request, &filter, &token).await?,
        };
        metrics::histogram!("lianqiao_sync_body_bytes").record(body.len() as f64);
        Ok(body)
    }

    async fn filter(&self, request: &SyncRequest) -> Result<Arc<CompiledFilter>, SyncError> {
        let id = match &request.filter {
            FilterChoice::Everything => return Ok(self.0.everything.clone()),
            FilterChoice::Inline(definition) => return Ok(Arc::new(CompiledFilter::new(definition))),
            FilterChoice::Stored(id) => id,
        };
        let key = (request.user.clone(), id.clone());
        if let Some(filter) = self.0.filters.get(&key) {
            return Ok(filter);
        }
        let parts = &self.0.parts;
        let stored = parts.accounts.filter(&parts.store, &request.user, id).await?;
        let filter = Arc::new(CompiledFilter::new(&*stored.ok_or(SyncError::UnknownFilter)?));
        self.0.filters.insert(key, filter.clone());
        Ok(filter)
    }
}

#[cfg(test)]
mod tests;
