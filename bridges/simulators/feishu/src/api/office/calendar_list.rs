//! Lists of what is in a calendar: within a time, or page by page, and after that only what changed.

use serde_json::Value;

use super::Call;
use super::calendar::{shown, wrong};
use crate::api::envelope::page as shown_page;
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::calendar::Entry;
use crate::state::office::calendars::Role;

/// Events that one page may hold.
pub(super) const PAGE: std::ops::RangeInclusive<usize> = 50..=1_000;
/// Events of a page where nothing is said.
pub(super) const PAGE_DEFAULT: usize = 500;
/// How long a token stands for what was seen with it, in seconds: 90 days.
const TOKEN_LIFE_S: u64 = 90 * 86_400;
/// Everything is to be read anew.
const EXPIRED: i64 = 190_008;

/// `GET calendar/v4/calendars/*/events`.
pub(crate) fn events(state: &mut State, call: &Call) -> Outcome {
    state.calendar_as(&call.app, call.part(3), Role::Reader)?;
    if let Some((from_ms, until_ms)) = window(call)? {
        let items = within(state, call.part(3), from_ms, until_ms);
        return Ok(Answer::Data(shown_page(items, None)));
    }
    let size = number(call, "page_size")?.map_or(Ok(PAGE_DEFAULT), usize::try_from);
    let size = size.ok().filter(|size| PAGE.contains(size)).ok_or(wrong("page_size"))?;
    let anchor_ms = number(call, "anchor_time")?.unwrap_or(0).saturating_mul(1_000);
    let (seen, begun) = place(state, call)?;
    let ends_later = |entry: &&Entry| {
        let mut times = state.times_of(entry, u64::MAX).into_iter();
        anchor_ms == 0 || entry.is_deleted || times.any(|(_, end_ms)| end_ms > anchor_ms)
    };
    let found = state.changed_after(call.part(3), seen, begun).into_iter();
    let mut found: Vec<&Entry> = found.filter(ends_later).collect();
    let goes_on = found.len() > size;
    found.truncate(size);
    let last = found.last().map_or(seen, |entry| entry.changed);
    let items = found.into_iter().map(shown).collect();
    let next = goes_on.then(|| token('p', last, begun));
    let mut answer = shown_page(items, next);
    if !goes_on {
        let now_s = state.stage.now_ms() / 1_000;
        answer["sync_token"] = token('s', state.stage.number(), now_s).into();
    }
    Ok(Answer::Data(answer))
}

pub(super) fn number(call: &Call, name: &str) -> Result<Option<u64>, Refusal> {
    match call.query(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| wrong(name)),
    }
}

/// The time of which everything is asked for, in milliseconds; it goes with no token and has no pages.
fn window(call: &Call) -> Result<Option<(u64, u64)>, Refusal> {
    match (number(call, "start_time")?, number(call, "end_time")?) {
        (None, None) => Ok(None),
        (Some(from_s), Some(until_s)) if from_s < until_s => {
            let others = ["page_token", "sync_token", "anchor_time"];
            if others.iter().any(|name| !call.query(name).is_empty()) {
                return Err(wrong("start_time and end_time go with no token and no anchor_time"));
            }
            Ok(Some((from_s.saturating_mul(1_000), until_s.saturating_mul(1_000))))
        }
        _ => Err(wrong("start_time, end_time")),
    }
}

/// What takes place within a time; a series once.
fn within(state: &State, calendar: &str, from_ms: u64, until_ms: u64) -> Vec<Value> {
    let mut found = state.changed_after(calendar, 0, u64::MAX);
    found.retain(|entry| {
        let mut times = state.times_of(entry, until_ms).into_iter();
        times.any(|(start_ms, end_ms)| start_ms < until_ms && end_ms > from_ms)
    });
    found.sort_by_key(|entry| entry.start_ms());
    found.into_iter().map(shown).collect()
}

/// Where a page goes on: the last change that was seen, and the change at which everything was first asked for.
pub(super) fn place(state: &mut State, call: &Call) -> Result<(u64, u64), Refusal> {
    let (page, synced) = (call.query("page_token"), call.query("sync_token"));
    if !page.is_empty() {
        return numbers('p', page).ok_or(wrong("page_token"));
    }
    if synced.is_empty() {
        return Ok((0, state.stage.number()));
    }
    let (seen, issued_s) = numbers('s', synced).ok_or(wrong("sync_token"))?;
    let now_s = state.stage.now_ms() / 1_000;
    if now_s > issued_s.saturating_add(TOKEN_LIFE_S) { Err(Refusal::code(EXPIRED)) } else { Ok((seen, 0)) }
}

pub(super) fn token(kind: char, one: u64, other: u64) -> String {
    format!("{kind}{one:x}_{other:x}")
}

fn numbers(kind: char, token: &str) -> Option<(u64, u64)> {
    let (one, other) = token.strip_prefix(kind)?.split_once('_')?;
    Some((u64::from_str_radix(one, 16).ok()?, u64::from_str_radix(other, 16).ok()?))
}
