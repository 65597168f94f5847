//! Whether a template can be published (E120).

use std::{collections::BTreeSet, fmt};

use kit::texts::{Lang, Texts};

use super::{
    Condition, ConditionError, END, Field, FieldKind, Node, OnTimeout, Step, Template, Until, Who,
    duration_ms, selector::is_selector,
};
use crate::limits::{FIELDS_MAX, LEVELS_MAX, NODES_MAX, PEOPLE_OF_STEP_MAX};

/// What is wrong with a template: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The node or field; empty where it is the whole.
    pub place: String,
    /// The key of the words for it.
    pub key: &'static str,
    /// What their gaps are filled with; a `problem` is the key of further words.
    pub values: Vec<(&'static str, String)>,
}

impl Problem {
    /// Without gaps.
    #[must_use]
    pub fn new(place: &str, key: &'static str) -> Self {
        Self { place: place.to_owned(), key, values: Vec::new() }
    }

    /// The same, filling a gap.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// In the words of a table.
    #[must_use]
    pub fn said(&self, texts: &Texts, lang: Lang) -> String {
        let shown = self.values.iter().map(|(name, value)| match *name {
            "problem" => (*name, texts.fill(lang, value, &[])),
            _ => (*name, value.clone()),
        });
        let shown: Vec<(&str, String)> = shown.collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let words = texts.fill(lang, self.key, &values);
        if self.place.is_empty() { words } else { format!("{}: {words}", self.place) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(&Texts::with(&[crate::TEXTS]), Lang::En))
    }
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

    fn node(&mut self, place: usize, node: &Node) {
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

    fn condition(&mut self, node: &str, text: &str) {
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

    fn reachable(&mut self) {
        let flow = &self.template.flow;
        let mut reached: BTreeSet<&str> = flow.first().map(|node| node.id.as_str()).into_iter().collect();
        for (place, node) in flow.iter().enumerate() {
            if !reached.contains(node.id.as_str()) {
                self.problems.push(Problem::new(&node.id, "problem.unreached"));
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
