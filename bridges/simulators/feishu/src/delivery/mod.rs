//! Events on their way to apps: order, tries, and what faults make of them.

pub(crate) mod webhook;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use crate::faults::Fault;
use crate::limits::{EVENTS_UNDERWAY_MAX, HELD_BACK_MAX};
use crate::simulator::Shared;
use crate::socket::{self, Underway};
use crate::state::apps::Way;
use crate::state::{Delivery, Event};

/// After how much quiet held back events are sent although fewer came than a fault waited for.
const HELD_BACK_MS_MAX: u64 = 1_000;

/// What came of one try: the answer's body, or why it failed.
pub(crate) type Tried = Result<Option<Vec<u8>>, String>;

/// A try that was begun.
enum Begun {
    Settled(Tried),
    Waiting(Underway),
}

/// Carries events until the simulator ends. First tries keep the order in which things happened.
pub(crate) async fn run(shared: Arc<Shared>, mut events: mpsc::Receiver<Event>) {
    let permits = Arc::new(Semaphore::new(EVENTS_UNDERWAY_MAX));
    let mut held: Vec<Event> = Vec::new();
    loop {
        let quiet = tokio::time::sleep(Duration::from_millis(HELD_BACK_MS_MAX));
        let event = tokio::select! {
            event = events.recv() => event,
            () = quiet, if !held.is_empty() => {
                release(&shared, &permits, &mut held).await;
                continue;
            }
            () = shared.end() => None,
        };
        let Some(event) = event else { return };
        let (dropped, held_back, delayed) = {
            let faults = &mut shared.state.lock().faults;
            let dropped = faults.take(Fault::DeliveryDropped).is_some();
            (dropped, faults.take(Fault::DeliveryReordered), faults.take(Fault::DeliveryDelayed))
        };
        if dropped {
            note(&shared, &event, 0, "dropped");
        } else if let Some(count) = held_back {
            held.push(event);
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(2);
            if held.len() >= count.min(HELD_BACK_MAX) {
                release(&shared, &permits, &mut held).await;
            }
        } else if let Some(wait_ms) = delayed {
            let (shared, permits) = (shared.clone(), permits.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(wait_ms.as_u64().unwrap_or(1_000))).await;
                carry(&shared, &permits, event).await;
            });
        } else {
            carry(&shared, &permits, event).await;
        }
    }
}

async fn release(shared: &Arc<Shared>, permits: &Arc<Semaphore>, held: &mut Vec<Event>) {
    while let Some(event) = held.pop() {
        carry(shared, permits, event).await;
    }
}

/// Begins the first try here and leaves the rest to a task.
async fn carry(shared: &Arc<Shared>, permits: &Arc<Semaphore>, event: Event) {
    let Ok(permit) = permits.clone().acquire_owned().await else { return };
    let first = begin(shared, &event).await;
    let shared = shared.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = follow(&shared, event, first) => {}
            () = shared.end() => {}
        }
        drop(permit);
    });
}

async fn follow(shared: &Shared, event: Event, first: Begun) {
    let (waits_ms, scale) = {
        let settings = &shared.state.lock().settings;
        (settings.retry_after_ms.clone(), settings.time_scale.max(1))
    };
    let mut begun = first;
    for (try_number, wait_ms) in waits_ms.iter().map(Some).chain([None]).enumerate() {
        let mut tried = settle(shared, begun).await;
        if tried.is_ok() && shared.state.lock().faults.take(Fault::DeliveryAckIgnored).is_some() {
            tried = Err("the acknowledgement was lost".to_owned());
        }
        match tried {
            Ok(_) => {
                note(shared, &event, try_number, "acknowledged");
                return again(shared, event).await;
            }
            Err(reason) => note(shared, &event, try_number, &reason),
        }
        let Some(wait_ms) = wait_ms else { break };
        tokio::time::sleep(Duration::from_millis(wait_ms / scale)).await;
        begun = begin(shared, &event).await;
    }
    note(shared, &event, waits_ms.len(), "given up");
}

/// Copies that faults send after a success.
async fn again(shared: &Shared, mut event: Event) {
    let (same, renamed) = {
        let state = &mut *shared.state.lock();
        let same = state.faults.take(Fault::DeliveryDuplicate).is_some();
        let renamed = state.faults.take(Fault::DeliveryNewEventId).map(|_| state.chance.id("", 32));
        (same, renamed)
    };
    if same {
        let begun = begin(shared, &event).await;
        let tried = settle(shared, begun).await;
        note(shared, &event, 0, if tried.is_ok() { "acknowledged again" } else { "the copy failed" });
    }
    if let Some(event_id) = renamed {
        event.event_id = event_id;
        let begun = begin(shared, &event).await;
        let tried = settle(shared, begun).await;
        note(shared, &event, 0, if tried.is_ok() { "acknowledged again" } else { "the copy failed" });
    }
}

fn note(shared: &Shared, event: &Event, try_number: usize, outcome: &str) {
    shared.state.lock().record(Delivery {
        app: event.app.clone(),
        event_id: event.event_id.clone(),
        event_type: event.event_type.to_owned(),
        try_number,
        outcome: outcome.to_owned(),
    });
}

async fn begin(shared: &Shared, event: &Event) -> Begun {
    let (way, envelope) = {
        let state = &mut *shared.state.lock();
        let way = state.apps.get(&event.app).map(|app| app.way.clone());
        (way, state.envelope(event))
    };
    match way {
        Some(Way::LongConnection) => match socket::send(shared, &event.app, &envelope) {
            Some(underway) => Begun::Waiting(underway),
            None => Begun::Settled(Err("app not online".to_owned())),
        },
        Some(Way::Webhook(url)) => Begun::Settled(webhook::post(shared, &event.app, &url, &envelope).await),
        None => Begun::Settled(Err("there is no such app".to_owned())),
    }
}

async fn settle(shared: &Shared, begun: Begun) -> Tried {
    let underway = match begun {
        Begun::Settled(tried) => return tried,
        Begun::Waiting(underway) => underway,
    };
    let within = Duration::from_millis(shared.state.lock().settings.acknowledge_within_ms);
    let answer = tokio::time::timeout(within, underway.acknowledged).await;
    shared.hub.forget(&underway.message_id);
    match answer {
        Ok(Ok(acknowledgement)) if acknowledgement.code == 200 => Ok(acknowledgement.data),
        Ok(Ok(acknowledgement)) => Err(format!("the client answered {}", acknowledgement.code)),
        Ok(Err(_)) | Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Brings a callback once and returns the answer to it.
pub(crate) async fn call_back(shared: &Shared, event: &Event) -> Result<Value, Missed> {
    let begun = begin(shared, event).await;
    let tried = settle(shared, begun).await;
    note(shared, event, 0, tried.as_ref().err().map_or("answered", String::as_str));
    match tried {
        Ok(Some(body)) => serde_json::from_slice(&body).map_err(|_| Missed::NotJson),
        Ok(None) => Err(Missed::NotJson),
        Err(reason) => Err(Missed::Failed(reason)),
    }
}

/// Why a callback has no answer.
pub(crate) enum Missed {
    /// The answer is not the object that it should be.
    NotJson,
    /// There was none.
    Failed(String),
}
