//! What one answer is made of: who asks, for what, and from which moment to which.

use std::sync::Arc;

use model::StreamPos;
use parking_lot::Mutex;
use rooms::access::Viewer;
use ruma::UserId;
use store::{Reader, Snapshot};

use crate::{Inner, filter::CompiledFilter, lazy_members::SentMembers, request::StateForm, token::SyncToken};

/// The moment that an answer describes. Taken once per look, so that all sections agree.
pub(crate) struct View {
    /// The store at that moment.
    pub snapshot: Snapshot,
    /// Everything up to here is told.
    pub position: StreamPos,
    /// The same for what lives in memory.
    pub ephemeral: u64,
}

impl View {
    /// Now. The serial is sampled first: what changes in memory after it is told next time.
    pub fn now(inner: &Inner) -> Self {
        let ephemeral = inner.parts.rooms.ephemeral_serial();
        let snapshot = inner.parts.store.snapshot();
        let position = snapshot.position();
        Self { snapshot, position, ephemeral }
    }
}

/// Where the client stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Since {
    /// Everything up to here was told.
    pub position: StreamPos,
    /// To-device messages up to here were handed out.
    pub to_device: StreamPos,
    /// Changes in memory up to here were told.
    pub ephemeral: u64,
}

impl Since {
    /// The client's token, as far as this server knows of it. A token from beyond our frontier (another server's,
    /// or from before a restore) counts as the frontier of this moment:
    /// nothing blocks, and nothing is told twice for ever.
    pub fn within(token: &SyncToken, view: &View) -> Self {
        Self {
            position: token.position().min(view.position),
            to_device: token.to_device().min(view.position),
            ephemeral: token.ephemeral().min(view.ephemeral),
        }
    }
}

/// One answer under construction.
pub(crate) struct Context<'a> {
    /// The parts of the server.
    pub inner: &'a Inner,
    /// Who asks.
    pub viewer: Viewer<'a>,
    /// What passes.
    pub filter: &'a CompiledFilter,
    /// Where the state goes.
    pub form: StateForm,
    /// The whole state is wanted, whatever the client has: it says so, or its token is of a time that a restore took
    /// back, so that it may have seen what is not here any more.
    pub full_state: bool,
    /// The moment.
    pub view: &'a View,
    /// Where the client stands; none for an initial sync.
    pub since: Option<Since>,
    /// Rooms whose members are not all known yet are left out, because the client counts on all of them (MSC3902).
    pub hides_partial: bool,
    /// The members that the session was sent.
    pub sent_members: &'a Arc<Mutex<SentMembers>>,
}

impl<'a> Context<'a> {
    /// The same answer for a part that stands elsewhere than the rest.
    pub fn with_since(&self, since: Option<Since>) -> Context<'a> {
        Context { since, ..*self }
    }

    /// The user who asks.
    pub fn user(&self) -> &UserId {
        self.viewer.user
    }

    /// The store at the moment of the answer.
    pub fn reader(&self) -> &Reader {
        &self.view.snapshot
    }

    /// Everything up to here was told; zero for an initial sync.
    pub fn after(&self) -> StreamPos {
        self.since.map_or(StreamPos::new(0), |since| since.position)
    }
}
