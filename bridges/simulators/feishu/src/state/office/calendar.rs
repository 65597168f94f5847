//! Calendars: what is in them, who was invited and what they answered, and when people are busy.

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde_json::{Value, json};

use super::calendars::Role;
use super::instances::InstanceOf;
use crate::crypto::derived;
use crate::refusal::Refusal;
use crate::state::State;

/// How often a series is looked at when somebody asks who is busy.
const REPEATS_MAX: usize = 500;

/// Beginning or end of something: a time, or a whole day of its zone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    /// `YYYY-MM-DD` of a whole day.
    pub(crate) date: String,
    pub(crate) zone: String,
}

/// Somebody who was invited, or a room that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Invited {
    pub(crate) attendee_id: String,
    /// The person, or the id of the room.
    pub(crate) person: String,
    pub(crate) is_room: bool,
    pub(crate) is_optional: bool,
    /// `needs_action`, `accept`, `tentative` or `decline`.
    pub(crate) answer: &'static str,
}

/// Something in a calendar of an app, or of a person.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) event_id: String,
    pub(crate) number: u64,
    /// The app or the person whose calendar it is in.
    pub(crate) owner: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) location: String,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    pub(crate) recurrence: String,
    pub(crate) reminders: Value,
    pub(crate) invited: Vec<Invited>,
    pub(crate) is_deleted: bool,
    pub(crate) create_s: i64,
    /// The number of its last change; later ones are greater.
    pub(crate) changed: u64,
    /// Which instance of which series it is, where it is one.
    pub(crate) instance_of: Option<InstanceOf>,
}

/// When a series ends: a moment of UTC, a time of its zone, or a whole day of it; nothing where it does not say.
fn ends(until: &str, zone: &TimeZone) -> Option<u64> {
    let at = match until.strip_suffix('Z') {
        Some(_) => until.parse::<Timestamp>().ok()?,
        None if until.contains('T') => zone.to_timestamp(until.parse::<DateTime>().ok()?).ok()?,
        None => zone.to_timestamp(until.parse::<Date>().ok()?.at(23, 59, 59, 0)).ok()?,
    };
    u64::try_from(at.as_millisecond()).ok()
}

/// The one calendar that an app or a person has.
pub(crate) fn calendar_id(owner: &str) -> String {
    format!("feishu.cn_{}@group.calendar.feishu.cn", derived(&["calendar", owner], 24))
}

impl Moment {
    /// A time, in milliseconds; of a whole day at the end, the end of that day.
    fn ms(&self, is_end: bool) -> u64 {
        let seconds = self.day(is_end).unwrap_or(self.seconds);
        u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)
    }

    fn day(&self, is_end: bool) -> Option<i64> {
        let date: Date = self.date.parse().ok()?;
        let date = if is_end { date.tomorrow().ok()? } else { date };
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        Some(date.to_zoned(zone).ok()?.timestamp().as_second())
    }
}

impl Entry {
    pub(crate) fn start_ms(&self) -> u64 {
        self.start.ms(false)
    }

    pub(crate) fn end_ms(&self) -> u64 {
        self.end.ms(true)
    }

    /// What somebody answered; nothing when they were not invited.
    fn answer(&self, person: &str) -> Option<&'static str> {
        self.invited.iter().find(|invited| invited.person == person).map(|invited| invited.answer)
    }

    /// The times at which it takes place before `until_ms`.
    pub(crate) fn times(&self, until_ms: u64) -> Vec<(u64, u64)> {
        let (start_ms, end_ms) = (self.start_ms(), self.end_ms());
        let part = |name: &str| {
            self.recurrence.split(';').find_map(|part| part.strip_prefix(name)).unwrap_or_default().to_owned()
        };
        let every: i64 = part("INTERVAL=").parse().unwrap_or(1);
        let step = match part("FREQ=").as_str() {
            "DAILY" => Span::new().try_days(every),
            "WEEKLY" => Span::new().try_weeks(every),
            _ => return vec![(start_ms, end_ms)],
        };
        let Ok(step) = step else { return vec![(start_ms, end_ms)] };
        let count = part("COUNT=").parse().unwrap_or(REPEATS_MAX).min(REPEATS_MAX);
        let zone = TimeZone::get(&self.start.zone).unwrap_or(TimeZone::UTC);
        let last_ms = ends(&part("UNTIL="), &zone).unwrap_or(u64::MAX);
        let first = i64::try_from(start_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let mut at = first.map(|first| first.to_zoned(zone));
        let mut times = Vec::new();
        while let Some(now) = at.filter(|_| times.len() < count) {
            let from_ms = u64::try_from(now.timestamp().as_millisecond()).unwrap_or(0);
            if from_ms >= until_ms || from_ms > last_ms {
                break;
            }
            times.push((from_ms, from_ms + (end_ms - start_ms)));
            at = now.checked_add(step).ok();
        }
        times
    }
}

