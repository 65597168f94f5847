//! Meetings in the platform's words. Pure functions.

use std::collections::BTreeMap;

use bridge_api::Meeting;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{cut, open_id, words};
use crate::limits::{DESCRIPTION_CHARACTERS_MAX, REMINDER_MINUTES_MAX, TITLE_CHARACTERS_MAX};

/// A meeting as the platform shows it, to tell what has to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Everything but people, by the platform's names.
    pub fields: Map<String, Value>,
    /// Who is invited, and whether it works without them.
    pub invited: BTreeMap<String, bool>,
}

/// Fields that change together or not at all.
const TIMES: [&str; 2] = ["start_time", "end_time"];

/// How a meeting is to be shown.
pub fn shown(meeting: &Meeting) -> Shown {
    let (start, end) = times(meeting);
    let reminders = meeting.reminders_minutes.iter().map(|minutes| (*minutes).min(REMINDER_MINUTES_MAX));
    let reminders: Vec<Value> = reminders.map(|minutes| json!({ "minutes": minutes })).collect();
    let fields = [
        ("summary", json!(cut(&meeting.head.title, TITLE_CHARACTERS_MAX))),
        ("description", json!(description(meeting))),
        ("start_time", start),
        ("end_time", end),
        ("location", json!({ "name": cut(&meeting.location, TITLE_CHARACTERS_MAX) })),
        ("recurrence", json!(meeting.recurrence.clone().unwrap_or_default())),
        ("reminders", json!(reminders)),
    ];
    let invited = meeting
        .attendees
        .iter()
        .filter_map(|one| Some((open_id(&one.person)?.as_str().to_owned(), one.is_optional)));
    Shown {
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        invited: invited.collect(),
    }
}

/// What it is about, and below it what the platform has no field for. The platform reads some HTML here.
fn description(meeting: &Meeting) -> String {
    let language = meeting.head.language;
    let mut lines: Vec<String> = Vec::new();
    lines.extend(Some(meeting.description.clone()).filter(|words| !words.trim().is_empty()));
    lines.push(words::line(language, words::NUMBER, &meeting.head.number));
    lines.extend(meeting.head.link.as_ref().map(|link| words::line(language, words::READ_AT, link)));
    let text = cut(&lines.join("\n"), DESCRIPTION_CHARACTERS_MAX);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Beginning and end: seconds, or days of the zone of which both are meant.
fn times(meeting: &Meeting) -> (Value, Value) {
    let zone = TimeZone::get(&meeting.zone).unwrap_or(TimeZone::UTC);
    let name = zone.iana_name().unwrap_or("UTC").to_owned();
    if meeting.is_all_day {
        // Its end is the end of the last day.
        let last = meeting.end_ms.saturating_sub(1).max(meeting.start_ms);
        let day = |ms: u64| day(ms, &meeting.zone);
        return (json!({ "date": day(meeting.start_ms) }), json!({ "date": day(last) }));
    }
    let time = |ms: u64| json!({ "timestamp": (ms / 1_000).to_string(), "timezone": name });
    (time(meeting.start_ms), time(meeting.end_ms))
}

/// The day of a zone on which a time is.
pub fn day(ms: u64, zone: &str) -> String {
    moment(ms).to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date().to_string()
}

/// A time; the last one that there is for one beyond.
pub fn moment(ms: u64) -> Timestamp {
    i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

/// The request that makes a meeting. Nobody is invited by it.
pub fn creation(shown: &Shown) -> Value {
    let mut body = shown.fields.clone();
    for (name, value) in [
        ("need_notification", json!(true)),
        ("visibility", json!("default")),
        ("attendee_ability", json!("can_see_others")),
        ("free_busy_status", json!("busy")),
        // The address of a call stands in the words of the meeting, where it has one.
        ("vchat", json!({ "vc_type": "no_meeting" })),
    ] {
        body.insert(name.to_owned(), value);
    }
    Value::Object(body)
}

/// What has to be changed of everything but people; nothing when it is as it should be.
pub fn change(before: &Shown, wanted: &Shown) -> Option<Value> {
    let differs = |name: &str| before.fields.get(name) != wanted.fields.get(name);
    let moved = TIMES.iter().any(|name| differs(name));
    let goes = |name: &str| differs(name) || moved && TIMES.contains(&name);
    let fields = wanted.fields.iter().filter(|(name, _)| goes(name));
    let fields: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// The request that invites people.
pub fn invitation<'a>(people: impl Iterator<Item = (&'a String, &'a bool)>) -> Option<Value> {
    let attendees: Vec<Value> = people
        .map(|(id, is_optional)| json!({ "type": "user", "user_id": id, "is_optional": is_optional }))
        .collect();
    (!attendees.is_empty()).then(|| json!({ "attendees": attendees, "need_notification": true }))
}

#[cfg(test)]
mod tests {
    use bridge_api::{EntryHead, EntryKey, Language};

    use super::*;

    fn meeting(start_ms: u64, end_ms: u64, is_all_day: bool) -> Meeting {
        Meeting {
            head: EntryHead {
                key: EntryKey::new("m/1").expect("a key"),
                revision: 1,
                number: "M-1".into(),
                title: "Review".into(),
                link: Some("https://chat.example.org/?a=1&b=2".into()),
                language: Language::En,
                begun_ms: 0,
                changed_ms: 0,
            },
            description: "<b>x</b>".into(),
            location: "3F".into(),
            organizer: None,
            attendees: Vec::new(),
            start_ms,
            end_ms,
            zone: "Asia/Shanghai".into(),
            is_all_day,
            recurrence: None,
            last_ms: None,
            exceptions: Vec::new(),
            reminders_minutes: vec![15],
            is_canceled: false,
        }
    }

    #[test]
    fn whole_days_are_those_of_the_zone_and_the_last_one_counts() {
        // 2026-11-05 and 2026-11-06 in Shanghai.
        let shown = shown(&meeting(1_793_808_000_000, 1_793_980_800_000, true));
        assert_eq!(shown.fields["start_time"], json!({ "date": "2026-11-05" }));
        assert_eq!(shown.fields["end_time"], json!({ "date": "2026-11-06" }));
    }

    #[test]
    fn times_change_together_and_words_are_no_markup() {
        let before = shown(&meeting(1_000_000, 2_000_000, false));
        assert_eq!(change(&before, &before), None);
        let after = shown(&meeting(1_000_000, 3_000_000, false));
        let changed = change(&before, &after).expect("a change");
        let names: Vec<_> = changed.as_object().expect("fields").keys().map(String::as_str).collect();
        assert_eq!(names, ["end_time", "start_time"]);
        let words = before.fields["description"].as_str().expect("words");
        assert_eq!(
            words,
            "&lt;b&gt;x&lt;/b&gt;\nNumber: M-1\nRead it at: https://chat.example.org/?a=1&amp;b=2"
        );
    }
}
