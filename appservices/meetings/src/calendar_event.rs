//! A meeting as an event of the timeline, as MSC4496 has it under its unstable prefix: for clients that show calendars. Pure.

use calendar::{Conference, ConferenceKind, Event, EventStatus, RecurrenceId, Transparency, Zone};
use jiff::civil::{DateTime, time};
use ruma::ServerName;
use serde_json::{Map, Value, json};

use crate::limits::ENTRY_DESCRIPTION_CHARACTERS_MAX;

/// The type of such an event, and the key of its block.
pub(crate) const TYPE: &str = "org.matrix.msc4496.calendar_event";

/// How the event of one instance relates to that of its series.
pub(crate) const OVERRIDE: &str = "org.matrix.msc4496.calendar_override";

/// The content of an event or a series. `text` is for clients without calendars; `server` knows the room of the call.
pub(crate) fn series(event: &Event, text: &str, server: &ServerName) -> Value {
    let mut block = common(event, server);
    let moment = |local| moment(&event.zone, local, event.all_day);
    (block["start"], block["end"]) = (moment(event.start), moment(event.end));
    block["status"] = json!(word(event.status));
    block["recurrence"] = event.rrule.as_ref().map_or(Value::Null, |rule| {
        let exdates: Vec<String> = event.exdates.iter().map(|id| utc(&event.zone, *id)).collect();
        json!({ "rrule": rule_of(&rule.to_string()), "exdates": exdates })
    });
    content(text, block)
}

/// The content of one instance of a series, as it is now; one that the series has no more is cancelled.
pub(crate) fn instance(event: &Event, id: RecurrenceId, text: &str, server: &ServerName) -> Value {
    let mut block = common(event, server);
    let now = event.occurrence(id);
    let moment = |local| moment(&event.zone, local, event.all_day);
    (block["start"], block["end"]) = (moment(now.start), moment(now.end));
    let change = event.overrides.get(&id);
    let takes_place = change.is_some() && !event.exdates.contains(&id) && !now.is_cancelled;
    let status = change.and_then(|change| change.status).unwrap_or(event.status);
    block["status"] = json!(if takes_place { word(status) } else { word(EventStatus::Cancelled) });
    block["recurrence_id"] = json!(utc(&event.zone, id));
    if let Some(title) = change.and_then(|change| change.title.as_ref()) {
        block["title"] = json!(title);
    }
    if let Some(place) = change.and_then(|change| change.location.as_ref()) {
        block["location"] = physical(place);
    }
    content(text, block)
}

/// The instances that differ from their series in more than answers.
pub(crate) fn changed(event: &Event) -> impl Iterator<Item = RecurrenceId> {
    let differs = event.overrides.iter().filter(|(_, change)| {
        let is_moved = change.start.is_some() || change.end.is_some() || change.status.is_some();
        is_moved || change.title.is_some() || change.location.is_some()
    });
    differs.map(|(id, _)| *id)
}

fn content(text: &str, block: Value) -> Value {
    let mut content = json!({ "m.text": [{ "body": text, "mimetype": "text/plain" }] });
    content[TYPE] = block;
    content
}

/// What an instance has of its series.
fn common(event: &Event, server: &ServerName) -> Value {
    let organizer = event.organizer.as_ref().and_then(|party| party.address.account());
    let description: String = event.description.chars().take(ENTRY_DESCRIPTION_CHARACTERS_MAX).collect();
    let call = event.conference.as_ref().and_then(|conference| call(conference, server));
    // A link that is no call of Matrix is a place.
    let link = event.conference.as_ref().filter(|_| call.is_none());
    let link = link.map(|link| json!({ "type": "virtual", "name": link.url, "uri": link.url }));
    let place = event.location.as_deref().filter(|place| !place.is_empty()).map(physical);
    json!({
        "uid": event.uid,
        "title": event.title,
        "description": description,
        "all_day": event.all_day,
        "transparency": match event.transparency {
            Transparency::Opaque => "opaque",
            Transparency::Transparent => "transparent",
        },
        "organizer": organizer,
        "location": place.or(link),
        "conference": call,
    })
}

fn physical(place: &str) -> Value {
    json!({ "type": "physical", "name": place })
}

/// The call of a room, by our server.
fn call(conference: &Conference, server: &ServerName) -> Option<Value> {
    let is_call = conference.kind == ConferenceKind::ElementCall;
    let room = conference.room_id.as_ref().filter(|_| is_call)?;
    Some(json!({ "type": "m.rtc", "application": "m.call", "room_id": room, "via": [server] }))
}

fn moment(zone: &Zone, local: DateTime, all_day: bool) -> Value {
    match all_day {
        true => json!({ "date": local.date().to_string() }),
        false => {
            json!({ "utc": utc(zone, local), "localtime": local.to_string(), "timezone": zone.as_str() })
        }
    }
}

fn utc(zone: &Zone, local: DateTime) -> String {
    format!("{}Z", Zone::utc().local(zone.at(local).at_ms))
}

const fn word(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Tentative => "tentative",
        EventStatus::Confirmed => "confirmed",
        EventStatus::Cancelled => "cancelled",
    }
}

/// A rule of RFC 5545 as an object: its parts in lower case, lists as lists, numbers as numbers, the end as a day or a local time.
fn rule_of(text: &str) -> Value {
    let mut rule = Map::new();
    for (name, value) in text.split(';').filter_map(|part| part.split_once('=')) {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            "until" => json!(end_of(value)),
            list if list.starts_with("by") => value.split(',').map(number_or_word).collect(),
            _ => number_or_word(value),
        };
        rule.insert(name, value);
    }
    Value::Object(rule)
}

fn number_or_word(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}

fn end_of(until: &str) -> String {
    match DateTime::strptime("%Y%m%dT%H%M%S", until.trim_end_matches('Z')) {
        Ok(end) if end.time() != time(23, 59, 59, 0) => end.to_string(),
        Ok(end) => end.date().to_string(),
        Err(_) => until.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_objects() {
        for (text, expected) in [
            ("FREQ=WEEKLY", json!({ "freq": "WEEKLY" })),
            (
                "FREQ=WEEKLY;INTERVAL=2;COUNT=5;BYDAY=MO,TU",
                json!({ "freq": "WEEKLY", "interval": 2, "count": 5, "byday": ["MO", "TU"] }),
            ),
            (
                "FREQ=MONTHLY;UNTIL=20261231T235959;BYMONTHDAY=-1",
                json!({ "freq": "MONTHLY", "until": "2026-12-31", "bymonthday": [-1] }),
            ),
            ("FREQ=DAILY;UNTIL=20261113T095959", json!({ "freq": "DAILY", "until": "2026-11-13T09:59:59" })),
        ] {
            assert_eq!(rule_of(text), expected, "{text}");
        }
    }
}
