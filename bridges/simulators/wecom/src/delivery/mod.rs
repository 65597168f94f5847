//! Events on their way to apps and bots: by callback in XML, by callback in JSON, over a bot's socket.

pub(crate) mod bot_callback;
pub(crate) mod callback;
pub(crate) mod payload;
mod seal;

use std::sync::Arc;

use serde_json::Value;
use simulator_stage::{Begun, Deliver, Label, Play as _, Retries, Tried};

use crate::simulator::Shared;
use crate::socket;
use crate::state::{Event, Receiver, State, What};

impl Deliver for Shared {
    type Event = Event;
    type Answer = Value;

    fn label(event: &Event) -> Label {
        let what = match &event.what {
            What::Message(_) => "message".to_owned(),
            What::Happened(fields) => {
                let part = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
                let (event, change) = (part("Event"), part("ChangeType"));
                if change.is_empty() { event.to_owned() } else { format!("{event}.{change}") }
            }
            What::Bot { name, .. } => (*name).to_owned(),
        };
        Label { app: event.to.id(), id: event.id.clone(), what }
    }

    fn retries(&self) -> Retries {
        let settings = &self.state.lock().settings;
        Retries {
            waits_ms: settings.retry_waits_ms.clone(),
            from_first_try: false,
            time_scale: settings.time_scale,
        }
    }

    fn patience_ms(&self, _event: &Event) -> u64 {
        self.state.lock().settings.event_reply_within_ms
    }

    async fn begin(self: &Arc<Self>, event: &mut Event) -> Begun<Value> {
        let way = way(&self.state.lock(), event);
        match way {
            Way::Nowhere => Begun::Lost("lost: no address is set"),
            Way::Callback => Begun::Settled(callback::post(self, event).await),
            Way::BotCallback => {
                let tried = bot_callback::post(self, event).await;
                // A card's callback to a bot comes once.
                match tried {
                    Err(_) if is_card(event) => Begun::Lost("lost: a card's callback to a bot comes once"),
                    tried => Begun::Settled(tried),
                }
            }
            Way::Socket => socket::send(self, event),
        }
    }

    fn judge(_event: &Event, answer: Value) -> Tried<Value> {
        Ok(answer)
    }
}

enum Way {
    Nowhere,
    Callback,
    BotCallback,
    Socket,
}

fn way(state: &State, event: &Event) -> Way {
    match &event.to {
        Receiver::App(agent) => {
            let app = state.apps.get(agent).filter(|app| !app.disabled && app.callback.is_some());
            app.map_or(Way::Nowhere, |_| Way::Callback)
        }
        Receiver::Bot(bot) => match state.bots.get(bot) {
            Some(bot) if bot.callback.is_some() => Way::BotCallback,
            Some(_) => Way::Socket,
            None => Way::Nowhere,
        },
        Receiver::Account(_) => Way::Nowhere,
    }
}

fn is_card(event: &Event) -> bool {
    matches!(&event.what, What::Bot { name: "template_card_event", .. })
}

/// Brings a click to whoever made the card, as often as the platform does, and returns the answer.
///
/// # Errors
/// Why there is none.
pub(crate) async fn bring(shared: &Arc<Shared>, event: &mut Event) -> Tried<Value> {
    let retries = shared.retries();
    let mut tried = simulator_stage::call_back(shared, event).await;
    if matches!(event.to, Receiver::Bot(_)) {
        return tried;
    }
    for wait_ms in retries.waits_ms {
        if tried.is_ok() {
            break;
        }
        let wait = std::time::Duration::from_millis(wait_ms / retries.time_scale.max(1));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.ending().wait() => break,
        }
        tried = simulator_stage::call_back(shared, event).await;
    }
    tried
}
