//! What stands behind a command.

use cases::Refusal;
use kit::first_word;
use people::{Chart, PersonId};

use super::{commands::NUMBER_PREFIX, partners::REQUEST_PREFIX};
use crate::act::{Action, Place};

/// The number in front of the arguments, and the rest.
pub(super) fn number_of(arguments: &str) -> (Option<String>, &str) {
    let (first, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let upper = first.to_ascii_uppercase();
    let is_number = upper.strip_prefix(NUMBER_PREFIX).is_some_and(|rest| rest.starts_with('-'));
    if is_number { (Some(upper), rest.trim()) } else { (None, arguments.trim()) }
}

/// The number of a request of another server in front of the arguments.
pub(super) fn request_number_of(arguments: &str) -> Option<String> {
    let first = arguments.split_whitespace().next()?.to_ascii_uppercase();
    let is_number = first.strip_prefix(REQUEST_PREFIX).is_some_and(|rest| rest.starts_with('-'));
    is_number.then_some(first)
}

/// Whether the arguments begin with a number that another bot gave: `TK-20261105-0001`.
pub(super) fn is_number_of_others(arguments: &str) -> bool {
    let first = arguments.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = first.split('-').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [prefix, day, number]
        if (2..=4).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !prefix.eq_ignore_ascii_case(NUMBER_PREFIX)
            && day.len() == 8 && digits(day) && digits(number))
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn action_of(verb: &str, rest: &str, chart: &Chart, chance: u64) -> Result<Action, Refusal> {
    Ok(match verb {
        "approve" => Action::Approve { task: None, comment: optional(rest), code: None, chance },
        "reject" => Action::Reject { task: None, reason: optional(rest) },
        "transfer" => {
            let (mut people, reason) = people_of(rest, chart, 1)?;
            Action::Transfer { to: people.remove(0), reason: optional(&reason) }
        }
        "add_sign" => {
            let (place, rest) = first_word(rest);
            let place = match place.as_str() {
                "前" | "before" => Place::Before,
                "并" | "parallel" => Place::Parallel,
                "后" | "after" => Place::After,
                _ => {
                    let refusal = choice("form.person", "前 | 并 | 后 @lisi");
                    return Err(refusal.with("example_en", "before | parallel | after @lisi"));
                }
            };
            Action::AddSign { people: people_of(rest, chart, usize::MAX)?.0, place }
        }
        "remove_sign" => Action::RemoveSign { person: people_of(rest, chart, 1)?.0.remove(0) },
        "recall" => Action::Recall,
        "urge" => Action::Urge,
        "cc" => Action::Copy { people: people_of(rest, chart, usize::MAX)?.0 },
        "comment" => match first_word(rest) {
            (word, text) if matches!(word.as_str(), "仅审批人" | "approvers") && !text.is_empty() => {
                Action::Confide { text: text.to_owned() }
            }
            _ => Action::Comment { text: rest.to_owned() },
        },
        "reassign" => {
            let (people, reason) = people_of(rest, chart, 2)?;
            match people.as_slice() {
                [from, to] => Action::Reassign { from: from.clone(), to: to.clone(), reason },
                _ => return Err(choice("form.person", "@lisi @wangwu …")),
            }
        }
        "terminate" => Action::Terminate { reason: rest.to_owned() },
        other => return Err(Refusal::new("E107").with("no", other)),
    })
}

fn choice(field: &str, example: &str) -> Refusal {
    Refusal::new("E110").with("field", field).with("problem", "form.choice").with("example", example)
}

/// Up to `most` people in front, and what stands behind them. At least one, and all of them known.
pub(crate) fn people_of(rest: &str, chart: &Chart, most: usize) -> Result<(Vec<PersonId>, String), Refusal> {
    let mut people = Vec::new();
    let mut words = rest.split_whitespace().peekable();
    while people.len() < most
        && let Some(word) = words.next_if(|word| word.starts_with('@') || people.is_empty())
    {
        match chart.called(word.trim_end_matches([',', ':', '，', '：'])).as_slice() {
            [person] => people.push(person.id.clone()),
            found => {
                let problem = if found.is_empty() { "form.nobody" } else { "form.several" };
                let refusal = Refusal::new("E110").with("field", "form.person").with("problem", problem);
                return Err(refusal.with("example", "@lisi"));
            }
        }
    }
    if people.is_empty() {
        let refusal = Refusal::new("E110").with("field", "form.person").with("problem", "form.required");
        return Err(refusal.with("example", "@lisi"));
    }
    Ok((people, words.collect::<Vec<_>>().join(" ")))
}
