//! Whether the flow of a template can be published.

use std::collections::BTreeSet;

use super::{
    Condition, ConditionError, END, Field, FieldKind, Node, OnTimeout, Step, Until, Who,
    check::{Checking, is_word},
    duration_ms,
    selector::is_selector,
};
use crate::limits::{LEVELS_MAX, PEOPLE_OF_STEP_MAX};

/// Names that conditions know beside the fields.
const STARTER_FACTS: [&str; 3] = ["starter.dept", "starter.role", "starter.level"];

impl Checking<'_> {
    /// What is wrong with the node at this place of the flow.
    pub fn node(&mut self, place: usize, node: &Node) {
        match &node.step {
            Step::Approve { who, timeout, on_timeout, .. } => {
                self.who(&node.id, who);
                if timeout.as_deref().is_some_and(|text| duration_ms(text).is_none()) {
                    self.wrong(&node.id, "problem.timeout");
                }
                let mut fields =
                    self.template.form.iter().flat_map(|field| [field].into_iter().chain(&field.columns));
                let has_amount = fields.any(Field::is_money);
                let is_grave = has_amount || self.template.class == "permission";
                if *on_timeout == Some(OnTimeout::AutoApprove) && is_grave {
                    self.wrong(&node.id, "problem.auto");
                }
            }
            Step::Branch { cases, otherwise } => {
                if otherwise.is_none() {
                    self.wrong(&node.id, "problem.no_else");
                }
                for case in cases {
                    self.condition(&node.id, &case.condition);
                }
                for target in cases.iter().map(|case| &case.next).chain(otherwise) {
                    self.target(place, &node.id, target);
                }
            }
            Step::Cc { who: Who::Partner { .. } } => self.wrong(&node.id, "problem.partner"),
            Step::Cc { who: Who::StarterChoice { .. } } => {
                self.wrong(&node.id, "problem.choice");
            }
            Step::Cc { who } => self.who(&node.id, who),
        }
        if let Some(next) = &node.next {
            self.target(place, &node.id, next);
        }
    }

    /// A flow runs forwards, so it has no circles.
    fn target(&mut self, place: usize, node: &str, target: &str) {
        let found = self.template.flow.iter().position(|node| node.id == target);
        if target != END && found.is_none_or(|found| found <= place) {
            self.wrong_with(node, "problem.target", [("what", target.to_owned())]);
        }
    }

    /// What is wrong with a condition.
    pub fn condition(&mut self, node: &str, text: &str) {
        match Condition::parse(text) {
            Ok(condition) => {
                for name in condition.names() {
                    let field = name.strip_suffix(".days").or(name.strip_suffix(".hours")).unwrap_or(name);
                    if self.template.field(field).is_none() && !STARTER_FACTS.contains(&name) {
                        self.wrong_with(node, "problem.name", [("what", name.to_owned())]);
                    }
                }
            }
            Err(ConditionError { place, problem }) => {
                let values = [("place", place.to_string()), ("problem", problem.to_owned())];
                self.wrong_with(node, "problem.condition", values);
            }
        }
    }

    fn who(&mut self, node: &str, who: &Who) {
        match who {
            Who::Users(ids) if ids.is_empty() => self.wrong(node, "problem.users"),
            Who::DeptHead(level) | Who::DeptHeads { until: Until::Level(level) }
                if !(1..=LEVELS_MAX).contains(level) =>
            {
                self.wrong_with(node, "problem.levels", [("max", LEVELS_MAX.to_string())]);
            }
            Who::Partner { capability, .. } if !is_word(capability) => {
                self.wrong(node, "problem.capability");
            }
            Who::Field(id)
                if self.template.field(id).is_none_or(|field| field.kind != FieldKind::Contact) =>
            {
                self.wrong_with(node, "problem.contact", [("what", id.clone())]);
            }
            Who::StarterChoice { from, min, max } => {
                for name in from.iter().filter(|name| !is_selector(name)) {
                    self.wrong_with(node, "problem.selector", [("what", (*name).clone())]);
                }
                let most = usize::try_from(max.unwrap_or(*min)).unwrap_or(usize::MAX);
                if *min == 0 || max.is_some_and(|max| max < *min) || most > PEOPLE_OF_STEP_MAX {
                    self.wrong_with(node, "problem.range", [("max", PEOPLE_OF_STEP_MAX.to_string())]);
                }
            }
            Who::Users(_)
            | Who::Role(_)
            | Who::DeptHead(_)
            | Who::DeptHeads { .. }
            | Who::Starter(_)
            | Who::Field(_)
            | Who::Partner { .. } => {}
        }
    }

    /// What no case ever comes to.
    pub fn reachable(&mut self) {
        let flow = &self.template.flow;
        let mut reached: BTreeSet<&str> = flow.first().map(|node| node.id.as_str()).into_iter().collect();
        for (place, node) in flow.iter().enumerate() {
            if !reached.contains(node.id.as_str()) {
                self.wrong(&node.id, "problem.unreached");
                continue;
            }
            match (&node.step, &node.next) {
                (Step::Branch { cases, otherwise }, _) => {
                    reached.extend(cases.iter().map(|case| case.next.as_str()).chain(otherwise.as_deref()));
                }
                (Step::Approve { .. } | Step::Cc { .. }, Some(next)) => drop(reached.insert(next)),
                (Step::Approve { .. } | Step::Cc { .. }, None) => {
                    reached.extend(flow.get(place + 1).map(|node| node.id.as_str()));
                }
            }
        }
    }
}
