//! Whether a template can be published (E120).

use std::collections::BTreeSet;

use super::{
    Condition, END, Field, FieldKind, Node, OnTimeout, Step, Template, Until, Who, duration_ms,
    selector::is_selector,
};
use crate::limits::{FIELDS_MAX, LEVELS_MAX, NODES_MAX, PEOPLE_OF_STEP_MAX};

/// What is wrong with a template: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Problem {
    /// The node or field.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

/// Names that conditions know beside the fields.
const STARTER_FACTS: [&str; 3] = ["starter.dept", "starter.role", "starter.level"];

/// Everything that keeps a template from being published.
#[must_use]
pub fn check(template: &Template) -> Vec<Problem> {
    let mut checking = Checking { template, problems: Vec::new() };
    checking.whole();
    checking.form();
    for (place, node) in template.flow.iter().enumerate() {
        checking.node(place, node);
    }
    checking.reachable();
    checking.policy();
    checking.problems
}

pub(super) struct Checking<'a> {
    pub template: &'a Template,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    pub fn wrong(&mut self, place: &str, problem: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), problem: problem.into() });
    }

    fn whole(&mut self) {
        let template = self.template;
        if template.v != 1 {
            self.wrong("v", "is not 1");
        }
        if !is_word(&template.id) {
            self.wrong("id", "has 1 to 64 of a-z 0-9 - _");
        }
        if template.aliases.iter().all(|alias| alias.trim().is_empty()) {
            self.wrong("aliases", "has no word to start it by");
        }
        if template.flow.len() > NODES_MAX || template.form.len() > FIELDS_MAX {
            self.wrong("flow", format!("more than {NODES_MAX} nodes or {FIELDS_MAX} fields"));
        }
        if !template.flow.iter().any(|node| matches!(node.step, Step::Approve { .. })) {
            self.wrong("flow", "nobody decides");
        }
        let mut ids = BTreeSet::from([END]);
        for node in &template.flow {
            if !ids.insert(&node.id) {
                self.wrong(&node.id, "this id is there twice, or is `end`");
            }
        }
    }

    fn node(&mut self, place: usize, node: &Node) {
        match &node.step {
            Step::Approve { who, timeout, on_timeout, .. } => {
                self.who(&node.id, who);
                if timeout.as_deref().is_some_and(|text| duration_ms(text).is_none()) {
                    self.wrong(&node.id, "the timeout is no time like 48h");
                }
                let has_amount = self.template.form.iter().any(Field::is_money);
                let is_grave = has_amount || self.template.class == "permission";
                if *on_timeout == Some(OnTimeout::AutoApprove) && is_grave {
                    self.wrong(&node.id, "auto_approve is not for amounts and permissions");
                }
            }
            Step::Branch { cases, otherwise } => {
                if otherwise.is_none() {
                    self.wrong(&node.id, "has no else");
                }
                for case in cases {
                    self.condition(&node.id, &case.condition);
                }
                for target in cases.iter().map(|case| &case.next).chain(otherwise) {
                    self.target(place, &node.id, target);
                }
            }
            Step::Cc { who: Who::Partner { .. } } => self.wrong(&node.id, "a partner is asked, not told"),
            Step::Cc { who: Who::StarterChoice { .. } } => {
                self.wrong(&node.id, "the starter chooses who is asked, not who is told");
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
            self.wrong(node, format!("`{target}` is no later node"));
        }
    }

    fn condition(&mut self, node: &str, text: &str) {
        match Condition::parse(text) {
            Ok(condition) => {
                for name in condition.names() {
                    let field = name.strip_suffix(".days").or(name.strip_suffix(".hours")).unwrap_or(name);
                    if self.template.field(field).is_none() && !STARTER_FACTS.contains(&name) {
                        self.wrong(node, format!("`{name}` is no field"));
                    }
                }
            }
            Err(error) => self.wrong(node, error.to_string()),
        }
    }

    fn who(&mut self, node: &str, who: &Who) {
        match who {
            Who::Users(ids) if ids.is_empty() => self.wrong(node, "names nobody"),
            Who::DeptHead(level) | Who::DeptHeads { until: Until::Level(level) }
                if !(1..=LEVELS_MAX).contains(level) =>
            {
                self.wrong(node, format!("levels are 1 to {LEVELS_MAX}"));
            }
            Who::Partner { capability, .. } if !is_word(capability) => {
                self.wrong(node, "a capability has 1 to 64 of a-z 0-9 - _");
            }
            Who::Field(id)
                if self.template.field(id).is_none_or(|field| field.kind != FieldKind::Contact) =>
            {
                self.wrong(node, format!("`{id}` is no field of a person"));
            }
            Who::StarterChoice { from, min, max } => {
                for name in from.iter().filter(|name| !is_selector(name)) {
                    self.wrong(node, format!("`{name}` is no role:, dept: or user:"));
                }
                let most = usize::try_from(max.unwrap_or(*min)).unwrap_or(usize::MAX);
                if *min == 0 || max.is_some_and(|max| max < *min) || most > PEOPLE_OF_STEP_MAX {
                    self.wrong(node, format!("min and max are 1 to {PEOPLE_OF_STEP_MAX}, the least first"));
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

    fn reachable(&mut self) {
        let flow = &self.template.flow;
        let mut reached: BTreeSet<&str> = flow.first().map(|node| node.id.as_str()).into_iter().collect();
        for (place, node) in flow.iter().enumerate() {
            if !reached.contains(node.id.as_str()) {
                self.problems
                    .push(Problem { place: node.id.clone(), problem: "cannot be reached".to_owned() });
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

    fn policy(&mut self) {
        let policy = &self.template.policy;
        let approves =
            |id: &str| self.template.node(id).is_some_and(|node| matches!(node.step, Step::Approve { .. }));
        let reject_fits = match policy.reject.split_once(':') {
            Some(("to_node", id)) => approves(id),
            _ => matches!(policy.reject.as_str(), "end" | "to_starter"),
        };
        if !reject_fits {
            self.wrong("policy.reject", "is end, to_starter or to_node: with a node that decides");
        }
        let empty = policy.empty.as_str();
        if !matches!(empty, "pass" | "to_admin" | "refuse") && !empty.starts_with("user:") {
            self.wrong("policy.empty", "is pass, to_admin, refuse or user: with an employee number");
        }
        if let Some(condition) = policy.confirm_over.clone() {
            self.condition("policy.confirm_over", &condition);
        }
        if policy.urge_cooldown.as_deref().is_some_and(|text| duration_ms(text).is_none()) {
            self.wrong("policy.urge_cooldown", "is no time like 2h");
        }
    }
}

/// Whether a text is a short word that may stand in ids and roles.
pub(super) fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is said of it, and how it is made.
    type Mistake = (&'static str, fn(&mut Value));

    fn template() -> Value {
        json!({
            "v": 1, "id": "expense", "name": {"zh": "报销"}, "aliases": ["报销"],
            "form": [{"id": "amount", "type": "amount"}, {"id": "boss", "type": "contact"}],
            "flow": [
                {"id": "n1", "type": "approve", "mode": "and", "who": {"dept_head": 1}},
                {"id": "c1", "type": "branch", "cases": [{"if": "amount >= 1000000", "next": "n3"}], "else": "n4"},
                {"id": "n3", "type": "approve", "mode": "or", "who": {"role": "cfo"}, "timeout": "48h"},
                {"id": "n4", "type": "cc", "who": {"role": "cashier"}},
            ],
        })
    }

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut value = template();
        change(&mut value);
        let template: Template = serde_json::from_value(value).unwrap();
        check(&template).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_template_has_no_problems() {
        assert_eq!(problems(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_work_is_not_published() {
        let changes: [Mistake; 13] = [
            ("c1: has no else", |t| drop(t["flow"][1].as_object_mut().unwrap().remove("else"))),
            ("c1: `money` is no field", |t| t["flow"][1]["cases"][0]["if"] = json!("money > 1")),
            ("c1: a value is missing", |t| t["flow"][1]["cases"][0]["if"] = json!("amount >")),
            ("c1: `n1` is no later node", |t| t["flow"][1]["else"] = json!("n1")),
            ("c1: `n9` is no later node", |t| t["flow"][1]["else"] = json!("n9")),
            ("n3: cannot be reached", |t| t["flow"][1]["cases"][0]["next"] = json!("n4")),
            ("n3: auto_approve is not for amounts", |t| t["flow"][2]["on_timeout"] = json!("auto_approve")),
            ("n3: the timeout is no time", |t| t["flow"][2]["timeout"] = json!("soon")),
            ("n3: this id is there twice", |t| t["flow"][3]["id"] = json!("n3")),
            ("n1: levels are 1 to 16", |t| t["flow"][0]["who"] = json!({"dept_head": 0})),
            ("n1: `amount` is no field of a person", |t| t["flow"][0]["who"] = json!({"field": "amount"})),
            ("policy.reject: is end", |t| t["policy"] = json!({"reject": "to_node:c1"})),
            ("aliases: has no word", |t| t["aliases"] = json!([])),
        ];
        for (expected, change) in changes {
            let found = problems(change);
            assert!(found.iter().any(|problem| problem.starts_with(expected)), "{expected}: {found:?}");
        }
    }
}
