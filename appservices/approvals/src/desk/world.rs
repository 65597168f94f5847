//! What a decision is made with: the organisation, the template, who stands in for whom, the time.

use jiff::tz::TimeZone;
use people::{Chart, PersonId};
use serde::{Deserialize, Serialize};
use workdays::local;

use crate::{
    instance::Partner,
    template::{Step, Template, duration_ms},
};

/// What a decision is made with.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The organisation now.
    pub chart: &'a Chart,
    /// The template of the case.
    pub template: &'a Template,
    /// Everybody's standing delegations.
    pub delegations: &'a [Delegation],
    /// Where the case lives.
    pub zone: &'a TimeZone,
    /// Now, in ms since 1970.
    pub at_ms: u64,
}

impl World<'_> {
    /// A moment as people read it.
    #[must_use]
    pub fn time(&self, at_ms: u64) -> String {
        readable(self.zone, at_ms)
    }

    /// Until when the node under way is to be decided, in ms since 1970.
    #[must_use]
    pub fn deadline_of(&self, node: &str) -> Option<u64> {
        match &self.template.node(node)?.step {
            Step::Approve { timeout, .. } => {
                timeout.as_deref().and_then(duration_ms).map(|ms| self.at_ms.saturating_add(ms))
            }
            Step::Branch { .. } | Step::Cc { .. } => None,
        }
    }

    /// Who may act for somebody now: one hop, and never the starter.
    #[must_use]
    pub fn delegate_of(&self, owner: &PersonId, starter: &PersonId) -> Option<PersonId> {
        let in_force = |delegation: &&Delegation| {
            delegation.from == *owner
                && (delegation.templates.is_empty() || delegation.templates.contains(&self.template.id))
                && (delegation.since_ms..delegation.until_ms).contains(&self.at_ms)
                && delegation.to != *starter
                && self.chart.active(&delegation.to).is_some()
        };
        self.delegations.iter().find(in_force).map(|delegation| delegation.to.clone())
    }

    /// Somebody's name; of a partner the name of its server.
    #[must_use]
    pub fn name(&self, id: &PersonId) -> String {
        match (self.chart.person(id), Partner::server_of(id)) {
            (_, Some(server)) => server.to_owned(),
            (Some(person), None) => person.name.clone(),
            (None, None) => id.0.clone(),
        }
    }

    /// Names, one after the other.
    #[must_use]
    pub fn names<'p>(&self, people: impl IntoIterator<Item = &'p PersonId>) -> String {
        people.into_iter().map(|id| self.name(id)).collect::<Vec<_>>().join("、")
    }
}

/// A moment as people read it.
pub(crate) fn readable(zone: &TimeZone, at_ms: u64) -> String {
    local(at_ms, zone).strftime("%m-%d %H:%M").to_string()
}

/// A standing order: somebody acts for somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// For whom.
    pub from: PersonId,
    /// Who.
    pub to: PersonId,
    /// In which templates; all where it is empty.
    pub templates: Vec<String>,
    /// From when on, in ms since 1970.
    pub since_ms: u64,
    /// Until when, in ms since 1970.
    pub until_ms: u64,
}
