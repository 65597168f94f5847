//! What a schedule shows of a meeting or of a task. Pure.

use std::collections::BTreeSet;

use bridge_api::{EntryHead, Meeting, Todo, words};
use serde_json::{Value, json};

use super::repeats::Repeats;
use crate::{
    lenient::{items, number, text},
    limits::{
        SCHEDULE_DESCRIPTION_CHARACTERS_MAX, SCHEDULE_LINK_CHARACTERS_MAX, SCHEDULE_LOCATION_CHARACTERS_MAX,
        SCHEDULE_TITLE_CHARACTERS_MAX, TODO_SECONDS,
    },
};

words! {
    FIRST_ALONE = "此会议会重复，但企业微信无法表示这种重复，此处只有第一次" | "it repeats in a way that WeCom cannot show: only the first time stands here";
    DUE = "截止：" | "Due: ";
    SAID_IN_CHAT = "完成后请在聊天中确认" | "say in the chat when it is done";
}

/// Seconds before something begins at which the platform can remind of it, its own.
const REMINDERS: [u64; 5] = [0, 300, 900, 3_600, 86_400];

/// Who is named by a schedule, as the platform calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Who invites.
    pub organizer: Option<String>,
    /// Who is invited, in lower case.
    pub attendees: BTreeSet<String>,
}

/// A schedule as it has to stand there.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    title: String,
    description: String,
    location: String,
    start_s: u64,
    end_s: u64,
    is_whole_day: bool,
    people: People,
    reminders: Value,
    is_series: bool,
    /// When all of it is over, in seconds since the Unix epoch.
    pub over_s: u64,
}

impl Sheet {
    /// What a meeting shows. `mark` is the last line of the description, by which the schedule is found again.
    pub fn of_meeting(meeting: &Meeting, people: People, mark: &str) -> Self {
        let (start_s, end_s) = (meeting.start_ms / 1_000, meeting.end_ms.max(meeting.start_ms) / 1_000);
        let rule = meeting.recurrence.as_deref().filter(|rule| !rule.trim().is_empty());
        let repeats = rule.and_then(|rule| Repeats::of(rule, &meeting.zone, start_s, end_s));
        let language = meeting.head.language;
        let first_alone = (rule.is_some() && repeats.is_none()).then(|| FIRST_ALONE.of(language));
        let differing = first_alone.and_then(|_| meeting.exceptions_in_words());
        let words = [differing.as_deref().unwrap_or_default(), &meeting.description];
        let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n");
        let mut reminders = reminders(&meeting.reminders_minutes);
        let said = repeats.as_ref().map_or_else(|| json!({"is_repeat": 0}), Repeats::fields);
        if let (Some(all), Some(said)) = (reminders.as_object_mut(), said.as_object()) {
            all.extend(said.clone());
        }
        Self {
            title: short(&meeting.head.title, SCHEDULE_TITLE_CHARACTERS_MAX),
            description: description(&words, first_alone, &meeting.head, mark),
            location: short(&meeting.location, SCHEDULE_LOCATION_CHARACTERS_MAX),
            start_s,
            // The last second of the last day: its end is the beginning of the next one.
            end_s: if meeting.is_all_day { end_s.saturating_sub(1).max(start_s) } else { end_s },
            is_whole_day: meeting.is_all_day,
            people,
            reminders,
            is_series: repeats.is_some(),
            over_s: repeats.map_or(end_s, |repeats| repeats.until_s.unwrap_or(u64::MAX)),
        }
    }

    /// What a task shows: a while that ends when it is due. Nothing for one that is due at no time.
    pub fn of_todo(todo: &Todo, people: People, mark: &str) -> Option<Self> {
        let due_s = todo.due_ms? / 1_000;
        let language = todo.head.language;
        let title = format!("{}{}", DUE.of(language), todo.head.title);
        Some(Self {
            title: short(&title, SCHEDULE_TITLE_CHARACTERS_MAX),
            description: description(&todo.description, Some(SAID_IN_CHAT.of(language)), &todo.head, mark),
            location: String::new(),
            start_s: due_s.saturating_sub(TODO_SECONDS),
            end_s: due_s,
            is_whole_day: false,
            people,
            // The tasks bot reminds by itself.
            reminders: json!({"is_remind": 0, "is_repeat": 0}),
            is_series: false,
            over_s: due_s,
        })
    }

    /// Whether the platform shows it as a series.
    pub const fn is_series(&self) -> bool {
        self.is_series
    }

    /// Who has to stand there.
    pub const fn attendees(&self) -> &BTreeSet<String> {
        &self.people.attendees
    }

