//! Pushes on their way to apps: order, tries, and what faults make of them.

pub(crate) mod webhook;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::api::session;
use crate::faults::Fault;
use crate::limits::{HELD_BACK_MAX, PUSHES_UNDERWAY_MAX};
use crate::robot;
use crate::simulator::Shared;
use crate::socket::{self, Acknowledgement, Underway};
use crate::state::{Delivery, Push, State, Told};

/// After how much quiet held back pushes are sent although fewer came than a fault waited for.
const HELD_BACK_MS_MAX: u64 = 1_000;

/// Events that do not count against the month's pushes.
const UNCOUNTED: &[&str] = &["user_", "org_", "label_"];

/// What came of one try: the client's answer, or why it failed.
pub(crate) type Tried = Result<Value, String>;

/// A try that was begun.
enum Begun {
    Settled(Tried),
    Waiting(Underway),
    /// Nobody is connected.
    Nowhere,
}

/// Carries pushes until the simulator ends. First tries keep the order in which things happened.
pub(crate) async fn run(shared: Arc<Shared>, mut pushes: mpsc::Receiver<Push>) {
    let permits = Arc::new(Semaphore::new(PUSHES_UNDERWAY_MAX));
    let mut held: Vec<Push> = Vec::new();
    loop {
        let quiet = tokio::time::sleep(Duration::from_millis(HELD_BACK_MS_MAX));
        let push = tokio::select! {
            push = pushes.recv() => push,
            () = quiet, if !held.is_empty() => {
                release(&shared, &permits, &mut held).await;
                continue;
            }
            () = shared.end() => None,
        };
        let Some(push) = push else { return };
        let (dropped, held_back, delayed) = {
            let faults = &mut shared.state.lock().faults;
            let dropped = faults.strikes(Fault::DeliveryDropped);
            (dropped, faults.take(Fault::DeliveryReordered, ""), faults.take(Fault::DeliveryDelayed, ""))
        };
        if dropped {
            note(&shared, &push, 0, "dropped");
        } else if let Some(count) = held_back {
            held.push(push);
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(2);
            if held.len() >= count.min(HELD_BACK_MAX) {
                release(&shared, &permits, &mut held).await;
            }
        } else if let Some(wait_ms) = delayed {
            let (shared, permits) = (shared.clone(), permits.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(wait_ms.as_u64().unwrap_or(1_000))).await;
                carry(&shared, &permits, push).await;
            });
        } else {
            carry(&shared, &permits, push).await;
        }
    }
}

async fn release(shared: &Arc<Shared>, permits: &Arc<Semaphore>, held: &mut Vec<Push>) {
    while let Some(push) = held.pop() {
        carry(shared, permits, push).await;
    }
}

/// Begins the first try here and leaves the rest to a task.
async fn carry(shared: &Arc<Shared>, permits: &Arc<Semaphore>, push: Push) {
    let Ok(permit) = permits.clone().acquire_owned().await else { return };
    let began = Instant::now();
    let data = dress(&mut shared.state.lock(), &push);
    let first = begin(shared, &push, &data).await;
    if matches!((&first, &push.what), (Begun::Nowhere, Told::Robot(_))) {
        // What was written while nobody was connected is not replayed.
        return note(shared, &push, 0, "lost: nobody is connected");
    }
    let shared = shared.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = follow(&shared, &push, &data, first, began) => {}
            () = shared.end() => {}
        }
        drop(permit);
    });
}

/// What a push says, and its count against the month's pushes.
fn dress(state: &mut State, push: &Push) -> Value {
    let counted = match &push.what {
        Told::Event(name, _) => !UNCOUNTED.iter().any(|uncounted| name.starts_with(uncounted)),
        Told::Robot(_) | Told::Card(_) => true,
    };
    let left = !counted || state.spend_push();
    match &push.what {
        Told::Robot(message) => {
            let Some(message) = state.messages.get(message).cloned() else { return Value::Null };
            robot::payload(state, &push.app, &message, left)
        }
        Told::Event(_, data) if left => data.clone(),
        Told::Event(..) => json!({ "errCode": "20001", "errMsg": "企业本月的推送次数已用完" }),
        Told::Card(data) => data.clone(),
    }
}

