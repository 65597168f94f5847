//! People and conversations as a platform lists them.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Cursor, MediaId, PersonId};

/// Somebody of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Their name; empty when the platform did not say it.
    pub name: String,
    /// Their picture, for [`crate::Directory::avatar`]; another picture has another id.
    pub avatar: Option<MediaId>,
    /// Their address, when the app may see it.
    pub email: Option<String>,
    /// Whether they belong to another company.
    pub external: bool,
    /// Whether it is a robot.
    pub bot: bool,
    /// The departments that they are in, as the platform calls them.
    pub departments: Vec<String>,
}

impl Person {
    /// Somebody of whom only id and name are known.
    pub fn named(id: PersonId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            avatar: None,
            email: None,
            external: false,
            bot: false,
            departments: Vec::new(),
        }
    }
}

/// A department of the platform's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The one above it.
    pub parent: Option<String>,
}

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Several people.
    Group,
    /// One person and our app.
    Direct,
}

/// A conversation as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its name; empty when it has none.
    pub name: String,
    /// What kind it is.
    pub kind: ConversationKind,
    /// Its picture, for [`crate::Directory::avatar`].
    pub avatar: Option<MediaId>,
    /// Whether people of other companies are in it.
    pub external: bool,
    /// How many are in it, if known.
    pub members: Option<u64>,
}

impl Conversation {
    /// A group of which only id and name are known; nothing for an id that cannot be kept.
    pub fn group(id: &str, name: &str) -> Option<Self> {
        Some(Self {
            id: ConversationId::new(id).ok()?,
            name: name.to_owned(),
            kind: ConversationKind::Group,
            avatar: None,
            external: false,
            members: None,
        })
    }

    /// The chat of one person with our app; nothing for an id that cannot be kept.
    pub fn direct(id: &str, name: &str) -> Option<Self> {
        Self::group(id, name).map(|group| Self { kind: ConversationKind::Direct, ..group })
    }
}

/// One page of a longer list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, at most [`crate::limits::PAGE_ITEMS_MAX`].
    pub items: Vec<T>,
    /// Where the next one begins; `None` at the end.
    pub next: Option<Cursor>,
}
