//! What stands behind `!return`: where to, if it says so, and why.

use crate::{
    act::{Action, STARTER},
    template::{Node, Template},
};

/// What the starter is called there.
const STARTERS: [&str; 3] = [STARTER, "申请人", "发起人"];

/// Quotation marks in which a name of several words may stand.
const MARKS: [(char, char); 6] =
    [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('「', '」'), ('『', '』')];

/// Reads `[node] reason`. A node is meant by its id or by one of its names, in quotation marks or without; of several that
/// are called so, the last that was `passed`. What is quoted in front of a reason, or looks like an id, and is no node is
/// left to whoever acts, who says which there are. Everything else is the reason alone.
pub(super) fn return_of(rest: &str, template: &Template, passed: &[String]) -> Action {
    let rest = rest.trim();
    let names = names_of(template, passed);
    let known = |word: &str| names.iter().find(|(name, _)| same(name, word)).map(|(_, id)| (*id).to_owned());
    let (node, reason) = match quoted(rest) {
        Some((name, reason)) => match known(name) {
            Some(id) => (Some(id), reason),
            None if reason.is_empty() => (None, rest),
            None => (Some(name.to_owned()), reason),
        },
        None => in_front(rest, &names),
    };
    Action::Return { node, reason: reason.to_owned() }
}

/// Every name with the node that it means, those that were passed first, the last of them before the others.
fn names_of<'a>(template: &'a Template, passed: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let nodes = passed.iter().rev().filter_map(|id| template.node(id)).chain(&template.flow);
    let names = nodes.flat_map(|node: &'a Node| node.names().map(|name| (name, node.id.as_str())));
    STARTERS.into_iter().map(|name| (name, STARTER)).chain(names).collect()
}

/// The text in quotation marks in front, and what stands behind it. A quotation that goes on without a space begins a reason.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (begin, end) = MARKS.into_iter().find(|(begin, _)| text.starts_with(*begin))?;
    let (name, behind) = text.strip_prefix(begin)?.split_once(end)?;
    let ends = behind.is_empty() || behind.starts_with(char::is_whitespace);
    ends.then(|| (name.trim(), behind.trim()))
}

/// The longest name in front, and what stands behind it; of one that looks like an id, that; else all of it is the reason.
fn in_front<'a>(text: &'a str, names: &[(&str, &str)]) -> (Option<String>, &'a str) {
    let mut longest: Option<(&str, &str)> = None;
    for (name, id) in names {
        let Some(behind) = without(text, name) else { continue };
        if longest.is_none_or(|(_, left)| behind.len() < left.len()) {
            longest = Some((id, behind));
        }
    }
    if let Some((id, behind)) = longest {
        return (Some(id.to_owned()), behind.trim());
    }
    let (first, behind) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let number = first.strip_prefix(['n', 'N']).and_then(|number| number.parse::<u32>().ok());
    match number {
        Some(_) => (Some(first.to_owned()), behind.trim()),
        None => (None, text),
    }
}

/// What stands behind a name, where a text begins with it and the name ends there.
fn without<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let end = text.char_indices().nth(name.chars().count()).map_or(text.len(), |(end, _)| end);
    let (head, behind) = text.split_at_checked(end)?;
    let ends = behind.is_empty() || behind.starts_with(char::is_whitespace);
    (ends && same(head, name)).then_some(behind)
}

/// Whether two names are the same but for capitals.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        let step = |id: &str, zh: &str, en: &str| {
            json!({
                "id": id, "name": { "zh": zh, "en": en }, "type": "approve", "who": { "dept_head": 1 },
            })
        };
        serde_json::from_value(json!({
            "v": 1, "id": "x", "name": { "zh": "X" }, "aliases": ["x"], "form": [],
            "flow": [
                step("n1", "主管", "Head"),
                step("finance", "财务 复核", "Finance check"),
                step("again", "主管", "Head"),
                json!({ "id": "n4", "type": "approve", "who": { "dept_head": 1 } }),
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_way_back_is_named_by_id_or_name_in_quotation_marks_or_without() {
        let passed = ["n1".to_owned(), "finance".to_owned()];
        // (what is typed, the node, the reason)
        let cases = [
            ("金额不对", None, "金额不对"),
            ("starter 再看", Some("starter"), "再看"),
            ("Starter again", Some("starter"), "again"),
            ("申请人 再看", Some("starter"), "再看"),
            ("n1 再看", Some("n1"), "再看"),
            ("主管 再看", Some("n1"), "再看"),
            ("「主管」 再看", Some("n1"), "再看"),
            ("财务 复核 再看", Some("finance"), "再看"),
            ("“财务 复核” 再看", Some("finance"), "再看"),
            ("\"Finance Check\" wrong sum", Some("finance"), "wrong sum"),
            ("finance check wrong sum", Some("finance"), "wrong sum"),
            ("FINANCE wrong sum", Some("finance"), "wrong sum"),
            ("finances are wrong", None, "finances are wrong"),
            ("n4 再看", Some("n4"), "再看"),
            ("n9 再看", Some("n9"), "再看"),
            ("“法务” 再看", Some("法务"), "再看"),
            ("“法务”没有看过", None, "“法务”没有看过"),
            ("\"too expensive\"", None, "\"too expensive\""),
            ("", None, ""),
        ];
        for (typed, node, reason) in cases {
            let expected = Action::Return { node: node.map(str::to_owned), reason: reason.to_owned() };
            assert_eq!(return_of(typed, &template(), &passed), expected, "{typed}");
        }
    }

    #[test]
    fn of_nodes_of_one_name_the_last_that_was_passed_is_meant() {
        let all = ["n1", "finance", "again"].map(str::to_owned);
        for (passed, node) in [(&all[..1], "n1"), (&all[..], "again")] {
            let expected = Action::Return { node: Some(node.to_owned()), reason: "再看".to_owned() };
            assert_eq!(return_of("主管 再看", &template(), passed), expected);
        }
    }
}