async fn follow(shared: &Arc<Shared>, push: &Push, data: &Value, first: Begun, began: Instant) {
    let (tries_at_ms, scale) = {
        let settings = &shared.state.lock().settings;
        (settings.retry_at_ms.clone(), settings.time_scale.max(1))
    };
    let mut begun = first;
    for (try_number, at_ms) in tries_at_ms.iter().map(Some).chain([None]).enumerate() {
        let mut tried = settle(shared, &push.what, begun).await;
        if tried.is_ok() && shared.state.lock().faults.strikes(Fault::DeliveryAckIgnored) {
            tried = Err("the acknowledgement was lost".to_owned());
        }
        match tried {
            Ok(_) => {
                note(shared, push, try_number, "acknowledged");
                return again(shared, push, data).await;
            }
            Err(reason) => note(shared, push, try_number, &reason),
        }
        let Some(at_ms) = at_ms else { break };
        tokio::time::sleep_until(began + Duration::from_millis(at_ms / scale)).await;
        begun = begin(shared, push, data).await;
    }
    note(shared, push, tries_at_ms.len(), "given up");
}

/// The copy that a fault sends after a success.
async fn again(shared: &Arc<Shared>, push: &Push, data: &Value) {
    if shared.state.lock().faults.strikes(Fault::DeliveryDuplicate) {
        let begun = begin(shared, push, data).await;
        let tried = settle(shared, &push.what, begun).await;
        note(shared, push, 0, if tried.is_ok() { "acknowledged again" } else { "the copy failed" });
    }
}

fn note(shared: &Shared, push: &Push, try_number: usize, outcome: &str) {
    shared.state.lock().record(Delivery {
        app: push.app.clone(),
        id: push.id.clone(),
        what: push.what.name(),
        try_number,
        outcome: outcome.to_owned(),
    });
}

async fn begin(shared: &Arc<Shared>, push: &Push, data: &Value) -> Begun {
    let app = shared.state.lock().apps.get(&push.app).cloned();
    let Some(app) = app else { return Begun::Nowhere };
    match (&push.what, app.robot_url, app.events) {
        (Told::Robot(_), Some(url), _) => {
            let answer = webhook::post_to_robot(shared, &app.secret, &url, data).await;
            if let (Ok(answer), Some(chat)) = (&answer, data.get("conversationId").and_then(Value::as_str)) {
                session::take_answer(&mut shared.state.lock(), &push.app, chat, answer);
            }
            Begun::Settled(answer)
        }
        (Told::Event(name, _), _, Some(address)) => {
            if !address.tags.is_empty() && !address.tags.contains(*name) {
                return Begun::Settled(Ok(Value::Null));
            }
            Begun::Settled(webhook::post_event(shared, &address, push, name, data).await)
        }
        (Told::Robot(_) | Told::Event(..) | Told::Card(_), _, _) => {
            socket::send(shared, push, data).map_or(Begun::Nowhere, Begun::Waiting)
        }
    }
}

async fn settle(shared: &Shared, what: &Told, begun: Begun) -> Tried {
    let underway = match begun {
        Begun::Settled(tried) => return tried,
        Begun::Nowhere => return Err("nobody is connected".to_owned()),
        Begun::Waiting(underway) => underway,
    };
    let within_ms = {
        let settings = &shared.state.lock().settings;
        match what {
            Told::Card(_) => settings.card_within_ms,
            Told::Robot(_) | Told::Event(..) => settings.acknowledge_within_ms,
        }
    };
    let answer = tokio::time::timeout(Duration::from_millis(within_ms), underway.acknowledged).await;
    shared.hub.forget(&underway.message_id);
    match answer {
        Ok(Ok(acknowledgement)) => judge(what, acknowledgement),
        Ok(Err(_)) | Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Whether an acknowledgement is a good one.
fn judge(what: &Told, acknowledgement: Acknowledgement) -> Tried {
    if acknowledgement.code != 200 {
        return Err(format!("the client answered {}", acknowledgement.code));
    }
    let later = acknowledgement.data.get("status") == Some(&"LATER".into());
    if matches!(what, Told::Event(..)) && later {
        return Err("the client asked for it later".to_owned());
    }
    Ok(acknowledgement.data)
}

/// Brings a card's callback over the stream once and returns the answer.
pub(crate) async fn call_back(shared: &Arc<Shared>, push: &Push) -> Tried {
    let data = dress(&mut shared.state.lock(), push);
    let begun = begin(shared, push, &data).await;
    let tried = settle(shared, &push.what, begun).await;
    note(shared, push, 0, tried.as_ref().err().map_or("answered", String::as_str));
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_no_good_answer_to_an_event() {
        let answer = |code, status: &str| Acknowledgement { code, data: json!({ "status": status }) };
        let event = Told::Event("chat_quit", Value::Null);
        assert!(judge(&event, answer(200, "SUCCESS")).is_ok());
        assert!(judge(&event, answer(200, "LATER")).is_err());
        assert!(judge(&event, answer(500, "SUCCESS")).is_err());
        assert!(judge(&event, answer(404, "SUCCESS")).is_err());
        assert!(judge(&Told::Robot(String::new()), answer(200, "LATER")).is_ok());
    }
}
