//! What commands do to a task, read from their words.

use cases::{Case, Refusal};
use kit::Heard;
use people::{Chart, PersonId};
use workdays::duration_ms;

use super::{Tasks, scene::zone_named};
use crate::{
    OfficeError,
    act::{Action, Check, refused},
    limits::SNOOZE_MS,
    line::{DAY_ENDS, person_of},
    task::Task,
};

impl Tasks {
    /// What a command does, or why it cannot be understood.
    pub(super) async fn action(
        &self,
        verb: &str,
        rest: &str,
        case: &Case<Task>,
        chart: &Chart,
        heard: &Heard,
    ) -> Result<Result<Action, Refusal>, OfficeError> {
        let text = || (!rest.trim().is_empty()).then(|| rest.trim().to_owned());
        Ok(Ok(match verb {
            "progress" => match rest.trim_end_matches(['%', '％']).trim().parse::<u8>() {
                Ok(percent) => Action::Progress(percent),
                Err(_) => return Ok(Err(Refusal::new("E201"))),
            },
            "finish" => Action::Progress(100),
            "cancel" => Action::Cancel { reason: text() },
            "reopen" => Action::Reopen,
            "accept" => Action::Accept,
            "decline" => Action::Decline { reason: text() },
            "follow" => Action::Follow { yes: true },
            "unfollow" => Action::Follow { yes: false },
            "assign" => match people_of(rest, chart, heard) {
                Ok(people) => Action::Assign { people },
                Err(refusal) => return Ok(Err(refusal)),
            },
            "snooze" => match duration(rest) {
                Some(for_ms) => Action::Snooze { for_ms },
                None => return Ok(Err(refused("tk.field.snooze", "tk.problem.duration", "30m, 1h, 2d"))),
            },
            "postpone" => match moment(rest, case, heard) {
                Ok((due_ms, reason)) => Action::Postpone { due_ms, reason },
                Err(refusal) => return Ok(Err(refusal)),
            },
            "check" => match check(rest) {
                Some(check) => Action::Check(check),
                None => {
                    return Ok(Err(refused(
                        "tk.field.item",
                        "tk.problem.no_item",
                        "!清单 + 写大纲 / !check 1",
                    )));
                }
            },
            _ => return self.change_of(rest, case, chart, heard).await,
        }))
    }
}

/// How long; an hour where nothing is said.
fn duration(text: &str) -> Option<u64> {
    if text.trim().is_empty() { Some(SNOOZE_MS) } else { duration_ms(text) }
}

fn check(text: &str) -> Option<Check> {
    let text = text.trim();
    if let Some(new) = text.strip_prefix(['+', '＋']) {
        return Some(Check::Add(new.trim().to_owned()));
    }
    if let Some(gone) = text.strip_prefix(['-', '－']) {
        return gone.trim().parse().ok().map(Check::Remove);
    }
    text.parse().ok().map(Check::Toggle)
}

/// A moment in front, and what stands behind it (E203).
pub(super) fn moment(text: &str, case: &Case<Task>, heard: &Heard) -> Result<(u64, String), Refusal> {
    let zone = zone_named(&case.data.zone);
    let words: Vec<&str> = text.split_whitespace().collect();
    let now = workdays::local(heard.received_ms, &zone);
    match workdays::read_when(&words, now) {
        Some((when, used)) => {
            let reason = words.get(used..).unwrap_or_default().join(" ");
            Ok((workdays::to_ms(when.at(DAY_ENDS), &zone), reason))
        }
        None => Err(Refusal::new("E203").with("text", words.first().copied().unwrap_or_default())),
    }
}

/// All the people that a line names or mentions (E110).
fn people_of(text: &str, chart: &Chart, heard: &Heard) -> Result<Vec<PersonId>, Refusal> {
    let mut people: Vec<PersonId> = Vec::new();
    for word in text.split_whitespace() {
        let mut mentioned = heard.mentions.iter().filter_map(|account| chart.by_account(account));
        let found = match mentioned.find(|person| word.starts_with(&person.name)) {
            Some(person) => person.id.clone(),
            None => person_of(word.strip_prefix('@').unwrap_or(word), chart)?,
        };
        people.push(found);
    }
    if people.is_empty() {
        return Err(refused("tk.field.person", "tk.problem.required", "@lisi"));
    }
    Ok(people)
}
