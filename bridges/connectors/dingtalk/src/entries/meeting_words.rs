//! A meeting in the terms of DingTalk's calendar. Pure.

use bridge_api::{Meeting, words};
use serde_json::{Value, json};

use super::{
    cut, recurrence,
    times::{place_in_time, zone},
};
use crate::limits::{MEETING_TITLE_CHARACTERS_MAX, MEETING_WORDS_CHARACTERS_MAX};

words! {
    REPEATS = "这是一个系列会议，钉钉日历无法表示它的重复规则，这里只有第一次；其余日期见链接。规则：" | "this is a series whose repetition DingTalk's calendar cannot show: here stands the first one, the link has the others. Rule: ";
}

/// Its fields but for the people; nothing for times beyond the calendar.
pub(super) fn fields(meeting: &Meeting) -> Option<Value> {
    let language = meeting.head.language;
    let place = |at_ms| place_in_time(at_ms, &meeting.zone, meeting.is_all_day);
    let terms = |rule: &str| recurrence::in_their_terms(rule, meeting.start_ms, &zone(&meeting.zone));
    let rule = meeting.recurrence.as_deref();
    let recurrence = rule.and_then(terms);
    let hint = rule.filter(|_| recurrence.is_none()).map(|rule| format!("{}{rule}", REPEATS.of(language)));
    let differing = hint.as_ref().and_then(|_| meeting.exceptions_in_words());
    let number = Some(meeting.head.number.clone());
    let parts = [Some(meeting.description.clone()), hint, differing, number, meeting.head.link.clone()];
    let words: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let reminders: Vec<Value> = (meeting.reminders_minutes.iter())
        .map(|minutes| json!({"method": "dingtalk", "minutes": minutes}))
        .collect();
    let mut fields = json!({
        "summary": cut(&meeting.head.title, MEETING_TITLE_CHARACTERS_MAX),
        "description": cut(&words.join("\n"), MEETING_WORDS_CHARACTERS_MAX),
        "start": place(meeting.start_ms)?,
        "end": place(meeting.end_ms)?,
        "isAllDay": meeting.is_all_day,
        "location": {"displayName": meeting.location},
        "reminders": reminders,
    });
    if let Some(recurrence) = recurrence {
        fields["recurrence"] = recurrence;
    }
    Some(fields)
}
