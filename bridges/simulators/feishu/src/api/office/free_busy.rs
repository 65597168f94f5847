//! When people have no time.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Call, list, person, text};
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;

/// The longest time that is told of one person, in milliseconds.
const ONE_MS_MAX: u64 = 90 * 24 * 60 * 60_000;
/// The longest time that is told of many.
const MANY_MS_MAX: u64 = 14 * 24 * 60 * 60_000;
/// People that one request may ask for.
const PEOPLE_MAX: usize = 50;
const PARAMETER: i64 = 190_014;

fn window(call: &Call, most_ms: u64) -> Result<(u64, u64), Refusal> {
    let time = |name: &str| {
        let time: Option<Timestamp> = text(&call.body, name).parse().ok();
        time.and_then(|time| u64::try_from(time.as_millisecond()).ok())
    };
    let wrong = || Refusal::ext(PARAMETER, "time_min, time_max");
    let (from_ms, until_ms) = time("time_min").zip(time("time_max")).ok_or_else(wrong)?;
    if until_ms <= from_ms || until_ms - from_ms > most_ms { Err(wrong()) } else { Ok((from_ms, until_ms)) }
}

fn written(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn times(state: &State, person: &str, from_ms: u64, until_ms: u64) -> Vec<Value> {
    let busy = state.busy(person, from_ms, until_ms).into_iter();
    busy.map(|(start, end, answer)| {
        json!({ "start_time": written(start), "end_time": written(end), "rsvp_status": answer })
    })
    .collect()
}

/// `POST calendar/v4/freebusy/list`.
pub(crate) fn one(state: &mut State, call: &Call) -> Outcome {
    let (from_ms, until_ms) = window(call, ONE_MS_MAX)?;
    let who = person(state, call, call.needed("user_id")?).map_err(|_| Refusal::code(195_100))?;
    Ok(Answer::Data(json!({ "freebusy_list": times(state, &who, from_ms, until_ms) })))
}

/// `POST calendar/v4/freebusy/batch`: who is outside of what the app may see is absent.
pub(crate) fn many(state: &mut State, call: &Call) -> Outcome {
    let (from_ms, until_ms) = window(call, MANY_MS_MAX)?;
    let ids = list(&call.body, "user_ids");
    if ids.is_empty() {
        return Err(Refusal::ext(PARAMETER, "user_ids"));
    }
    if ids.len() > PEOPLE_MAX {
        return Err(Refusal::code(198_001));
    }
    let mut lists = Vec::new();
    for id in ids.iter().filter_map(Value::as_str) {
        let who = person(state, call, id).map_err(|_| Refusal::code(195_100))?;
        if state.people.get(&who).is_some_and(|person| !person.unavailable) {
            let items = times(state, &who, from_ms, until_ms);
            lists.push(json!({ "user_id": id, "freebusy_items": items }));
        }
    }
    Ok(Answer::Data(json!({ "freebusy_lists": lists })))
}
