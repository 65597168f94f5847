//! Pressed buttons of cards.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, Happened, Pressed, digest,
    limits::{FORM_VALUE_CHARACTERS_MAX, FORM_VALUES_MAX},
};
use serde_json::Value;

use super::{
    Envelope, EventError, Ourselves, arrival,
    fields::{conversation, message, person, text},
};
use crate::cards::{ACTION, VALUES};

/// Who pressed what. `raw` is the callback as it came.
pub fn pressed(envelope: &Envelope, raw: &[u8], ours: &Ourselves) -> Result<Arrival, EventError> {
    let event = &envelope.event;
    let null = Value::Null;
    let context = event.get("context").unwrap_or(&null);
    let action = event.get("action").unwrap_or(&null);
    let value = action.get("value").unwrap_or(&null);
    let by = person(event.get("operator")).ok_or_else(|| EventError::missing("operator"))?;
    let named = [text(value, ACTION), text(action, "name"), text(action, "tag")];
    let named = named.into_iter().find(|name| !name.is_empty()).unwrap_or("press");
    let pressed = Pressed {
        message: message(context, "open_message_id")?,
        by,
        action: named.chars().take(FORM_VALUE_CHARACTERS_MAX).collect(),
        values: values(action, value),
        proof: digest(raw),
    };
    let conversation = conversation(context, "open_chat_id")?;
    arrival(envelope, ours, Some(conversation), Happened::Pressed(pressed))
}

/// The button's own values first; what the person filled in cannot take their place.
fn values(action: &Value, value: &Value) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let own = value.get(VALUES).and_then(Value::as_object).into_iter().flatten();
    let form = action.get("form_value").and_then(Value::as_object).into_iter().flatten();
    for (key, value) in own.chain(form) {
        if values.len() < FORM_VALUES_MAX && !values.contains_key(key) {
            values.insert(key.chars().take(FORM_VALUE_CHARACTERS_MAX).collect(), said(value));
        }
    }
    for key in ["input_value", "option", "options", "checked"] {
        if let Some(value) = action.get(key).filter(|value| !value.is_null())
            && values.len() < FORM_VALUES_MAX
        {
            values.entry(key.to_owned()).or_insert_with(|| said(value));
        }
    }
    values
}

fn said(value: &Value) -> String {
    let whole = match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    whole.chars().take(FORM_VALUE_CHARACTERS_MAX).collect()
}
