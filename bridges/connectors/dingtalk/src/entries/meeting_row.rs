//! What is remembered of a meeting in DingTalk's calendar.

use std::collections::BTreeMap;

use bridge_api::{Answer, PersonId, Standing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::times;
use crate::{
    lenient::{number, text},
    limits::OWN_CHANGES_MAX,
};

/// What is remembered of a meeting.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Row {
    /// On whose calendar it stands, a unionId.
    pub owner: String,
    /// The platform's id; nothing before it is made, or after it was taken away.
    pub id: Option<String>,
    pub revision: u64,
    /// Who is invited.
    pub guests: Vec<Guest>,
    /// The times of our own latest changes, by the platform's clock in its own writing.
    pub own_changes: Vec<String>,
    /// How often it was taken away: another one is made under another token.
    pub generation: u32,
    /// Whether it was begun to make it.
    pub is_begun: bool,
    /// What was said of it last, field by field, as digests.
    pub said: BTreeMap<String, String>,
    /// Which instances of it are no longer those of its series.
    #[serde(default)]
    pub standing: Standing,
    /// Those of them that are changed, by the platform's ids: when each would be, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub instances: BTreeMap<String, u64>,
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Guest {
    pub person: PersonId,
    pub union: String,
    pub is_optional: bool,
    /// What the bot said last that they answered.
    pub put: Option<Answer>,
    /// What they answered, as the platform has it.
    pub answer: Option<Answer>,
    /// How often they answered there.
    pub changes: u64,
}

impl Row {
    /// It is not there any more; another one would be another one.
    pub(super) fn forget(&mut self) {
        *self = Self { revision: self.revision, generation: self.generation + 1, ..Self::default() };
    }

    /// The event changed by a call of ours.
    pub(super) fn changed(&mut self, answer: &Value) {
        let Some(at) = text(answer, "updateTime") else { return };
        let at = times::read(&json!({"dateTime": at})).map_or(at, |at_ms| at_ms.to_string());
        self.own_changes.push(at);
        if self.own_changes.len() > OWN_CHANGES_MAX {
            self.own_changes.remove(0);
        }
    }

    /// Whether a change at this time was ours. Asked again it is somebody else's: two may fall into one moment.
    pub(super) fn takes_own_change(&mut self, data: &Value) -> bool {
        let at = number(data, "calendarEventUpdateTime").map(|at_ms| at_ms.to_string());
        let place = self.own_changes.iter().position(|own| Some(own) == at.as_ref());
        place.map(|place| self.own_changes.remove(place)).is_some()
    }
}

impl Guest {
    /// As the platform invites them.
    pub(super) fn invited(&self) -> Value {
        json!({"id": self.union, "isOptional": self.is_optional})
    }
}
