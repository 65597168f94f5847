//! Where a template would find nobody, in the organisation as it is.

use std::collections::BTreeSet;

use people::{Chart, DepartmentPath, PersonId};

use super::{Form, Step, Template, Who, candidates};
use crate::{flow::resolve, instance::Instance};

/// The nodes that would find nobody, for members and heads of every department: (node, department).
#[must_use]
pub fn dead_ends(template: &Template, chart: &Chart) -> Vec<(String, DepartmentPath)> {
    let mut found = BTreeSet::new();
    if template.policy.empty == "pass" {
        return Vec::new();
    }
    for (path, department) in chart.departments() {
        let member = department.members.iter().find(|member| !department.heads.contains(member));
        let starters: Vec<&PersonId> = member.into_iter().chain(&department.heads).collect();
        for starter in starters {
            let instance = Instance::begun(template, starter.clone(), path.clone(), Form::new());
            for node in &template.flow {
                if let Step::Approve { who, .. } = &node.step
                    && finds_nobody(who, &node.id, &instance, chart)
                {
                    found.insert((node.id.clone(), path.clone()));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Whether nobody could be asked by this rule, whatever stands in the form.
fn finds_nobody(who: &Who, node: &str, instance: &Instance, chart: &Chart) -> bool {
    match who {
        Who::Field(_) => false,
        Who::StarterChoice { from, min, .. } => {
            let others = candidates(from, chart).filter(|person| person.id != instance.starter);
            others.count() < usize::try_from(*min).unwrap_or(usize::MAX)
        }
        Who::Users(_)
        | Who::Role(_)
        | Who::DeptHead(_)
        | Who::DeptHeads { .. }
        | Who::Starter(_)
        | Who::Partner { .. } => resolve(who, node, instance, chart).rounds.is_empty(),
    }
}
