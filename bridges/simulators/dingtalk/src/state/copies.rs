//! Who gets a copy of an approval, and when: with its beginning, with its end, or with both.

use serde_json::{Value, json};

use super::State;
use super::minutes::minute;

/// People who get copies of an instance, without one in it by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies {
    /// The userIds of the people.
    pub(crate) people: Vec<String>,
    /// Whether they get one when it begins.
    pub(crate) at_start: bool,
    /// Whether they get one when it is decided.
    pub(crate) at_finish: bool,
}

impl Copies {
    /// The place that the API names; nothing for one that it does not know. Without a place it is the beginning.
    pub(crate) fn read(people: Vec<String>, place: &str) -> Option<Self> {
        let (at_start, at_finish) = match place {
            "" | "START" => (true, false),
            "FINISH" => (false, true),
            "START_FINISH" => (true, true),
            _ => return None,
        };
        Some(Self { people, at_start, at_finish })
    }
}

impl State {
    /// Notes who gets copies of an instance, and gives them out where they come with its beginning.
    pub(super) fn copy_at_start(&mut self, id: &str, copies: Copies) {
        let gives_out = copies.at_start;
        if let Some(instance) = self.instances.get_mut(id) {
            instance.copies = copies;
        }
        if gives_out {
            self.copy(id);
        }
    }

    /// Gives out the copies that come with the end.
    pub(super) fn copy_at_finish(&mut self, id: &str) {
        if self.instances.get(id).is_some_and(|instance| instance.copies.at_finish) {
            self.copy(id);
        }
    }

    fn copy(&mut self, id: &str) {
        let date = minute(self.stage.now_ms());
        let Some(instance) = self.instances.get_mut(id) else { return };
        let people: Vec<Value> = instance.copies.people.iter().map(|person| json!(person)).collect();
        if !people.is_empty() {
            instance.records.push(json!({
                "userId": instance.originator, "date": date, "type": "PROCESS_CC", "result": "NONE", "remark": "",
                "ccUserIds": people,
            }));
        }
    }
}
