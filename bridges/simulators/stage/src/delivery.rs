//! Events on their way to apps: first tries in order, more tries later, and what faults make of that. Knows no wire: a platform
//! says how a try begins and whether its answer is a good one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::faults::common::Fault;
use crate::hub::Underway;
use crate::limits::{EVENTS_UNDERWAY_MAX, EVENTS_WAITING_MAX, HELD_BACK_MAX, HELD_BACK_MS_MAX};
use crate::play::Play;
use crate::stage::Label;

#[cfg(test)]
mod tests;

/// What came of a try: the answer, or why it failed.
pub type Tried<A> = Result<A, String>;

/// A try that was begun.
pub enum Begun<A> {
    /// It has ended.
    Settled(Tried<A>),
    /// A connection has it, and its answer is awaited.
    Underway(Underway<A>),
    /// It failed and will not be tried again.
    Lost(&'static str),
}

/// When an event that nobody acknowledged is sent again.
#[derive(Clone, Debug)]
pub struct Retries {
    /// The waits, in milliseconds of the platform.
    pub waits_ms: Vec<u64>,
    /// Whether each wait counts from the first try; from the try before otherwise.
    pub from_first_try: bool,
    /// By how much waits are shortened.
    pub time_scale: u64,
}

/// How a platform brings events to apps.
pub trait Deliver: Play {
    /// An event for one app.
    type Event: Send + Sync + 'static;
    /// What an app answers.
    type Answer: Send + 'static;

    /// What it is called in the record.
    fn label(event: &Self::Event) -> Label;

    /// When it is sent again.
    fn retries(&self) -> Retries;

    /// How long the answer of a connection to this event is awaited, in milliseconds.
    fn patience_ms(&self, event: &Self::Event) -> u64;

    /// Begins a try. First tries are begun one after the other, in the order of the events.
    fn begin(self: &Arc<Self>, event: &mut Self::Event) -> impl Future<Output = Begun<Self::Answer>> + Send;

    /// Whether an answer that came over a connection is a good one.
    ///
    /// # Errors
    /// Why it is not.
    fn judge(event: &Self::Event, answer: Self::Answer) -> Tried<Self::Answer>;

    /// Whether a fault of this platform alone sends another copy after a success, for which `event` may be changed.
    fn copies(&self, _event: &mut Self::Event) -> bool {
        false
    }
}

/// Where a platform puts its events. Bounded: what is too much is lost, with a line in the log.
#[derive(Debug)]
pub struct Queue<E>(mpsc::Sender<E>);

/// The other end of a [`Queue`].
#[derive(Debug)]
pub struct Waiting<E>(mpsc::Receiver<E>);

/// A queue for events.
pub fn queue<E>() -> (Queue<E>, Waiting<E>) {
    let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
    (Queue(sender), Waiting(receiver))
}

impl<E> Queue<E> {
    /// Puts an event behind the others.
    pub fn put(&self, event: E) {
        if self.0.try_send(event).is_err() {
            tracing::error!("the queue of events is full or closed: an event is lost");
        }
    }
}

/// What the faults want with an event before its first try.
enum Fate {
    Goes,
    Dropped,
    HeldBack(usize),
    Delayed(Duration),
}

/// Carries events until the simulator ends.
pub async fn run<D: Deliver>(play: Arc<D>, mut waiting: Waiting<D::Event>) {
    let permits = Arc::new(Semaphore::new(EVENTS_UNDERWAY_MAX));
    let (mut held, mut since) = (Vec::new(), Instant::now());
    loop {
        let due = since + Duration::from_millis(HELD_BACK_MS_MAX);
        let event = tokio::select! {
            event = waiting.0.recv() => event,
            () = tokio::time::sleep_until(due), if !held.is_empty() => {
                release(&play, &permits, &mut held).await;
                continue;
            }
            () = play.ending().wait() => None,
        };
        let Some(event) = event else { return };
        match fate(&*play) {
            Fate::Goes => carry(&play, &permits, event).await,
            Fate::Dropped => note(&*play, &event, 0, "dropped"),
            Fate::HeldBack(count) => {
                note(&*play, &event, 0, "held back");
                since = if held.is_empty() { Instant::now() } else { since };
                held.push(event);
                if held.len() >= count {
                    release(&play, &permits, &mut held).await;
                }
            }
            Fate::Delayed(wait) => {
                let Ok(permit) = permits.clone().acquire_owned().await else { return };
                note(&*play, &event, 0, "delayed");
                let (play, permits) = (play.clone(), permits.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => drop(permit),
                        () = play.ending().wait() => return,
                    }
                    carry(&play, &permits, event).await;
                });
            }
        }
    }
}

