//! What is on a calendar in a while: the events as they were made, or each instance of a series by itself. In pages.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Outcome;
use super::calendar::owner;
use super::reading::Call;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::calendar::Event;

/// Events on one page, and the longest time that a list covers, in milliseconds.
const PAGE_MAX: usize = 100;
const WINDOW_MS_MAX: u64 = 366 * 86_400_000;

fn wrong() -> Refusal {
    Refusal::bad("invalidParameter")
}

/// The time that a request is about, in milliseconds since the Unix epoch.
fn window(call: &Call) -> Result<(u64, u64), Refusal> {
    let time = |name: &str| call.query(name).parse::<Timestamp>().ok();
    let time = |name: &str| time(name).and_then(|at| u64::try_from(at.as_millisecond()).ok());
    let (from_ms, until_ms) = time("timeMin").zip(time("timeMax")).ok_or_else(wrong)?;
    if from_ms >= until_ms || until_ms - from_ms > WINDOW_MS_MAX {
        return Err(wrong());
    }
    Ok((from_ms, until_ms))
}

/// The page of these events that the request wants.
fn page(state: &State, call: &Call, owner: &str, all: &[Event]) -> Outcome {
    let size = match call.query("maxResults") {
        "" => PAGE_MAX,
        text => text.parse().ok().filter(|size| (1..=PAGE_MAX).contains(size)).ok_or_else(wrong)?,
    };
    let start: usize = match call.query("nextToken") {
        "" => 0,
        text => text.parse().map_err(|_| wrong())?,
    };
    let page = all.iter().skip(start).take(size).map(|event| state.event_for(event, owner));
    let mut answer = json!({ "events": page.collect::<Vec<Value>>() });
    if start.saturating_add(size) < all.len() {
        answer["nextToken"] = (start + size).to_string().into();
    }
    Ok(answer)
}

/// Each instance of a series by itself.
pub(super) fn view(state: &mut State, call: &Call) -> Outcome {
    let owner = owner(state, call)?;
    let (from_ms, until_ms) = window(call)?;
    let within = |event: &Event| event.start_ms < until_ms && event.end_ms > from_ms;
    let all: Vec<Event> = state.view(&owner, until_ms).into_iter().filter(within).collect();
    page(state, call, &owner, &all)
}

/// Events as they were made: a series once, and of its instances those that are events of their own. With `seriesMasterId` those of
/// one series alone, with `showDeleted` also what was taken away.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    let owner = owner(state, call)?;
    let (window, series) = (window(call)?, call.query("seriesMasterId"));
    let shows_deleted = call.query("showDeleted") == "true";
    let is_of = |event: &Event| {
        series.is_empty() || event.instance_of.as_ref().is_some_and(|instance| instance.series == series)
    };
    let is_listed = |event: &&Event| {
        (shows_deleted || event.is_there())
            && event.response(&owner).is_some()
            && is_of(event)
            && event.takes_place(window)
    };
    let mut all: Vec<Event> = state.events.values().filter(is_listed).cloned().collect();
    all.sort_by_key(|event| event.start_ms);
    page(state, call, &owner, &all)
}
