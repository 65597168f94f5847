//! Power levels: who ranks how high, and what an action needs. Creators of version 12 rooms rank above every
//! number, which no integer can express.
//! <https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels>

use std::collections::{BTreeMap, BTreeSet};

use model::{Pdu, RoomVersion};
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A user's rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The number in the power levels event, or its default.
    Number(i64),
    /// A creator from room version 12 on.
    Infinite,
}

impl Level {
    /// Whether the rank reaches what an action needs.
    #[must_use]
    pub fn reaches(self, needed: i64) -> bool {
        self >= Self::Number(needed)
    }
}

/// The power levels of a room at some point, with every default filled in.
#[derive(Clone, Debug)]
pub struct PowerLevels {
    creators: BTreeSet<OwnedUserId>,
    creators_are_infinite: bool,
    users: BTreeMap<OwnedUserId, i64>,
    users_default: i64,
    events: BTreeMap<String, i64>,
    events_default: i64,
    state_default: i64,
    ban: i64,
    kick: i64,
    redact: i64,
    invite: i64,
    notifications: BTreeMap<String, i64>,
}

impl PowerLevels {
    /// Reads the levels from the create event and, when there is one, the power levels event. What does not
    /// read as a level counts as absent; the authorisation rules are stricter and see the event first.
    #[must_use]
    pub fn new(version: &RoomVersion, create: &Pdu, power_levels: Option<&Pdu>) -> Self {
        let strict = version.authorization().integer_power_levels;
        let content = power_levels.and_then(|pdu| pdu.content_as::<Map<String, Value>>().ok());
        let has_event = content.is_some();
        let content = content.unwrap_or_default();
        let number =
            |key: &str, default: i64| content.get(key).and_then(|v| level(v, strict)).unwrap_or(default);
        let creators = creators(version, create);
        let mut users: BTreeMap<OwnedUserId, i64> = levels(content.get("users"), strict)
            .filter_map(|(user, level)| Some((OwnedUserId::try_from(user).ok()?, level)))
            .collect();
        if !has_event && !version.creators_are_infinite() {
            users.extend(creators.iter().map(|creator| (creator.clone(), 100)));
        }
        Self {
            creators_are_infinite: version.creators_are_infinite(),
            users,
            users_default: number("users_default", 0),
            events: levels(content.get("events"), strict)
                .map(|(kind, level)| (kind.to_owned(), level))
                .collect(),
            events_default: number("events_default", 0),
            state_default: number("state_default", 50),
            ban: number("ban", 50),
            kick: number("kick", 50),
            redact: number("redact", 50),
            invite: number("invite", 0),
            notifications: levels(content.get("notifications"), strict)
                .map(|(key, level)| (key.to_owned(), level))
                .collect(),
            creators,
        }
    }

    /// A user's rank.
    #[must_use]
    pub fn of(&self, user: &UserId) -> Level {
        if self.creators_are_infinite && self.creators.contains(user) {
            return Level::Infinite;
        }
        Level::Number(self.users.get(user).copied().unwrap_or(self.users_default))
    }

    /// The creators: the create event's sender (or `creator` before version 11) and, in version 12, those it
    /// names beside itself.
    #[must_use]
    pub fn creators(&self) -> &BTreeSet<OwnedUserId> {
        &self.creators
    }

    /// Whether creators rank above every number here.
    #[must_use]
    pub fn creators_are_infinite(&self) -> bool {
        self.creators_are_infinite
    }

    /// Users with a level of their own.
    #[must_use]
    pub fn users(&self) -> &BTreeMap<OwnedUserId, i64> {
        &self.users
    }

    /// The level of everybody else.
    #[must_use]
    pub fn users_default(&self) -> i64 {
        self.users_default
    }

    /// What sending an event of this type needs.
    #[must_use]
    pub fn needed_to_send(&self, kind: &str, is_state: bool) -> i64 {
        let default = if is_state { self.state_default } else { self.events_default };
        self.events.get(kind).copied().unwrap_or(default)
    }

    /// Whether the user's rank is enough to send an event of this type. Membership changes have rules of their
    /// own.
    #[must_use]
    pub fn may_send(&self, user: &UserId, kind: &str, is_state: bool) -> bool {
        self.of(user).reaches(self.needed_to_send(kind, is_state))
    }

    /// Whether the user may invite.
    #[must_use]
    pub fn may_invite(&self, user: &UserId) -> bool {
        self.of(user).reaches(self.invite)
    }

    /// Whether the user may kick the other one.
    #[must_use]
    pub fn may_kick(&self, user: &UserId, target: &UserId) -> bool {
        self.of(user).reaches(self.kick) && self.of(user) > self.of(target)
    }

    /// Whether the user may ban the other one.
    #[must_use]
    pub fn may_ban(&self, user: &UserId, target: &UserId) -> bool {
        self.of(user).reaches(self.ban) && self.of(user) > self.of(target)
    }

    /// Whether the user may redact events of others.
    #[must_use]
    pub fn may_redact_others(&self, user: &UserId) -> bool {
        self.of(user).reaches(self.redact)
    }

    /// Whether the user may notify everybody under this key; `room` is the only key the spec knows. An unknown
    /// key without a level of its own allows nobody.
    #[must_use]
    pub fn may_notify(&self, user: &UserId, key: &str) -> bool {
        let needed = match self.notifications.get(key) {
            Some(level) => *level,
            None if key == "room" => 50,
            None => return false,
        };
        self.of(user).reaches(needed)
    }
}

/// The creators that a create event names, by the rules of its room version.
#[must_use]
pub fn creators(version: &RoomVersion, create: &Pdu) -> BTreeSet<OwnedUserId> {
    #[derive(Deserialize)]
    struct Content {
        #[serde(default)]
        creator: Option<Value>,
        #[serde(default)]
        additional_creators: Option<Value>,
    }
    let content = create.content_as::<Content>().ok();
    let mut creators = BTreeSet::new();
    let rules = version.authorization();
    if rules.use_room_create_sender {
        creators.insert(create.sender().to_owned());
    } else if let Some(Value::String(creator)) = content.as_ref().and_then(|content| content.creator.as_ref())
    {
        creators.extend(OwnedUserId::try_from(creator.as_str()));
    }
    if rules.additional_room_creators
        && let Some(Value::Array(others)) =
            content.as_ref().and_then(|content| content.additional_creators.as_ref())
    {
        creators
            .extend(others.iter().filter_map(Value::as_str).filter_map(|id| OwnedUserId::try_from(id).ok()));
    }
    creators
}

/// Room versions before 10 take strings that hold an integer.
fn level(value: &Value, strict: bool) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if !strict => text.trim().parse().ok(),
        _ => None,
    }
}

fn levels(value: Option<&Value>, strict: bool) -> impl Iterator<Item = (&str, i64)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(move |(key, value)| Some((key.as_str(), level(value, strict)?)))
}

#[cfg(test)]
#[path = "power_tests.rs"]
mod tests;
