//! Where a template would find nobody, in the organisation as it is.

use std::collections::BTreeSet;

use people::{Chart, DepartmentPath, Person, PersonId};

use super::{Form, Step, Template, Who, candidates};
use crate::{flow::resolve, instance::Instance};

/// The nodes that would find nobody, for members and heads of every department: (node, department).
#[must_use]
pub fn dead_ends(template: &Template, chart: &Chart) -> Vec<(String, DepartmentPath)> {
    let mut found = BTreeSet::new();
    if template.policy.empty == "pass" {
        return Vec::new();
    }
    let rules = template.flow.iter().filter_map(|node| match &node.step {
        Step::Approve { who, .. } => Some((&node.id, Rule::of(who, chart))),
        Step::Branch { .. } | Step::Cc { .. } => None,
    });
    let rules: Vec<(&String, Rule<'_>)> = rules.collect();
    for (path, department) in chart.departments() {
        let member = department.members.iter().find(|member| !department.heads.contains(member));
        for starter in member.into_iter().chain(&department.heads) {
            let instance = Instance::begun(template, starter.clone(), path.clone(), Form::new());
            for (node, rule) in &rules {
                if rule.finds_nobody(node, &instance, chart) {
                    found.insert(((*node).clone(), path.clone()));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// What a rule comes to, as far as that is the same for everybody who starts a case.
enum Rule<'a> {
    /// Somebody, whoever starts it and whatever stands in the form.
    Somebody,
    /// Nobody at all.
    Nobody,
    /// So many of these, and never who starts it.
    Others(usize, Vec<&'a Person>),
    /// Who stands above whoever starts it.
    Above(&'a Who),
}

impl<'a> Rule<'a> {
    fn of(who: &'a Who, chart: &'a Chart) -> Self {
        let is_anybody = match who {
            Who::Field(_) | Who::Starter(_) | Who::Partner { .. } => true,
            Who::Users(ids) => ids.iter().any(|id| chart.active(&PersonId(id.clone())).is_some()),
            Who::Role(role) => !chart.in_role(role).is_empty(),
            Who::StarterChoice { from, min, .. } => {
                let least = usize::try_from(*min).unwrap_or(usize::MAX);
                return Self::Others(least, candidates(from, chart, least.saturating_add(1)));
            }
            Who::DeptHead(_) | Who::DeptHeads { .. } => return Self::Above(who),
        };
        if is_anybody { Self::Somebody } else { Self::Nobody }
    }

    fn finds_nobody(&self, node: &str, instance: &Instance, chart: &Chart) -> bool {
        match self {
            Self::Somebody => false,
            Self::Nobody => true,
            Self::Others(least, people) => {
                people.iter().filter(|person| person.id != instance.starter).count() < *least
            }
            Self::Above(who) => resolve(who, node, instance, chart).rounds.is_empty(),
        }
    }
}
