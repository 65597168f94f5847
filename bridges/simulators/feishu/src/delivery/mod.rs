//! Events on their way to apps: over a connection of theirs, or to their address.

pub(crate) mod webhook;

use std::sync::Arc;

use serde_json::Value;
use simulator_stage::{Begun, Deliver, Label, Retries, Tried, call_back};

use crate::faults::Fault;
use crate::simulator::Shared;
use crate::socket::{self, Acknowledgement};
use crate::state::Event;
use crate::state::apps::Way;

/// What a client answers to an event that it has handled.
pub(crate) const HANDLED: i64 = 200;

impl Deliver for Shared {
    type Event = Event;
    type Answer = Acknowledgement;

    fn label(event: &Event) -> Label {
        // What somebody said is known by its message, because that is what people and tests are told.
        let message = event.body.pointer("/message/message_id").and_then(Value::as_str);
        let id = message.unwrap_or(&event.event_id).to_owned();
        Label { app: event.app.clone(), id, what: event.event_type.to_owned() }
    }

    fn retries(&self) -> Retries {
        let settings = &self.state.lock().settings;
        Retries {
            waits_ms: settings.retry_after_ms.clone(),
            from_first_try: false,
            time_scale: settings.time_scale,
        }
    }

    fn patience_ms(&self, _event: &Event) -> u64 {
        self.state.lock().settings.acknowledge_within_ms
    }

    async fn begin(self: &Arc<Self>, event: &mut Event) -> Begun<Acknowledgement> {
        let (way, envelope) = {
            let state = &mut *self.state.lock();
            let way = state.apps.get(&event.app).map(|app| app.way.clone());
            (way, state.envelope(event))
        };
        match way {
            Some(Way::LongConnection) => match socket::send(self, &event.app, &envelope) {
                Some(underway) => Begun::Underway(underway),
                None => Begun::Settled(Err("app not online".to_owned())),
            },
            Some(Way::Webhook(url)) => {
                let answer = webhook::post(self, &event.app, &url, &envelope).await;
                Begun::Settled(answer.map(|body| Acknowledgement { code: HANDLED, data: Some(body) }))
            }
            None => Begun::Settled(Err("there is no such app".to_owned())),
        }
    }

    fn judge(_event: &Event, answer: Acknowledgement) -> Tried<Acknowledgement> {
        if answer.code == HANDLED { Ok(answer) } else { Err(format!("the client answered {}", answer.code)) }
    }

    fn copies(&self, event: &mut Event) -> bool {
        let state = &mut *self.state.lock();
        state.go_on_after(event);
        let stage = &mut state.stage;
        let renamed = stage.faults.strikes(Fault::DeliveryNewEventId);
        if renamed {
            event.event_id = stage.chance.id("", 32);
        }
        renamed
    }
}

/// Brings the callback of a pressed button once and returns the answer to it.
pub(crate) async fn press(shared: &Arc<Shared>, event: &mut Event) -> Result<Value, Missed> {
    let acknowledgement = call_back(shared, event).await.map_err(Missed::Failed)?;
    serde_json::from_slice(&acknowledgement.data.unwrap_or_default()).map_err(|_| Missed::NotJson)
}

/// Why a callback has no answer.
pub(crate) enum Missed {
    /// The answer is not the object that it should be.
    NotJson,
    /// There was none.
    Failed(String),
}
