//! What people see of a platform, in the one shape that pages and tests read.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The platform's word for it.
    pub emoji: String,
    /// Whose it is.
    pub by: String,
}

/// A button of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// By what `press` names it.
    pub id: String,
    /// What is written on it.
    pub label: String,
}

/// A line of text that a card asks for; what is written there goes with a press, as `form`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name in the form.
    pub name: String,
    /// What stands beside it.
    pub label: String,
}

/// A picture or a file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// By what `open` names it.
    pub key: String,
    /// Its name; empty when it has none.
    pub name: String,
    /// Whether it is a picture.
    pub is_image: bool,
}

/// A message as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// Who wrote it: a person's or an app's id.
    pub by: String,
    /// The author's name.
    pub name: String,
    /// Whether a bot wrote it.
    pub is_bot: bool,
    /// The platform's word for its kind.
    pub kind: String,
    /// Its words; of a card all of them but what stands on its buttons.
    pub text: String,
    /// Whether it is a card.
    pub is_card: bool,
    /// Whether it was taken back.
    pub recalled: bool,
    /// How often it was changed.
    pub edits: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub create_ms: u64,
    /// What it answers.
    pub parent: Option<String>,
    /// Whom it mentions.
    pub mentions: Vec<String>,
    /// Its reactions.
    pub reactions: Vec<Reaction>,
    /// Its buttons.
    pub buttons: Vec<Button>,
    /// What it asks for.
    pub fields: Vec<Field>,
    /// What hangs on it.
    pub attachments: Vec<Attachment>,
    /// What the platform alone has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Person {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// What the platform alone has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// An app with its bot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct App {
    /// Its id.
    pub app_id: String,
    /// Its name.
    pub name: String,
    /// How many connections it has.
    pub connections: usize,
    /// What the platform alone has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A group, or the conversation of a person with a bot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Chat {
    /// Its id.
    pub chat_id: String,
    /// Its name; of a conversation with a bot the bot's.
    pub name: String,
    /// Whether it is a conversation of one person with one bot.
    pub direct: bool,
    /// Whether it is no more.
    pub dissolved: bool,
    /// The people in it.
    pub people: Vec<String>,
    /// The apps whose bots are in it.
    pub bots: Vec<String>,
    /// What the platform alone has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Who and what there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// Everybody.
    pub people: Vec<Person>,
    /// All apps.
    pub apps: Vec<App>,
    /// All chats, in the order in which they were made.
    pub chats: Vec<Chat>,
    /// The platform's clock, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// What the platform alone has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The fields of an object, for `more`; none when it is something else.
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// The answer to `show`.
pub fn messages(messages: &[Message]) -> Value {
    json!({ "messages": messages })
}
