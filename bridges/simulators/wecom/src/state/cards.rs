//! Template cards as people see them, and the codes by which apps change them once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::people::folded;
use super::{State, remember};
use crate::refusal::Refusal;

/// How a card looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Face {
    pub(crate) body: Value,
    /// What stands in the place of its buttons.
    pub(crate) replaced: Option<String>,
}

/// A card of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Card {
    pub(crate) task_id: String,
    shown: Face,
    /// How it looks to somebody for whom it was changed.
    own: BTreeMap<String, Face>,
}

/// The right to change what was sent with one call, once.
#[derive(Clone, Debug)]
pub(crate) struct ResponseCode {
    pub(crate) agent: u64,
    pub(crate) messages: Vec<String>,
    pub(crate) until_ms: u64,
    pub(crate) used: bool,
}

/// A change of a card.
#[derive(Clone, Debug)]
pub(crate) enum CardChange {
    /// The buttons give way to these words.
    Replaced(String),
    /// Another card stands in its place.
    Card(Value),
}

/// Something to press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pressable {
    pub(crate) key: String,
    pub(crate) label: String,
    /// Whether it stands in the menu of the card's corner.
    pub(crate) menu: bool,
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Face {
    fn new(body: Value) -> Self {
        let replaced = body.get("replace_text").and_then(Value::as_str).map(str::to_owned);
        Self { body, replaced }
    }

    /// What can be pressed; nothing any more when it was replaced.
    pub(crate) fn pressables(&self) -> Vec<Pressable> {
        if self.replaced.is_some() {
            return Vec::new();
        }
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let submit = self.body.get("submit_button").cloned();
        let menu = list(self.body.get("action_menu").and_then(|menu| menu.get("action_list")));
        let buttons = list(self.body.get("button_list")).into_iter();
        let pressable = |menu: bool| {
            move |one: Value| Pressable { key: text(&one, "key"), label: text(&one, "text"), menu }
        };
        // A button that opens an address tells nobody.
        let buttons = buttons.filter(|button| button.get("type").and_then(Value::as_u64) != Some(1));
        let pressed = buttons.chain(submit).map(pressable(false));
        pressed.chain(menu.into_iter().map(pressable(true))).collect()
    }
}

impl Card {
    pub(crate) fn new(body: Value) -> Self {
        Self { task_id: text(&body, "task_id"), shown: Face::new(body), own: BTreeMap::new() }
    }

    /// How it looks to somebody, or to everybody for whom nothing was changed.
    pub(crate) fn seen_by(&self, person: Option<&str>) -> &Face {
        person.and_then(|person| self.own.get(&folded(person))).unwrap_or(&self.shown)
    }

    /// Changes it for these people, or for everybody.
    pub(crate) fn change(&mut self, people: Option<&[String]>, change: &CardChange) {
        let changed = |face: &Face| match change {
            CardChange::Replaced(words) => Face { replaced: Some(words.clone()), ..face.clone() },
            CardChange::Card(body) => Face::new(body.clone()),
        };
        match people {
            Some(people) => {
                for person in people {
                    let face = changed(self.seen_by(Some(person)));
                    self.own.insert(folded(person), face);
                }
            }
            None => {
                self.shown = changed(&self.shown);
                self.own.clear();
            }
        }
    }
}

impl State {
    /// A new code that changes these messages once.
    pub(crate) fn response_code(&mut self, agent: u64, messages: Vec<String>) -> String {
        let code = self.stage.chance.id("", 64);
        let until_ms = self.now_ms() + self.settings.response_code_life_ms;
        let right = ResponseCode { agent, messages, until_ms, used: false };
        remember(&mut self.response_codes, code.clone(), right);
        code
    }

    /// What a code of an app is worth; nothing afterwards.
    pub(crate) fn redeem(&mut self, agent: u64, code: &str) -> Result<Vec<String>, Refusal> {
        let now = self.now_ms();
        let known = self.response_codes.get_mut(code);
        let known = known.filter(|code| !code.used && code.until_ms > now && code.agent == agent);
        let known = known.ok_or_else(|| Refusal::parameter("invalid response_code"))?;
        known.used = true;
        Ok(known.messages.clone())
    }

    /// Changes the card of a message.
    pub(crate) fn change_card(&mut self, message: &str, people: Option<&[String]>, change: &CardChange) {
        let card = self.messages.get_mut(message).and_then(|message| message.draft.card.as_mut());
        if let Some(card) = card {
            card.change(people, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_changed_for_some_or_for_all() {
        let body = json!({
            "task_id": "t", "button_list": [{ "text": "Yes", "key": "y" }, { "text": "Open", "type": 1, "url": "x" }],
            "action_menu": { "action_list": [{ "text": "Mute", "key": "m" }] },
        });
        let mut card = Card::new(body);
        let labels = |card: &Card, who| {
            let pressables = card.seen_by(Some(who)).pressables();
            pressables.into_iter().map(|one| one.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(&card, "li"), ["Yes", "Mute"]);
        card.change(Some(&["Li".to_owned()]), &CardChange::Replaced("Done".into()));
        assert_eq!(card.seen_by(Some("LI")).replaced.as_deref(), Some("Done"));
        assert_eq!(labels(&card, "zhang"), ["Yes", "Mute"]);
        card.change(None, &CardChange::Card(json!({ "replace_text": "Closed" })));
        assert!(labels(&card, "li").is_empty() && labels(&card, "zhang").is_empty());
    }
}
