//! One person, as the organisation knows them.

use std::collections::BTreeSet;
use std::fmt;

use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use store::record;

use crate::limits::DEPARTMENT_DEPTH_MAX;

/// The employee number: what a person is, whatever accounts they have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub String);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A department by the names from the root to it: `总部/销售部/华东区`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DepartmentPath(String);

impl DepartmentPath {
    /// Reads a path with `/`, `>` or ` - ` between the names. Nothing for an empty or too deep one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let separator = ['/', '>'].into_iter().find(|separator| text.contains(*separator)).unwrap_or('-');
        let names: Vec<&str> = text.split(separator).map(str::trim).filter(|name| !name.is_empty()).collect();
        (!names.is_empty() && names.len() <= DEPARTMENT_DEPTH_MAX).then(|| Self(names.join("/")))
    }

    /// The names with `/` between them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The department above; none above the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(above, _)| Self(above.to_owned()))
    }

    /// Whether this is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether a person works here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works here.
    #[default]
    Active,
    /// Away; decides nothing.
    Suspended,
    /// Does not work here any more.
    Left,
}

/// The language that a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The employee number.
    pub id: PersonId,
    /// As colleagues call them.
    pub name: String,
    /// The same for those who read no Chinese; empty where it is not known.
    #[serde(default)]
    pub english_name: String,
    /// Where they work; the first is their main department.
    pub departments: Vec<DepartmentPath>,
    /// Their title.
    #[serde(default)]
    pub title: String,
    /// Their level, as the organisation counts them.
    #[serde(default)]
    pub level: Option<u32>,
    /// The person they report to.
    #[serde(default)]
    pub manager: Option<PersonId>,
    /// The departments they head.
    #[serde(default)]
    pub head_of: BTreeSet<DepartmentPath>,
    /// Their telephone number. Never shown to others by default.
    #[serde(default)]
    pub phone: String,
    /// Their mail address. Never shown to others by default.
    #[serde(default)]
    pub email: String,
    /// Whether they work here.
    #[serde(default)]
    pub status: Status,
    /// Their own account here.
    #[serde(default)]
    pub account: Option<OwnedUserId>,
    /// Accounts at the other platforms as they are bridged: (platform, id there).
    #[serde(default)]
    pub elsewhere: BTreeSet<(String, String)>,
    /// The roles they hold.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// The language they read.
    #[serde(default)]
    pub language: Language,
    /// The IANA name of the zone they work in; empty where it is the organisation's.
    #[serde(default)]
    pub zone: String,
    /// The day on which they came, like `2026-11-05`; empty where it is not known.
    #[serde(default)]
    pub joined: String,
    /// The day on which they left, as the list says it; empty where it does not, and who works here has none.
    #[serde(default)]
    pub left_on: String,
}
record!(Person);

impl Person {
    /// Somebody about whom nothing is known but the name and where they work.
    #[must_use]
    pub fn new(id: &str, name: &str, department: DepartmentPath) -> Self {
        Self {
            id: PersonId(id.to_owned()),
            name: name.to_owned(),
            english_name: String::new(),
            departments: vec![department],
            title: String::new(),
            level: None,
            manager: None,
            head_of: BTreeSet::new(),
            phone: String::new(),
            email: String::new(),
            status: Status::Active,
            account: None,
            elsewhere: BTreeSet::new(),
            roles: BTreeSet::new(),
            language: Language::Zh,
            zone: String::new(),
            joined: String::new(),
            left_on: String::new(),
        }
    }

    /// Whether they can be asked to do something.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self.status {
            Status::Active => true,
            Status::Suspended | Status::Left => false,
        }
    }
}
