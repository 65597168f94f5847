//! The committer: one thread, the only writer. Its order of steps is the promise of the store:
//!
//! 1. judge conditions, give positions, 2. write and sync, 3. run the `on_commit` hooks, 4. publish the new frontier and
//!    snapshot, 5. run the `on_visible` hooks, 6. answer the callers, 7. tell the listeners.
//!
//! A failed write refuses the whole group and every later one: how much of it reached the disk is unknown, so the
//! numbers it was given are never given again in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::StreamPos;
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::batch::{Audience, Batch, Hook};
use crate::engine::{Engine, EngineError, View};
use crate::error::StoreError;
use crate::group::{Group, Judged};
use crate::health::Health;
use crate::manifest;
use crate::measure::{COMMIT_SECONDS, CONFLICTS, FAILURES, FRONTIER, GROUP_BATCHES, WRITE_SECONDS};
use crate::queue::{Queue, Request};

/// Hears of commits on the committer thread, after they are durable and visible. Must be quick and must not block.
pub trait CommitListener: Send + Sync {
    /// Told once per group whose batches announced something or took positions: everybody they announced to, and the
    /// frontier that is visible now.
    fn committed(&self, audiences: &[Audience], frontier: StreamPos);
}

/// What readers see: a view and the position it ends at.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) view: Arc<dyn View>,
    pub(crate) position: StreamPos,
}

/// What callers and the committer thread share.
pub(crate) struct Shared {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) queue: Queue,
    pub(crate) published: RwLock<Published>,
    pub(crate) health: RwLock<Health>,
    pub(crate) listeners: RwLock<Vec<Arc<dyn CommitListener>>>,
    /// When the oldest batch of the group being written was queued.
    pub(crate) writing_since: RwLock<Option<Instant>>,
}

/// Views that are not the newest any more, kept until nobody else holds them. So it is always the committer that lets go of them: that
/// takes a lock of the engine, and a thread that yields to all others could be kept from giving it back.
#[derive(Default)]
struct EarlierViews(Vec<Arc<dyn View>>);

impl EarlierViews {
    fn release(&mut self) {
        self.0.retain(|view| Arc::strong_count(view) > 1);
    }
}

/// Runs until the queue is closed and empty, then says so on `ended`.
pub(crate) fn run(shared: &Shared, ended: &watch::Sender<bool>) {
    let worked = catch_unwind(AssertUnwindSafe(|| {
        let mut earlier = EarlierViews::default();
        while let Some(requests) = shared.queue.take_group() {
            *shared.writing_since.write() = requests.first().map(|request| request.queued_at);
            let began = Instant::now();
            serve(shared, requests, &mut earlier);
            earlier.release();
            *shared.writing_since.write() = None;
            shared.queue.rest(began.elapsed());
        }
    }));
    if worked.is_err() {
        shared.fail("the committer stopped on a bug; see the log");
        shared.queue.close();
        // Dropping what waits answers it with `Closed`.
        while shared.queue.take_group().is_some() {}
    } else {
        let mut health = shared.health.write();
        if *health == Health::Ok {
            *health = Health::Closed;
        }
    }
    shared.engine.ended();
    ended.send_replace(true);
}

fn serve(shared: &Shared, requests: Vec<Request>, earlier: &mut EarlierViews) {
    if let Err(refusal) = admit(shared) {
        return requests.into_iter().for_each(|request| drop(request.reply.send(Err(refusal.clone()))));
    }
    let frontier = shared.published.read().position;
    let mut group = Group::judge(requests, &*shared.engine, frontier);
    metrics::histogram!(GROUP_BATCHES).record(group.judged.len() as f64);
    if group.accepted > 0 {
        group.operations.push(manifest::position_row(group.last));
        let started = Instant::now();
        let written = shared.engine.write(&group.operations).and_then(|()| shared.engine.snapshot());
        metrics::histogram!(WRITE_SECONDS).record(started.elapsed().as_secs_f64());
        match written {
            Ok(view) => earlier.0.push(publish(shared, &mut group, view)),
            Err(error) => refuse_all(shared, &mut group, error),
        }
    }
    let (audiences, streams) = (group.take_audiences(), group.streams);
    let position = shared.published.read().position;
    answer(group.judged);
    if !audiences.is_empty() || streams {
        for listener in shared.listeners.read().iter() {
            fenced("a commit listener", || listener.committed(&audiences, position));
        }
    }
}

/// Whether a write may be tried at all.
fn admit(shared: &Shared) -> Result<(), StoreError> {
    if let Health::Failed(reason) = &*shared.health.read() {
        return Err(StoreError::ReadOnly(Arc::clone(reason)));
    }
    let full = shared.engine.is_nearly_full();
    let health = if full { Health::Full } else { Health::Ok };
    if *shared.health.read() != health {
        tracing::warn!(?health, "the room on the disk of the store changed");
        *shared.health.write() = health;
    }
    if full { Err(StoreError::Full) } else { Ok(()) }
}

/// Makes the group visible; the view that was the newest until now.
fn publish(shared: &Shared, group: &mut Group, view: Arc<dyn View>) -> Arc<dyn View> {
    run_hooks(group, |batch| &mut batch.on_commit);
    let published = Published { view, position: group.last };
    let earlier = std::mem::replace(&mut *shared.published.write(), published);
    metrics::gauge!(FRONTIER).set(group.last.get() as f64);
    run_hooks(group, |batch| &mut batch.on_visible);
    earlier.view
}

/// Runs one kind of hooks of the batches that were accepted, in their order.
fn run_hooks(group: &mut Group, hooks: fn(&mut Batch) -> &mut Vec<Hook>) {
    for judged in &mut group.judged {
        if let Ok(commit) = &judged.verdict {
            for hook in hooks(&mut judged.request.batch).drain(..) {
                fenced("a commit hook", || hook(commit));
            }
        }
    }
}

fn refuse_all(shared: &Shared, group: &mut Group, error: EngineError) {
    metrics::counter!(FAILURES).increment(1);
    shared.fail(&error.to_string());
    let refusal = StoreError::from(error);
    group.streams = false;
    for judged in &mut group.judged {
        judged.verdict = Err(refusal.clone());
    }
}

fn answer(judged: Vec<Judged>) {
    for Judged { request, verdict } in judged {
        if verdict == Err(StoreError::Conflict) {
            metrics::counter!(CONFLICTS).increment(1);
        }
        metrics::histogram!(COMMIT_SECONDS).record(request.queued_at.elapsed().as_secs_f64());
        // A caller that went away is no reason to stop: the commit stands.
        drop(request.reply.send(verdict));
    }
}

fn fenced(what: &str, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("{what} panicked; the commit stands");
    }
}

impl Shared {
    /// Takes no more writes in this process.
    fn fail(&self, reason: &str) {
        tracing::error!(
            reason,
            "a write to the store failed: no more writes until the program is started again"
        );
        *self.health.write() = Health::Failed(reason.into());
    }
}
