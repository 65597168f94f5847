//! Who is meant by the mention keys (`@_user_1`) in a text. Events and history write the same thing in two shapes.

use bridge_api::{Inline, PersonId};
use serde_json::Value;

/// Everybody, as texts have it.
pub const ALL: &str = "@_all";
/// Mentions of one message that are looked at.
const MENTIONS_MAX: usize = 200;

/// The mentions of one message.
#[derive(Clone, Debug, Default)]
pub struct Mentions(Vec<Mention>);

#[derive(Clone, Debug)]
struct Mention {
    key: String,
    person: Option<PersonId>,
    name: String,
    everybody: bool,
}

impl Mentions {
    /// Reads `mentions` of an event (ids are objects) or of history (ids are texts).
    pub fn read(value: Option<&Value>) -> Self {
        let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self(list.iter().take(MENTIONS_MAX).filter_map(Mention::read).collect())
    }

    /// Whom a key means; nobody when the message does not explain it.
    pub fn find(&self, key: &str) -> Option<Inline> {
        if key == ALL {
            // The platform leaves everybody out of the list often enough.
            return Some(Inline::Everybody);
        }
        self.0.iter().find(|mention| mention.key == key).map(Mention::inline)
    }
}

impl Mention {
    fn read(value: &Value) -> Option<Self> {
        let key = value.get("key")?.as_str()?.to_owned();
        let id = value.get("id");
        let id = id.and_then(|id| id.as_str().or_else(|| id.get("open_id")?.as_str()));
        let everybody = key == ALL || id == Some("all");
        let person = id.filter(|id| id.starts_with("ou_")).and_then(|id| PersonId::new(id).ok());
        let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self { key, person, name, everybody })
    }

    fn inline(&self) -> Inline {
        if self.everybody {
            return Inline::Everybody;
        }
        Inline::Mention { person: self.person.clone(), name: self.name.clone() }
    }
}
