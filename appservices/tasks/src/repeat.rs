//! Tasks that come again: the words for it, and when the next one is due.

use calendar::{Recurrence, Zone, limits::INSTANCES_MAX};
use cases::Refusal;
use jiff::tz::TimeZone;

use crate::limits::RULE_BYTES_MAX;

/// The next one of a repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    /// When it is due.
    pub due_ms: u64,
    /// How many before it have passed without anybody making them.
    pub missed: u16,
    /// The rule from it on.
    pub rule: String,
}

/// The rule of a word: `每周`, `weekly`, `重复:FREQ=MONTHLY;BYMONTHDAY=-1`. Nothing for other words.
pub(crate) fn rule_of(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    for prefix in ["重复:", "重复：", "repeat:", "rrule:"] {
        if let Some(rule) = lower.strip_prefix(prefix) {
            return Some(rule_of(rule).unwrap_or_else(|| rule.to_uppercase()));
        }
    }
    let rule = match lower.as_str() {
        "每天" | "每日" | "daily" => "FREQ=DAILY",
        "每工作日" | "workdays" | "weekdays" => "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "每周" | "weekly" => "FREQ=WEEKLY",
        "每两周" | "双周" | "biweekly" | "fortnightly" => "FREQ=WEEKLY;INTERVAL=2",
        "每月" | "monthly" => "FREQ=MONTHLY",
        "每年" | "yearly" => "FREQ=YEARLY",
        _ => return None,
    };
    Some(rule.to_owned())
}

/// The first due after `after_ms` of a rule that begins at `due_ms`; nothing where it has ended.
///
/// # Errors
/// E301 for a rule that is too long or that we do not support.
pub(crate) fn next(rule: &str, due_ms: u64, after_ms: u64, zone: &TimeZone) -> Result<Option<Next>, Refusal> {
    let unsupported = || Refusal::new("E301");
    if rule.len() > RULE_BYTES_MAX {
        return Err(unsupported());
    }
    let place = Zone::find(zone.iana_name().unwrap_or(workdays::DEFAULT_ZONE)).ok_or_else(unsupported)?;
    let start = workdays::local(due_ms, zone);
    let recurrence = Recurrence::parse(rule, &place).map_err(|_| unsupported())?;
    let bounded = recurrence.clone().with_end(start);
    bounded.check(start).map_err(|_| unsupported())?;
    let starts = bounded.starts(start, INSTANCES_MAX).map_err(|_| unsupported())?;
    let later = starts.into_iter().map(|at| workdays::to_ms(at, zone)).filter(|at_ms| *at_ms > due_ms);
    let (passed, coming): (Vec<u64>, Vec<u64>) = later.partition(|at_ms| *at_ms <= after_ms);
    let missed = u16::try_from(passed.len()).unwrap_or(u16::MAX);
    let Some(due_ms) = coming.first().copied() else { return Ok(None) };
    Ok(Some(Next { due_ms, missed, rule: rest_of(rule, recurrence.count(), missed) }))
}

/// The rule from the next one on: a count counts those that are left.
fn rest_of(rule: &str, count: Option<u32>, missed: u16) -> String {
    let Some(count) = count else { return rule.to_owned() };
    let left = count.saturating_sub(1 + u32::from(missed));
    let parts = rule.split(';').map(|part| match part.get(..6) {
        Some(name) if name.eq_ignore_ascii_case("COUNT=") => format!("COUNT={left}"),
        Some(_) | None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(";")
}
