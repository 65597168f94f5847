//! Pushes on their way to apps: over the stream, to a robot's address, or to the address of an app's events.

pub(crate) mod webhook;

use std::sync::Arc;

use serde_json::{Value, json};
use simulator_stage::{Begun, Deliver, Label, Retries, Tried};

use crate::api::session;
use crate::robot;
use crate::simulator::Shared;
use crate::socket::{self, Acknowledgement};
use crate::state::apps::App;
use crate::state::{Push, State, Told};

/// Events that do not count against the month's pushes.
const UNCOUNTED: &[&str] = &["user_", "org_", "label_"];
const HANDLED: i64 = 200;

impl Deliver for Shared {
    type Event = Push;
    type Answer = Acknowledgement;

    fn label(push: &Push) -> Label {
        Label { app: push.app.clone(), id: push.id.clone(), what: push.what.name().to_owned() }
    }

    fn retries(&self) -> Retries {
        let settings = &self.state.lock().settings;
        Retries {
            waits_ms: settings.retry_at_ms.clone(),
            from_first_try: true,
            time_scale: settings.time_scale,
        }
    }

    fn patience_ms(&self, push: &Push) -> u64 {
        let settings = &self.state.lock().settings;
        match push.what {
            Told::Card(_) => settings.card_within_ms,
            Told::Robot(_) | Told::Event(..) => settings.acknowledge_within_ms,
        }
    }

    async fn begin(self: &Arc<Self>, push: &mut Push) -> Begun<Acknowledgement> {
        let (app, data, first) = {
            let state = &mut *self.state.lock();
            let Some(app) = state.apps.get(&push.app).cloned() else {
                return Begun::Lost("lost: there is no such app");
            };
            let first = push.data.is_none();
            let data = push.data.take().unwrap_or_else(|| dress(state, push));
            push.data = Some(data.clone());
            push.tries += 1;
            (app, data, first)
        };
        if let Some(answer) = post(self, &app, push, &data).await {
            let state = &mut *self.state.lock();
            if answer.is_err() && push.tries > state.settings.retry_at_ms.len() {
                state.give_up(push, &data);
            }
            return Begun::Settled(answer.map(|data| Acknowledgement { code: HANDLED, data }));
        }
        match (socket::send(self, push, &data), &push.what) {
            (Some(underway), _) => Begun::Underway(underway),
            // What was written while nobody was connected is not replayed.
            (None, Told::Robot(_)) if first => Begun::Lost("lost: nobody is connected"),
            (None, Told::Robot(_) | Told::Event(..) | Told::Card(_)) => {
                Begun::Settled(Err("nobody is connected".to_owned()))
            }
        }
    }

    fn judge(push: &Push, answer: Acknowledgement) -> Tried<Acknowledgement> {
        if answer.code != HANDLED {
            return Err(format!("the client answered {}", answer.code));
        }
        let later = answer.data.get("status") == Some(&"LATER".into());
        if matches!(push.what, Told::Event(..)) && later {
            return Err("the client asked for it later".to_owned());
        }
        Ok(answer)
    }
}

/// Posts a push where its app has an address for it.
async fn post(shared: &Shared, app: &App, push: &Push, data: &Value) -> Option<Tried<Value>> {
    match (&push.what, &app.robot_url, &app.events) {
        (Told::Robot(_), Some(url), _) => {
            let answer = webhook::post_to_robot(shared, &app.secret, url, data).await;
            if let (Ok(answer), Some(chat)) = (&answer, data.get("conversationId").and_then(Value::as_str)) {
                session::take_answer(&mut shared.state.lock(), &push.app, chat, answer);
            }
            Some(answer)
        }
        (Told::Event(name, _), _, Some(address)) => {
            if !address.tags.is_empty() && !address.tags.contains(*name) {
                return Some(Ok(Value::Null));
            }
            Some(webhook::post_event(shared, address, push, name, data).await)
        }
        (Told::Robot(_) | Told::Event(..) | Told::Card(_), _, _) => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_no_good_answer_to_an_event() {
        let push =
            |what| Push { app: String::new(), id: String::new(), born_ms: 0, what, data: None, tries: 0 };
        let answer = |code, status: &str| Acknowledgement { code, data: json!({ "status": status }) };
        let event = push(Told::Event("chat_quit", Value::Null));
        assert!(Shared::judge(&event, answer(200, "SUCCESS")).is_ok());
        assert!(Shared::judge(&event, answer(200, "LATER")).is_err());
        assert!(Shared::judge(&event, answer(500, "SUCCESS")).is_err());
        assert!(Shared::judge(&event, answer(404, "SUCCESS")).is_err());
        assert!(Shared::judge(&push(Told::Robot(String::new())), answer(200, "LATER")).is_ok());
    }
}
