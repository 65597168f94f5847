//! Interactive cards: their variables for everybody and for single people, and where they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::State;

/// The bound of the platform, in bytes.
const KEY_BYTES_MAX: usize = 100;

/// A template of the card console.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) published: bool,
}

/// A card.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) app: String,
    pub(crate) template: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) private: BTreeMap<String, BTreeMap<String, String>>,
    /// The callback's address and secret; over the stream when there is none.
    pub(crate) route: Option<(String, String)>,
    /// Where it was put, with the platform's answer.
    pub(crate) deliveries: Vec<Value>,
    /// By what repeats of streamed pieces are known.
    pub(crate) pieces: BTreeSet<String>,
}

/// A button of a card, as the platform's dynamic group of buttons has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Button {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) params: Value,
}

impl Card {
    /// The variables that a person sees.
    pub(crate) fn seen_by(&self, person: Option<&str>) -> BTreeMap<String, String> {
        let mut seen = self.variables.clone();
        if let Some(own) = person.and_then(|person| self.private.get(person)) {
            seen.extend(own.clone());
        }
        seen
    }

    /// The buttons that a person sees: those of the variable `buttons`.
    pub(crate) fn buttons(&self, person: Option<&str>) -> Vec<Button> {
        let listed = self.seen_by(person).remove("buttons").unwrap_or_default();
        let listed: Vec<Map<String, Value>> = serde_json::from_str(&listed).unwrap_or_default();
        // Templates are free to name the parts of a button.
        let text = |button: &Map<String, Value>, names: [&str; 2]| {
            let named = names.iter().find_map(|name| button.get(*name)).and_then(Value::as_str);
            named.unwrap_or_default().to_owned()
        };
        listed
            .iter()
            .map(|button| Button {
                id: text(button, ["id", "action"]),
                label: text(button, ["text", "label"]),
                params: button.get("params").cloned().unwrap_or_else(|| json!({})),
            })
            .collect()
    }

    /// Takes an update: what it says replaces all variables, unless its options say that it goes key by key.
    pub(crate) fn take(&mut self, update: &Value, by_key: bool, private_by_key: bool) -> Result<(), Wrong> {
        if let Some(data) = update.get("cardData").and_then(|data| data.get("cardParamMap")) {
            let variables = variables(data)?;
            if !by_key {
                self.variables.clear();
            }
            self.variables.extend(variables);
        }
        for (person, data) in update.get("privateData").and_then(Value::as_object).into_iter().flatten() {
            let variables = variables(data.get("cardParamMap").unwrap_or(&Value::Null))?;
            let own = self.private.entry(person.clone()).or_default();
            if !private_by_key {
                own.clear();
            }
            own.extend(variables);
        }
        Ok(())
    }
}

/// Variables that are none: values are texts alone, and keys are short.
pub(crate) struct Wrong;

/// Reads a `cardParamMap`.
pub(crate) fn variables(map: &Value) -> Result<BTreeMap<String, String>, Wrong> {
    let entries = map.as_object().ok_or(Wrong)?;
    entries
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) if key.len() <= KEY_BYTES_MAX => Ok((key.clone(), text.clone())),
            _ => Err(Wrong),
        })
        .collect()
}

impl State {
    /// Whether a card may be made from this template; `None` when there is none. Templates that nobody registered are
    /// taken for published ones by the form of their name.
    pub(crate) fn template_published(&self, template: &str) -> Option<bool> {
        let unknown = template.ends_with(".schema").then_some(true);
        self.templates.get(template).map(|template| template.published).or(unknown)
    }
}
