//! When people have no time.

use bridge_api::{Busy, Failure, FailureKind, PersonId, limits::BUSY_PEOPLE_MAX};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{meetings_written::moment, open_id};
use crate::{
    Feishu,
    client::{Call, CallError, codes::named},
    events::text,
};

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    freebusy_lists: Vec<Lists>,
}

#[derive(Deserialize)]
struct Lists {
    user_id: String,
    #[serde(default)]
    freebusy_items: Vec<Value>,
}

/// One item for each of the people; nothing is known of whom the platform does not speak.
pub async fn busy(
    feishu: &Feishu,
    people: &[PersonId],
    from_ms: u64,
    until_ms: u64,
) -> Result<Vec<Busy>, Failure> {
    let known: Vec<&PersonId> =
        people.iter().filter(|person| open_id(person).is_some()).take(BUSY_PEOPLE_MAX).collect();
    let lists = match asked(feishu, &known, from_ms, until_ms).await {
        // One of them is gone: the others are asked one by one.
        Err(error) if error.is_one_of(&named::PERSON_GONE) => {
            let mut lists = Vec::new();
            for person in &known {
                match asked(feishu, &[*person], from_ms, until_ms).await {
                    Err(error) if error.is_one_of(&named::PERSON_GONE) => {}
                    outcome => lists.extend(outcome?),
                }
            }
            lists
        }
        outcome => outcome?,
    };
    let garbled = || Failure::new(FailureKind::Garbled("a time of another form".to_owned()));
    people
        .iter()
        .map(|person| {
            let own = lists.iter().find(|list| list.user_id == person.as_str());
            let times = own.map(|list| list.freebusy_items.iter().map(|item| time(item).ok_or_else(garbled)));
            let times = times.map(Iterator::collect::<Result<Vec<_>, _>>).transpose()?;
            Ok(Busy { person: person.clone(), times })
        })
        .collect()
}

async fn asked(
    feishu: &Feishu,
    people: &[&PersonId],
    from_ms: u64,
    until_ms: u64,
) -> Result<Vec<Lists>, CallError> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = people.iter().map(|person| person.as_str()).collect();
    let body = json!({
        "time_min": moment(from_ms).to_string(), "time_max": moment(until_ms).to_string(), "user_ids": ids,
        "only_busy": true, "need_rsvp_status": true,
    });
    let call = Call::post(&["calendar", "v4", "freebusy", "batch"], &body).with("user_id_type", "open_id");
    Ok(feishu.client.data::<Answer>(call).await?.freebusy_lists)
}

/// Beginning and end, and whether it is only tentative: also an invitation that is not answered is.
fn time(item: &Value) -> Option<(u64, u64, bool)> {
    let ms = |name: &str| {
        let time: Timestamp = text(item, name).parse().ok()?;
        u64::try_from(time.as_millisecond()).ok()
    };
    let is_tentative = matches!(text(item, "rsvp_status"), "tentative" | "needs_action");
    Some((ms("start_time")?, ms("end_time")?, is_tentative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_whatever_zone_the_platform_writes_them() {
        let item = |status: &str| json!({ "start_time": "2026-11-05T09:00:00+08:00", "end_time": "2026-11-05T02:00:00Z", "rsvp_status": status });
        let (start_ms, end_ms) = (1_793_840_400_000, 1_793_844_000_000);
        for (status, is_tentative) in
            [("accept", false), ("tentative", true), ("needs_action", true), ("", false)]
        {
            assert_eq!(time(&item(status)), Some((start_ms, end_ms, is_tentative)), "{status}");
        }
        assert_eq!(time(&json!({ "start_time": "soon" })), None);
    }
}
