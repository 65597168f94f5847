//! What our bots keep in the platform's own apps: tasks, meetings, approvals. Putting them there, and learning what people did to
//! them: of tasks by events, of answers to invitations by reading, of approvals by callbacks.

mod answers;
mod approvals;
mod approvals_written;
mod busy;
mod calendar;
mod instances;
mod invitations;
mod leaving;
pub mod looks;
mod meetings;
mod meetings_written;
mod native;
mod native_read;
pub mod quick;
mod rights;
mod rows;
mod scope;
mod tending;
#[cfg(test)]
mod tests;
mod todos;
mod todos_read;
mod todos_written;
mod words;

use std::sync::Arc;

use bridge_api::{
    Acted, Action, Arrival, EntryKey, EventKey, Failure, FailureKind, Happened, PersonId, Shelf,
};
use tokio::sync::{Mutex, RwLock};

use self::{
    looks::Looks,
    rows::{Kind, Locks, Open},
};
pub use self::{rights::rights, tending::tend};
use crate::{Feishu, abilities::id_of, ids::OpenId};

/// What the parts of it share.
pub struct Office {
    pub looks: Looks,
    locks: Locks,
    todos: Open,
    /// Held by all who make a task at the moment: of one that is made just now an event may tell before its row is written.
    making: RwLock<()>,
    meetings: Open,
    /// The calendar of our bot, once it is known.
    calendar: Mutex<Option<String>>,
    /// The kind of our approvals, as the platform was last told in this run.
    defined: Mutex<bool>,
}

impl Office {
    /// Everything that lies on `shelf`.
    pub fn new(shelf: &Arc<dyn Shelf>) -> Self {
        Self {
            looks: Looks::new(shelf.clone()),
            locks: Locks::default(),
            todos: Open::new(Kind::Todo, shelf.clone()),
            making: RwLock::new(()),
            meetings: Open::new(Kind::Meeting, shelf.clone()),
            calendar: Mutex::new(None),
            defined: Mutex::new(false),
        }
    }
}

/// What somebody did, before it is told.
struct Deed<'a> {
    key: &'a EntryKey,
    by: PersonId,
    action: Action,
    words: Option<String>,
    /// To which instance of a series alone.
    instance_ms: Option<u64>,
    proof: String,
    /// What makes it another one than the same deed before.
    unique: String,
}

/// Somebody did something to an entry, as an arrival.
fn acted(feishu: &Feishu, deed: Deed<'_>, at_ms: u64) -> Result<Arrival, Failure> {
    let Deed { key, by, action, words, instance_ms, proof, unique } = deed;
    let told = format!("{key} {by} {} {unique}", action.key());
    let told = bridge_api::digest(told.as_bytes());
    let event = id_of(EventKey::new(format!("{}:acted:{told}", feishu.ours().app_id)))?;
    let what = Happened::Acted(Acted { key: key.clone(), by, action, words, instance_ms, proof });
    Ok(Arrival { key: event, conversation: None, at_ms, trace: None, what })
}

/// A person of ours; nothing for whoever is not on the platform.
fn open_id(person: &PersonId) -> Option<OpenId> {
    OpenId::parse(person.as_str())
}

/// A person whom the platform names in an answer.
fn person_of(text: &str) -> Option<PersonId> {
    OpenId::parse(text).and_then(|id| PersonId::new(id.as_str()).ok())
}

/// A text of at most so many characters, with a sign that there was more.
fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters_max.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// An id of an answer that goes into paths later.
fn plain(text: &str) -> Result<&str, Failure> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'@' | b'.');
    if !text.is_empty() && text.len() <= crate::limits::ID_BYTES_MAX && text.bytes().all(good) {
        return Ok(text);
    }
    Err(Failure::new(FailureKind::Garbled("an answer with an id of another form".to_owned())))
}