    /// The fields of a new schedule in this calendar.
    pub fn fields(&self, calendar: &str) -> Value {
        let mut fields = self.own();
        fields["cal_id"] = calendar.into();
        fields["attendees"] = self.people.attendees.iter().map(|user| json!({"userid": user})).collect();
        fields
    }

    /// The fields of a schedule that stands there, changed to what it has to be; nothing when nothing has to be changed. The
    /// platform replaces all by what it is given, so what is not ours stays as it was read. Who is invited is changed apart.
    pub fn changed(&self, there: &Value) -> Option<Value> {
        let own = self.own();
        if stands_in(&own, there) {
            return None;
        }
        let mut fields = there.clone();
        merge(&mut fields, &own);
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("attendees");
            fields.remove("status");
        }
        Some(fields)
    }

    fn own(&self) -> Value {
        json!({
            "admins": self.people.organizer.iter().collect::<Vec<_>>(),
            "start_time": self.start_s,
            "end_time": self.end_s,
            "is_whole_day": u8::from(self.is_whole_day),
            "summary": self.title,
            "description": self.description,
            "location": self.location,
            // Who is invited the bot says, and nobody else.
            "allow_active_join": 0,
            "reminders": self.reminders,
        })
    }
}

/// Who is invited to a schedule that stands there, in lower case.
pub fn invited(there: &Value) -> BTreeSet<String> {
    let users = items(there, "attendees").iter().filter_map(|one| text(one, "userid"));
    users.map(|user| user.to_lowercase()).collect()
}

/// Whether a description ends with this mark.
pub fn is_marked(there: &Value, mark: &str) -> bool {
    let description = text(there, "description").unwrap_or_default();
    description.lines().last().is_some_and(|line| line.trim_end().ends_with(mark))
}

/// Whether all of `own` stands in `there`, numbers as texts or not at all for zero.
fn stands_in(own: &Value, there: &Value) -> bool {
    let Some(fields) = own.as_object() else { return false };
    fields.iter().all(|(name, value)| match value {
        Value::Number(_) => number_of(there, name) == value.as_i64(),
        Value::String(said) => text(there, name).unwrap_or_default() == *said,
        Value::Object(_) => there.get(name).is_some_and(|there| stands_in(value, there)),
        Value::Array(list) => {
            let there = items(there, name);
            let same = |(one, other): (&Value, &Value)| match (one.as_str(), other.as_str()) {
                (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                _ => one == other,
            };
            list.len() == there.len() && list.iter().zip(there).all(same)
        }
        _ => there.get(name) == Some(value),
    })
}

fn number_of(there: &Value, name: &str) -> Option<i64> {
    let value = there.get(name).and_then(Value::as_i64);
    value.or_else(|| Some(number(there, name).and_then(|number| i64::try_from(number).ok()).unwrap_or(0)))
}

fn merge(there: &mut Value, own: &Value) {
    let (Some(there), Some(own)) = (there.as_object_mut(), own.as_object()) else { return };
    for (name, value) in own {
        match there.get_mut(name) {
            Some(known) if known.is_object() && value.is_object() => merge(known, value),
            _ => {
                there.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The reminders that the platform knows which come no later than those that are wanted.
fn reminders(minutes: &[u32]) -> Value {
    let known = |minutes: &u32| {
        let wanted = u64::from(*minutes) * 60;
        REMINDERS.into_iter().find(|known| *known >= wanted).unwrap_or(REMINDERS[REMINDERS.len() - 1])
    };
    let before: BTreeSet<u64> = minutes.iter().map(known).collect();
    let Some(first) = before.last() else { return json!({"is_remind": 0}) };
    let differences: Vec<i64> =
        before.iter().rev().filter_map(|before| i64::try_from(*before).ok()).map(|before| -before).collect();
    json!({"is_remind": 1, "remind_before_event_secs": first, "remind_time_diffs": differences})
}

/// What it is about, what has to be known of it, where it is read, and its number with the mark, which are never cut.
fn description(words: &str, more: Option<&str>, head: &EntryHead, mark: &str) -> String {
    let link = head.link.as_deref().filter(|link| link.chars().count() <= SCHEDULE_LINK_CHARACTERS_MAX);
    let last = format!("{} · {mark}", short(&head.number, SCHEDULE_TITLE_CHARACTERS_MAX));
    let rest: Vec<&str> = more.into_iter().chain(link).chain([last.as_str()]).collect();
    let rest = rest.join("\n");
    let room = SCHEDULE_DESCRIPTION_CHARACTERS_MAX.saturating_sub(rest.chars().count() + 1);
    let words = words.trim();
    if words.is_empty() || room == 0 { rest } else { format!("{}\n{rest}", short(words, room)) }
}

fn short(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    text.chars().take(characters_max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
pub(super) mod tests;
