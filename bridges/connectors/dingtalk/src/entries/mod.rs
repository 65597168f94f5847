//! What our bots keep in DingTalk's own apps: to-dos, events of the calendar, approvals of the approval centre; and what people do
//! to them there. The platform's events carry ids alone, so what they are about is read, compared with what was put there last,
//! and only what somebody else did is told.
//!
//! What was put is remembered on the shelf, a row for each entry by its key and one that leads from the platform's id to the key.

mod busy;
mod centre;
mod centre_tasks;
mod foreign;
mod instances;
mod invitations;
mod meeting_row;
mod meeting_words;
mod meetings;
mod recurrence;
mod rights;
mod times;
mod todo_changes;
mod todos;
mod told;
mod unions;

use std::{collections::BTreeMap, sync::Arc};

use bridge_api::{
    Clock, EntryKey, EntryOnPlatform, Failure, FailureKind, PersonId, Refusal, Shelf, Words, digest,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use self::told::Told;
use self::unions::Unions;
use crate::{
    client::Client,
    events::Event,
    lenient::text,
    limits::{ENTRY_KEPT_MS, ENTRY_TURNS},
};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Todo,
    Meeting,
    Approval,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Meeting => "meeting",
            Self::Approval => "approval",
        }
    }
}

/// The entries of one app.
pub struct Entries {
    client: Arc<Client>,
    unions: Unions,
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    /// Changes of one entry come one after the other, or a late one would win.
    turns: Vec<Arc<Mutex<()>>>,
    /// Held while the template of the approval centre is looked for.
    template: Mutex<()>,
}

/// Whether events of this kind are about entries, and so have to be read before they are acknowledged.
pub fn is_about_entries(kind: &str) -> bool {
    matches!(kind, "todo_task_update" | "calendar_event_change" | "bpms_instance_change" | "bpms_task_change")
}

impl Entries {
    /// Entries that are remembered on `shelf`.
    pub fn new(client: Arc<Client>, shelf: Arc<dyn Shelf>, clock: Clock) -> Self {
        let turns = (0..ENTRY_TURNS).map(|_| Arc::default()).collect();
        let template = Mutex::new(());
        Self { unions: Unions::new(Arc::clone(&client)), client, shelf, clock, turns, template }
    }

    /// What an event says of entries, once it was read.
    ///
    /// # Errors
    /// [`Failure`] when it could not be read: the platform has to bring the event again.
    pub async fn changed(&self, event: Event<'_>) -> Result<Told, Failure> {
        let about = |name| text(event.data, name);
        match event.kind {
            "todo_task_update" => match about("taskId") {
                Some(task) => self.todo_changed(&task, event.at_ms).await,
                None => Ok(Told::nothing()),
            },
            "calendar_event_change" => match about("calendarEventId") {
                Some(id) => self.meeting_changed(&id, event).await,
                None => Ok(Told::nothing()),
            },
            "bpms_instance_change" | "bpms_task_change" => match about("processInstanceId") {
                Some(instance) => self.approval_changed(&instance, event).await,
                None => Ok(Told::nothing()),
            },
            _ => Ok(Told::nothing()),
        }
    }

    async fn turn(&self, key: &EntryKey) -> OwnedMutexGuard<()> {
        let spread: usize = key.as_str().bytes().map(usize::from).sum();
        let turn = self.turns.get(spread % ENTRY_TURNS).map(Arc::clone).unwrap_or_default();
        turn.lock_owned().await
    }

    async fn row<T: DeserializeOwned>(&self, kind: Kind, key: &EntryKey) -> Result<Option<T>, Failure> {
        Ok(self.shelf.read(&row_key(kind, key)).await?)
    }

    async fn write_row<T: Serialize + Sync>(
        &self,
        kind: Kind,
        key: &EntryKey,
        row: &T,
    ) -> Result<(), Failure> {
        Ok(self.shelf.write(&row_key(kind, key), row, ENTRY_KEPT_MS).await?)
    }

    /// Whose entry the platform calls `id`; nobody's of ours, mostly.
    async fn key_of(&self, kind: Kind, id: &str) -> Result<Option<EntryKey>, Failure> {
        Ok(self.shelf.read(&id_key(kind, id)).await?)
    }

    async fn remember_id(&self, kind: Kind, id: &str, key: &EntryKey) -> Result<(), Failure> {
        Ok(self.shelf.write(&id_key(kind, id), key, ENTRY_KEPT_MS).await?)
    }

    /// In whose name something is kept: theirs, or where they are not on the platform, the operator's.
    async fn in_whose_name(&self, person: Option<&PersonId>) -> Result<Option<String>, Failure> {
        if let Some(person) = person
            && let Some(union) = self.unions.of(person).await?
        {
            return Ok(Some(union));
        }
        let operator = self.client.settings().operator.as_ref();
        match operator.and_then(|operator| PersonId::new(operator.as_str()).ok()) {
            Some(operator) => self.unions.of(&operator).await,
            None => Ok(None),
        }
    }

    /// The unionIds of people, without those who have none.
    async fn unions_of(&self, people: Vec<PersonId>) -> Result<BTreeMap<PersonId, String>, Failure> {
        let mut known = BTreeMap::new();
        for person in people {
            if let Some(union) = self.unions.of(&person).await? {
                known.insert(person, union);
            }
        }
        Ok(known)
    }
}

fn row_key(kind: Kind, key: &EntryKey) -> String {
    format!("{}:{}", kind.name(), digest(key.as_str().as_bytes()))
}

fn id_key(kind: Kind, id: &str) -> String {
    format!("{}_of:{}", kind.name(), digest(id.as_bytes()))
}

/// What we call an entry on the platform: in whose name it is kept, and its id there.
fn on_platform(owner: &str, id: &str) -> Result<EntryOnPlatform, Failure> {
    let garbled = |error| Failure::new(FailureKind::Garbled(format!("the id of an entry: {error}")));
    EntryOnPlatform::new(format!("{owner}|{id}")).map_err(garbled)
}

/// What we call an entry that is not there.
fn nowhere() -> Result<EntryOnPlatform, Failure> {
    on_platform("", "")
}

/// In whose name an entry is kept, and its id there.
fn owner_and_id(entry: &EntryOnPlatform) -> Option<(&str, &str)> {
    entry.as_str().split_once('|').filter(|(owner, id)| !owner.is_empty() && !id.is_empty())
}

/// A refusal in both languages of the house.
fn refused(words: Words) -> Failure {
    Failure::refused(Refusal::Other(format!("{} · {}", words.zh, words.en)))
}

fn cut(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).collect()
}

#[cfg(test)]
mod tests;