impl State {
    /// Something in the calendar of this id that is still there, to be changed.
    pub(crate) fn entry(&mut self, app: &str, calendar: &str, event: &str) -> Result<&mut Entry, Refusal> {
        self.calendar_as(app, calendar, Role::Writer)?;
        self.touch(event);
        let entry = self.office.entries.get_mut(event).ok_or(Refusal::code(193_001))?;
        match () {
            () if calendar_id(&entry.owner) != calendar => Err(Refusal::code(193_001)),
            () if entry.is_deleted => Err(Refusal::code(193_003)),
            () => Ok(entry),
        }
    }

    /// Times at which somebody is busy: beginning, end, and what they answered.
    pub(crate) fn busy(&self, person: &str, from_ms: u64, until_ms: u64) -> Vec<(u64, u64, &'static str)> {
        let mut busy = Vec::new();
        for entry in self.office.entries.values().filter(|entry| !entry.is_deleted) {
            let answer = if entry.owner == person { Some("accept") } else { entry.answer(person) };
            let Some(answer) = answer.filter(|answer| *answer != "decline") else { continue };
            let times = self.times_of(entry, until_ms).into_iter();
            let within = times.filter(|(start, end)| *start < until_ms && *end > from_ms);
            busy.extend(within.map(|(start, end)| (start, end, answer)));
        }
        busy.sort_unstable();
        busy
    }

    /// A person answers an invitation.
    pub(crate) fn answer_meeting(&mut self, person: &str, event: &str, answer: &str) -> Result<(), Refusal> {
        self.touch(event);
        let entry = self.office.entries.get_mut(event).filter(|entry| !entry.is_deleted);
        let invited = &mut entry.ok_or(Refusal::code(193_001))?.invited;
        let own = invited.iter_mut().find(|invited| invited.person == person && !invited.is_room);
        own.ok_or(Refusal::code(193_002))?.answer = match answer {
            "accepted" => "accept",
            "tentative" => "tentative",
            "declined" => "decline",
            _ => return Err(Refusal::code(190_014)),
        };
        self.note_change(event);
        Ok(())
    }

    /// Puts something into the calendar of a person, or into a shared one.
    pub(crate) fn book(&mut self, owner: &str, title: &str, start_ms: u64, end_ms: u64) -> String {
        let moment = |ms: u64| Moment {
            seconds: i64::try_from(ms / 1_000).unwrap_or(0),
            date: String::new(),
            zone: "Asia/Shanghai".to_owned(),
        };
        let entry = Entry {
            event_id: format!("{}_0", self.stage.chance.id("", 32)),
            number: self.stage.number(),
            owner: owner.to_owned(),
            summary: title.to_owned(),
            description: String::new(),
            location: String::new(),
            start: moment(start_ms),
            end: moment(end_ms),
            recurrence: String::new(),
            reminders: json!([]),
            invited: Vec::new(),
            is_deleted: false,
            create_s: i64::try_from(self.stage.now_ms() / 1_000).unwrap_or(0),
            changed: self.stage.number(),
            instance_of: None,
        };
        let event_id = entry.event_id.clone();
        self.office.entries.insert(event_id.clone(), entry);
        event_id
    }

    /// What a person sees in their calendar.
    pub(crate) fn meetings(&self, person: &str) -> Value {
        let sees = |entry: &Entry| entry.owner == person || entry.answer(person).is_some();
        let is_shown =
            |entry: &&Entry| !entry.is_deleted && sees(entry) && !self.is_shown_with_series(entry, sees);
        let mut entries: Vec<&Entry> = self.office.entries.values().filter(is_shown).collect();
        entries.sort_by_key(|entry| entry.number);
        let shown = entries.into_iter().map(|entry| {
            let people = entry.invited.iter().filter(|invited| !invited.is_room);
            let attendees = people.map(|invited| {
                let answer = match invited.answer {
                    "accept" => "accepted",
                    "decline" => "declined",
                    "tentative" => "tentative",
                    _ => "none",
                };
                json!({ "person": invited.person, "answer": answer })
            });
            let recurrence = Some(&entry.recurrence).filter(|rule| !rule.is_empty());
            json!({
                "id": entry.event_id, "title": entry.summary, "start_ms": entry.start_ms(),
                "end_ms": entry.end_ms(), "location": entry.location, "recurrence": recurrence,
                "organizer": entry.owner, "attendees": attendees.collect::<Vec<_>>(),
                "instances": self.shown_instances(entry, sees),
            })
        });
        json!({ "meetings": shown.collect::<Vec<_>>() })
    }
}
