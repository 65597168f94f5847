//! Looking ahead: where branches lead, and who would be asked.

use people::PersonId;

use super::resolve::{resolve, who_was_chosen};
use crate::{
    desk::World,
    instance::Instance,
    limits::NODES_MAX,
    template::{BranchCase, Condition, END, Field, Step, Template, Who, facts, missing, starter_facts},
};

/// Where a branch goes on, and by which condition.
pub(super) fn branch(
    world: &World<'_>,
    instance: &Instance,
    cases: &[BranchCase],
    otherwise: Option<&str>,
) -> (Option<String>, Option<String>) {
    let target = |id: &str| (id != END).then(|| id.to_owned());
    let mut facts = facts(world.template, &instance.form);
    if let Some(starter) = world.chart.person(&instance.starter) {
        facts.extend(starter_facts(starter, &instance.department));
    }
    for case in cases {
        // A published template has no condition that cannot be read.
        if Condition::parse(&case.condition).is_ok_and(|condition| condition.holds(&facts)) {
            return (target(&case.next), Some(case.condition.clone()));
        }
    }
    (otherwise.and_then(target), None)
}

pub(super) fn decides_later(world: &World<'_>, instance: &Instance, node: &str) -> bool {
    let next = world.template.after(node).map(str::to_owned);
    ahead(world, instance, next).iter().any(|step| matches!(step.step, Step::Approve { .. }))
}

/// A node ahead.
struct Ahead<'a> {
    node: &'a str,
    step: &'a Step,
    /// The condition that leads there.
    condition: Option<String>,
}

/// Who would be asked or told at a node ahead.
pub(crate) struct Expected {
    /// Whether they are told only.
    pub is_told: bool,
    /// Who.
    pub people: Vec<PersonId>,
    /// The condition that leads there.
    pub condition: Option<String>,
    /// Whether the starter is still to choose them.
    pub is_to_choose: bool,
}

/// The nodes ahead as they would be now.
fn ahead<'a>(world: &World<'a>, instance: &Instance, first: Option<String>) -> Vec<Ahead<'a>> {
    let template: &'a Template = world.template;
    let mut found = Vec::new();
    let mut next = first;
    let mut condition = None;
    for _ in 0..=NODES_MAX {
        let Some(node) = next.as_deref().and_then(|id| template.node(id)) else { break };
        next = match &node.step {
            Step::Branch { cases, otherwise } => {
                let (next, by) = branch(world, instance, cases, otherwise.as_deref());
                condition = by;
                next
            }
            Step::Approve { .. } | Step::Cc { .. } => {
                found.push(Ahead { node: &node.id, step: &node.step, condition: condition.take() });
                template.after(&node.id).map(str::to_owned)
            }
        };
    }
    found
}

/// The fields that are still to be filled in: what the form needs, and whom to choose for the steps ahead. Who was chosen and has
/// left, or may not be chosen any more, is chosen anew; not where an approval is undone, which goes through the same hands.
pub(crate) fn needed<'a>(world: &World<'a>, instance: &Instance) -> Vec<&'a Field> {
    let first = instance.jump_back.clone();
    let first = first.or_else(|| world.template.flow.first().map(|node| node.id.clone()));
    let ahead = ahead(world, instance, first);
    let open: Vec<&str> =
        missing(world.template, &instance.form).iter().map(|field| field.id.as_str()).collect();
    let is_needed = |field: &&Field| match &field.chooses {
        Some(_) if instance.undoes.is_some() => false,
        Some(chooses) => {
            let is_ahead = ahead.iter().any(|step| step.node == chooses.node);
            let count = who_was_chosen(&chooses.from, &chooses.node, instance, world.chart).count();
            is_ahead && i64::try_from(count).is_ok_and(|count| count < field.min.unwrap_or(1))
        }
        None => open.contains(&field.id.as_str()),
    };
    world.template.form.iter().filter(is_needed).collect()
}

/// Who would be asked and told, node by node, as of now.
pub(crate) fn preview(world: &World<'_>, instance: &Instance) -> Vec<Expected> {
    let first = world.template.flow.first().map(|node| node.id.clone());
    let of = |ahead: Ahead<'_>| {
        let (is_told, who) = match ahead.step {
            Step::Approve { who, .. } => (false, who),
            Step::Cc { who } => (true, who),
            // Branches are walked, not found.
            Step::Branch { .. } => return None,
        };
        let people = resolve(who, ahead.node, instance, world.chart).rounds.concat();
        let is_to_choose = people.is_empty() && matches!(who, Who::StarterChoice { .. });
        Some(Expected { is_told, people, condition: ahead.condition, is_to_choose })
    };
    ahead(world, instance, first).into_iter().filter_map(of).collect()
}
