//! The bounded queue between callers and the committer.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use crate::batch::{Batch, Commit};
use crate::error::StoreError;
use crate::limits::{GROUP_BATCHES_MAX, GROUP_BYTES_MAX, QUEUE_BATCHES_MAX, QUEUE_BYTES_MAX};

/// Bytes one permit of the byte semaphore stands for.
const PERMIT_BYTES: usize = 1024;

/// A batch that waits, and whom to answer.
pub(crate) struct Request {
    pub(crate) batch: Batch,
    pub(crate) reply: oneshot::Sender<Result<Commit, StoreError>>,
    pub(crate) queued_at: Instant,
    /// Held until the answer, so that the bound covers batches being written too.
    _room: Room,
}

/// Room in the queue for one batch.
pub(crate) struct Room {
    _batch: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// The answer to a submitted batch. Dropping it cancels nothing: the batch is committed or refused all the same.
#[derive(Debug)]
#[must_use = "the commit may be refused"]
pub struct Submission(Answer);

#[derive(Debug)]
enum Answer {
    Waiting(oneshot::Receiver<Result<Commit, StoreError>>),
    Refused(StoreError),
}

impl Submission {
    pub(crate) const fn refused(error: StoreError) -> Self {
        Self(Answer::Refused(error))
    }
}

impl Future for Submission {
    type Output = Result<Commit, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Answer::Refused(error) => Poll::Ready(Err(error.clone())),
            // A sender dropped without an answer: the committer ended.
            Answer::Waiting(receiver) => {
                Pin::new(receiver).poll(context).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
            }
        }
    }
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    closed: bool,
}

/// First in, first out, bounded in batches and bytes.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    batches: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            batches: Arc::new(Semaphore::new(QUEUE_BATCHES_MAX)),
            bytes: Arc::new(Semaphore::new(QUEUE_BYTES_MAX / PERMIT_BYTES)),
        }
    }

    /// Waits for room for a batch of `bytes`.
    pub(crate) async fn room(&self, bytes: usize) -> Result<Room, StoreError> {
        let closed = |_| StoreError::Closed;
        let batch = Arc::clone(&self.batches).acquire_owned().await.map_err(closed)?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(permits(bytes)).await.map_err(closed)?;
        Ok(Room { _batch: batch, _bytes: bytes })
    }

    /// Takes room if there is some now.
    pub(crate) fn room_now(&self, bytes: usize) -> Option<Room> {
        let batch = Arc::clone(&self.batches).try_acquire_owned().ok()?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(permits(bytes)).ok()?;
        Some(Room { _batch: batch, _bytes: bytes })
    }

    /// Queues a batch; the order of calls is the order in which conditions are judged.
    pub(crate) fn push(&self, batch: Batch, room: Room) -> Submission {
        let (reply, answer) = oneshot::channel();
        let request = Request { batch, reply, queued_at: Instant::now(), _room: room };
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Submission::refused(StoreError::Closed);
        }
        waiting.requests.push_back(request);
        drop(waiting);
        self.arrived.notify_one();
        Submission(Answer::Waiting(answer))
    }

    /// The next group, in order; blocks until there is one. `None` when the queue is closed and empty.
    pub(crate) fn take_group(&self) -> Option<Vec<Request>> {
        let mut waiting = self.waiting.lock();
        while waiting.requests.is_empty() {
            if waiting.closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(next) = waiting.requests.front() {
            bytes += next.batch.bytes();
            if group.len() == GROUP_BATCHES_MAX || (bytes > GROUP_BYTES_MAX && !group.is_empty()) {
                break;
            }
            group.extend(waiting.requests.pop_front());
        }
        Some(group)
    }

    /// Takes no more; what waits is still served.
    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        self.arrived.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.waiting.lock().closed
    }

    /// When the oldest waiting batch was queued.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.waiting.lock().requests.front().map(|request| request.queued_at)
    }
}

fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PERMIT_BYTES).max(1)).unwrap_or(u32::MAX)
}
