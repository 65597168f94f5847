//! Events of approvals: of the first schema, and one after the other for each approval.

use std::collections::btree_map;

use serde_json::{Value, json};

use crate::state::{Event, State};

impl State {
    /// Puts an event about an approval behind those about the same one that nobody acknowledged yet.
    pub(crate) fn emit_in_order(&mut self, app: &str, event_type: &'static str, about: &str, body: Value) {
        let Some(mut event) = self.event(app, event_type, body) else { return };
        let order = format!("{app} {about}");
        event.order = Some(order.clone());
        match self.office.ordered.entry(order) {
            btree_map::Entry::Occupied(mut waiting) => waiting.get_mut().push_back(event),
            btree_map::Entry::Vacant(place) => {
                place.insert(std::collections::VecDeque::new());
                self.events.put(event);
            }
        }
    }

    /// Lets the next one go after this was acknowledged.
    pub(crate) fn go_on_after(&mut self, event: &Event) {
        let Some(order) = &event.order else { return };
        let next = self.office.ordered.get_mut(order).and_then(std::collections::VecDeque::pop_front);
        match next {
            Some(next) => self.events.put(next),
            None => drop(self.office.ordered.remove(order)),
        }
    }

    /// The whole event of the first schema.
    pub(crate) fn old_envelope(&self, event: &Event, token: &str) -> Value {
        let mut body = event.body.clone();
        body["type"] = event.event_type.into();
        body["app_id"] = event.app.clone().into();
        body["tenant_key"] = self.tenant_key.clone().into();
        json!({
            "ts": format!("{}.{:03}", event.create_ms / 1_000, event.create_ms % 1_000), "uuid": event.event_id,
            "token": token, "type": "event_callback", "event": body,
        })
    }
}