fn fate<D: Deliver>(play: &D) -> Fate {
    play.with_stage(|stage| {
        if stage.faults.strikes(Fault::DeliveryDropped) {
            return Fate::Dropped;
        }
        if let Some(count) = stage.faults.take(Fault::DeliveryReordered) {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(2);
            return Fate::HeldBack(count.min(HELD_BACK_MAX));
        }
        let delayed = stage.faults.take(Fault::DeliveryDelayed);
        delayed.map_or(Fate::Goes, |ms| Fate::Delayed(Duration::from_millis(ms.as_u64().unwrap_or(1_000))))
    })
}

async fn release<D: Deliver>(play: &Arc<D>, permits: &Arc<Semaphore>, held: &mut Vec<D::Event>) {
    while let Some(event) = held.pop() {
        carry(play, permits, event).await;
    }
}

/// Begins the first try here and leaves the rest to a task.
async fn carry<D: Deliver>(play: &Arc<D>, permits: &Arc<Semaphore>, mut event: D::Event) {
    let Ok(permit) = permits.clone().acquire_owned().await else { return };
    let began = Instant::now();
    let first = play.begin(&mut event).await;
    let play = play.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = follow(&play, event, first, began) => {}
            () = play.ending().wait() => {}
        }
        drop(permit);
    });
}

async fn follow<D: Deliver>(play: &Arc<D>, mut event: D::Event, first: Begun<D::Answer>, began: Instant) {
    let retries = play.retries();
    let mut begun = first;
    for (try_number, wait_ms) in retries.waits_ms.iter().map(Some).chain([None]).enumerate() {
        if let Begun::Lost(reason) = begun {
            return note(&**play, &event, try_number, reason);
        }
        let mut tried = settle(&**play, &event, begun).await;
        if tried.is_ok() && play.with_stage(|stage| stage.faults.strikes(Fault::DeliveryAckIgnored)) {
            tried = Err("the acknowledgement was lost".to_owned());
        }
        match tried {
            Ok(_) => {
                note(&**play, &event, try_number, "acknowledged");
                return again(play, event).await;
            }
            Err(reason) => note(&**play, &event, try_number, &reason),
        }
        let Some(wait_ms) = wait_ms else { break };
        let wait = Duration::from_millis(wait_ms / retries.time_scale.max(1));
        let from = if retries.from_first_try { began } else { Instant::now() };
        tokio::time::sleep_until(from + wait).await;
        begun = play.begin(&mut event).await;
    }
    note(&**play, &event, retries.waits_ms.len(), "given up");
}

/// Copies that faults send after a success.
async fn again<D: Deliver>(play: &Arc<D>, mut event: D::Event) {
    if play.with_stage(|stage| stage.faults.strikes(Fault::DeliveryDuplicate)) {
        copy(play, &mut event).await;
    }
    if play.copies(&mut event) {
        copy(play, &mut event).await;
    }
}

async fn copy<D: Deliver>(play: &Arc<D>, event: &mut D::Event) {
    let begun = play.begin(event).await;
    let tried = settle(&**play, event, begun).await;
    note(&**play, event, 0, if tried.is_ok() { "acknowledged again" } else { "the copy failed" });
}

fn note<D: Deliver>(play: &D, event: &D::Event, try_number: usize, outcome: &str) {
    play.with_stage(|stage| stage.note(D::label(event), try_number, outcome));
}

async fn settle<D: Deliver>(play: &D, event: &D::Event, begun: Begun<D::Answer>) -> Tried<D::Answer> {
    match begun {
        Begun::Settled(tried) => tried,
        Begun::Lost(reason) => Err(reason.to_owned()),
        Begun::Underway(underway) => {
            let patience = Duration::from_millis(play.patience_ms(event));
            let answer = underway.within(patience).await.ok_or("no answer in time")?;
            D::judge(event, answer)
        }
    }
}

/// Brings a callback once and returns the answer to it.
///
/// # Errors
/// Why there is none.
pub async fn call_back<D: Deliver>(play: &Arc<D>, event: &mut D::Event) -> Tried<D::Answer> {
    let begun = play.begin(event).await;
    let tried = settle(&**play, event, begun).await;
    note(&**play, event, 0, tried.as_ref().err().map_or("answered", String::as_str));
    tried
}
