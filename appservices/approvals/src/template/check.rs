//! Whether a template can be published (E120).

use std::collections::BTreeSet;

use super::{END, Problem, Step, Template, duration_ms};
use crate::limits::{FIELDS_MAX, NODES_MAX};

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
    checking.secret();
    checking.problems
}

pub(super) struct Checking<'a> {
    pub template: &'a Template,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    pub fn wrong(&mut self, place: &str, key: &'static str) {
        self.problems.push(Problem::new(place, key));
    }

    pub fn wrong_with(
        &mut self,
        place: &str,
        key: &'static str,
        values: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        self.problems.push(Problem { values: values.into_iter().collect(), ..Problem::new(place, key) });
    }

    fn whole(&mut self) {
        let template = self.template;
        if template.v != 1 {
            self.wrong("v", "problem.version");
        }
        if !is_word(&template.id) {
            self.wrong("id", "problem.id");
        }
        if template.aliases.iter().all(|alias| alias.trim().is_empty()) {
            self.wrong("aliases", "problem.aliases");
        }
        if template.flow.len() > NODES_MAX || template.form.len() > FIELDS_MAX {
            self.wrong_with(
                "flow",
                "problem.many",
                [("nodes", NODES_MAX.to_string()), ("fields", FIELDS_MAX.to_string())],
            );
        }
        if !template.flow.iter().any(|node| matches!(node.step, Step::Approve { .. })) {
            self.wrong("flow", "problem.decides");
        }
        let mut ids = BTreeSet::from([END]);
        for node in &template.flow {
            if !ids.insert(&node.id) {
                self.wrong(&node.id, "problem.id_twice");
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
            self.wrong("policy.reject", "problem.reject");
        }
        let empty = policy.empty.as_str();
        if !matches!(empty, "pass" | "to_admin" | "refuse") && !empty.starts_with("user:") {
            self.wrong("policy.empty", "problem.empty");
        }
        if let Some(condition) = policy.confirm_over.clone() {
            self.condition("policy.confirm_over", &condition);
        }
        if policy.urge_cooldown.as_deref().is_some_and(|text| duration_ms(text).is_none()) {
            self.wrong("policy.urge_cooldown", "problem.cooldown");
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
        let changes: [Mistake; 14] = [
            ("c1: has no else", |t| drop(t["flow"][1].as_object_mut().unwrap().remove("else"))),
            ("c1: `money` is no field", |t| t["flow"][1]["cases"][0]["if"] = json!("money > 1")),
            ("c1: a value is missing", |t| t["flow"][1]["cases"][0]["if"] = json!("amount >")),
            ("c1: `n1` is no later node", |t| t["flow"][1]["else"] = json!("n1")),
            ("c1: `n9` is no later node", |t| t["flow"][1]["else"] = json!("n9")),
            ("n3: cannot be reached", |t| t["flow"][1]["cases"][0]["next"] = json!("n4")),
            ("n3: auto_approve is not for amounts", |t| t["flow"][2]["on_timeout"] = json!("auto_approve")),
            ("n3: auto_approve is not for amounts", |t| {
                let columns = json!([{"id": "price", "type": "amount"}]);
                t["form"] = json!([{"id": "items", "type": "list", "columns": columns}]);
                t["flow"][1]["cases"][0]["if"] = json!("items > 2");
                t["flow"][2]["on_timeout"] = json!("auto_approve");
            }),
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
