//! The bounded queue between callers and the committer.
//!
//! A write that has begun holds up whoever comes next, so batches of background threads, and those that say so, leave pauses
//! where people write too: after a group they wait as long as it took, unless somebody comes for whom nothing waits. Then all
//! of them are written, in their order.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use crate::batch::{Batch, Commit};
use crate::error::StoreError;
use crate::limits::{
    GROUP_BATCHES_MAX, GROUP_BYTES_MAX, PEOPLE_STAY, QUEUE_BATCHES_MAX, QUEUE_BYTES_MAX, REST_MAX,
};

/// Bytes one permit of the byte semaphore stands for.
const PERMIT_BYTES: usize = 1024;

/// A batch that waits, and whom to answer.
pub(crate) struct Request {
    pub(crate) batch: Batch,
    pub(crate) reply: oneshot::Sender<Result<Commit, StoreError>>,
    pub(crate) queued_at: Instant,
    /// Nobody waits for it at a screen.
    in_background: bool,
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
    /// How many of them somebody waits for.
    urgent: usize,
    /// When the last one was taken that somebody waited for.
    urgent_at: Option<Instant>,
    /// Until when those wait that nobody waits for.
    rests_until: Option<Instant>,
    closed: bool,
}

/// What the committer waits for before it takes a group.
enum Next {
    Nothing,
    Arrival,
    ArrivalUntil(Instant),
}

impl Waiting {
    /// What the committer has to wait for.
    fn next(&self, now: Instant) -> Next {
        if self.requests.is_empty() && !self.closed {
            return Next::Arrival;
        }
        match self.rests_until.filter(|until| *until > now && self.urgent == 0 && !self.closed) {
            Some(until) => Next::ArrivalUntil(until),
            None => Next::Nothing,
        }
    }
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
        let in_background = batch.nobody_waits || base::in_background();
        let request = Request { batch, reply, queued_at: Instant::now(), in_background, _room: room };
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Submission::refused(StoreError::Closed);
        }
        waiting.urgent += usize::from(!in_background);
        waiting.requests.push_back(request);
        drop(waiting);
        self.arrived.notify_one();
        Submission(Answer::Waiting(answer))
    }

    /// The next group, in order; blocks until there is one. `None` when the queue is closed and empty.
    pub(crate) fn take_group(&self) -> Option<Vec<Request>> {
        let mut waiting = self.waiting.lock();
        loop {
            match waiting.next(Instant::now()) {
                Next::Nothing => break,
                Next::Arrival => self.arrived.wait(&mut waiting),
                Next::ArrivalUntil(until) => {
                    self.arrived.wait_until(&mut waiting, until.into_std());
                }
            }
        }
        if waiting.requests.is_empty() {
            return None;
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
        let urgent = group.iter().filter(|request| !request.in_background).count();
        if urgent > 0 {
            waiting.urgent -= urgent;
            waiting.urgent_at = Some(Instant::now());
        }
        Some(group)
    }

    /// A group was written, which took so long: where people write, those that nobody waits for leave them as long.
    pub(crate) fn rest(&self, took: Duration) {
        let (mut waiting, now) = (self.waiting.lock(), Instant::now());
        let beside_people = waiting.urgent_at.is_some_and(|at| now.duration_since(at) < PEOPLE_STAY);
        waiting.rests_until = beside_people.then(|| now + took.min(REST_MAX));
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

#[cfg(test)]
mod tests {
    use base::Background;

    use super::*;

    /// Queues an empty batch on this thread.
    async fn push(queue: &Queue) -> Submission {
        let room = queue.room(0).await.unwrap();
        queue.push(Batch::new(), room)
    }

    /// A queue of which a batch was taken that somebody waited for, where the background rests.
    async fn beside_people() -> (Arc<Queue>, Background) {
        let queue = Arc::new(Queue::new());
        drop(push(&queue).await);
        assert_eq!(queue.take_group().unwrap().len(), 1);
        queue.rest(REST_MAX);
        (queue, Background::start(1, 512 * 1024).unwrap())
    }

    async fn push_in_background(queue: &Arc<Queue>, background: &Background) {
        let queue = Arc::clone(queue);
        background.spawn(async move { drop(push(&queue).await) }).await.unwrap();
    }

    #[tokio::test]
    async fn beside_people_the_background_leaves_a_pause() {
        let (queue, background) = beside_people().await;
        let rested_from = Instant::now();
        queue.rest(REST_MAX);
        push_in_background(&queue, &background).await;
        assert_eq!(queue.take_group().unwrap().len(), 1);
        assert!(rested_from.elapsed() >= REST_MAX);
    }

    #[tokio::test]
    async fn a_batch_that_says_so_ends_no_pause_wherever_it_comes_from() {
        let (queue, background) = beside_people().await;
        queue.waiting.lock().rests_until = Some(Instant::now() + Duration::from_secs(600));
        let room = queue.room(0).await.unwrap();
        let mut batch = Batch::new();
        batch.nobody_waits();
        drop(queue.push(batch, room));
        push_in_background(&queue, &background).await;
        assert_eq!(queue.waiting.lock().urgent, 0);
        drop(push(&queue).await);
        assert_eq!(queue.take_group().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn somebody_who_waits_ends_the_pause_and_all_go_in_their_order() {
        let (queue, background) = beside_people().await;
        // Long enough that only the batch below can end it.
        queue.waiting.lock().rests_until = Some(Instant::now() + Duration::from_secs(600));
        push_in_background(&queue, &background).await;
        drop(push(&queue).await);
        let order: Vec<_> = queue.take_group().unwrap().iter().map(|request| request.in_background).collect();
        assert_eq!(order, [true, false]);
    }

    #[tokio::test]
    async fn where_nobody_else_writes_there_are_no_pauses() {
        let (queue, background) = (Arc::new(Queue::new()), Background::start(1, 512 * 1024).unwrap());
        queue.rest(REST_MAX);
        assert_eq!(queue.waiting.lock().rests_until, None);
        push_in_background(&queue, &background).await;
        assert_eq!(queue.take_group().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_queue_that_is_closed_is_emptied_without_a_pause() {
        let (queue, background) = beside_people().await;
        queue.waiting.lock().rests_until = Some(Instant::now() + Duration::from_secs(600));
        push_in_background(&queue, &background).await;
        queue.close();
        assert_eq!(queue.take_group().unwrap().len(), 1);
        assert!(queue.take_group().is_none());
    }
}
