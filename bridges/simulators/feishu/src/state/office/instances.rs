//! Single instances of series. Each is called by its series and by when it would be; one that is changed or taken away becomes an
//! entry of its own, takes nothing over from its series any more, and outlives it.

use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::calendar::{Entry, Moment, calendar_id};
use super::calendars::Role;
use crate::refusal::Refusal;
use crate::state::State;

/// Instances of one series that a calendar shows.
const SHOWN_MAX: usize = 60;
/// How far ahead a calendar shows them, in milliseconds.
const AHEAD_MS: u64 = 2 * 366 * 86_400_000;

/// Which instance of which series an entry is.
#[derive(Clone, Debug)]
pub(crate) struct InstanceOf {
    /// The id of the series.
    pub(crate) series: String,
    /// When the rule lets it begin, in milliseconds.
    pub(crate) original_ms: u64,
}

/// The part of an id that an event and its instances share, and when an instance would be, in seconds.
fn parts(event: &str) -> Option<(&str, i64)> {
    let (uid, original) = event.rsplit_once('_')?;
    Some((uid, original.parse().ok()?))
}

impl Moment {
    /// The same so much later.
    fn later(&self, ms: u64) -> Self {
        let seconds = i64::try_from(ms / 1_000).unwrap_or(0);
        let days = jiff::Span::new().days(seconds / 86_400);
        let date = self.date.parse::<Date>().ok().and_then(|date| date.checked_add(days).ok());
        Self {
            seconds: if self.date.is_empty() { self.seconds.saturating_add(seconds) } else { 0 },
            date: date.map(|date| date.to_string()).unwrap_or_default(),
            zone: self.zone.clone(),
        }
    }
}

impl Entry {
    /// What the instance is called that the rule lets begin then: of whole days by their beginning in UTC.
    fn instance_id(&self, original_ms: u64) -> String {
        let uid = parts(&self.event_id).map_or(self.event_id.as_str(), |(uid, _)| uid);
        let day = self.start.later(original_ms.saturating_sub(self.start_ms())).date.parse::<Date>();
        let midnight = day.ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        let seconds = midnight.map(|midnight| midnight.timestamp().as_second());
        format!("{uid}_{}", seconds.unwrap_or(i64::try_from(original_ms / 1_000).unwrap_or(0)))
    }

    /// The instance that the rule lets begin then, as the series has it.
    fn instance(&self, original_ms: u64) -> Self {
        let later_ms = original_ms.saturating_sub(self.start_ms());
        Self {
            event_id: self.instance_id(original_ms),
            start: self.start.later(later_ms),
            end: self.end.later(later_ms),
            recurrence: String::new(),
            instance_of: Some(InstanceOf { series: self.event_id.clone(), original_ms }),
            ..self.clone()
        }
    }
}

impl State {
    /// An instance that is as its series has it, by its id; nothing where there is none.
    fn untouched(&self, event: &str) -> Option<Entry> {
        let (uid, original) = parts(event).filter(|(_, original)| *original > 0)?;
        let series = self.office.entries.get(&format!("{uid}_0"))?;
        let until_ms = u64::try_from(original).ok()?.saturating_mul(1_000).saturating_add(2 * 86_400_000);
        if series.is_deleted || series.recurrence.is_empty() {
            return None;
        }
        let mut times = series.times(until_ms).into_iter();
        let (original_ms, _) = times.find(|(start_ms, _)| series.instance_id(*start_ms) == event)?;
        Some(series.instance(original_ms))
    }

    /// Makes an instance an entry of its own, where it is none yet.
    pub(crate) fn touch(&mut self, event: &str) {
        if !self.office.entries.contains_key(event)
            && let Some(instance) = self.untouched(event)
        {
            self.office.entries.insert(event.to_owned(), instance);
        }
    }

    /// Something in the calendar of this id, also an instance that is as its series has it.
    pub(crate) fn seen_entry(&self, app: &str, calendar: &str, event: &str) -> Result<Entry, Refusal> {
        self.calendar_as(app, calendar, Role::Reader)?;
        let known = self.office.entries.get(event).cloned().or_else(|| self.untouched(event));
        let entry = known.ok_or(Refusal::code(193_001))?;
        match () {
            () if calendar_id(&entry.owner) != calendar => Err(Refusal::code(193_001)),
            () if entry.is_deleted => Err(Refusal::code(193_003)),
            () => Ok(entry),
        }
    }

    /// When something takes place by its rule before `until_ms`, without the instances that are entries of their own.
    pub(crate) fn times_of(&self, entry: &Entry, until_ms: u64) -> Vec<(u64, u64)> {
        let mut times = entry.times(until_ms);
        if !entry.recurrence.is_empty() {
            times.retain(|(start_ms, _)| !self.office.entries.contains_key(&entry.instance_id(*start_ms)));
        }
        times
    }

    /// All instances of a series that begin before `until_ms`, those among them that are entries of their own.
    pub(crate) fn instances(&self, series: &Entry, until_ms: u64) -> Vec<Entry> {
        let times = self.times_of(series, until_ms).into_iter();
        let mut all: Vec<Entry> = times.map(|(start_ms, _)| series.instance(start_ms)).collect();
        let is_own = |one: &&Entry| {
            one.instance_of.as_ref().is_some_and(|instance| instance.series == series.event_id)
                && one.start_ms() < until_ms
        };
        all.extend(self.office.entries.values().filter(is_own).cloned());
        all.sort_by_key(Entry::start_ms);
        all
    }

    /// Whether something is shown with its series, and not by itself: the series is there and the person sees it.
    pub(crate) fn is_shown_with_series(&self, entry: &Entry, sees: impl Fn(&Entry) -> bool) -> bool {
        let Some(instance) = &entry.instance_of else { return false };
        self.office.entries.get(&instance.series).is_some_and(|series| !series.is_deleted && sees(series))
    }

    /// When something takes place, as a person sees it.
    pub(crate) fn shown_instances(&self, entry: &Entry, sees: impl Fn(&Entry) -> bool) -> Vec<Value> {
        let all = match entry.recurrence.is_empty() {
            true => vec![entry.clone()],
            false => self.instances(entry, entry.start_ms().saturating_add(AHEAD_MS)),
        };
        let seen = all.into_iter().filter(|one| !one.is_deleted && sees(one)).take(SHOWN_MAX);
        seen.map(|one| {
            let original_ms = one.instance_of.as_ref().map(|instance| instance.original_ms);
            json!({
                "id": one.event_id, "start_ms": one.start_ms(), "end_ms": one.end_ms(), "title": one.summary,
                "location": one.location, "original_ms": original_ms,
            })
        })
        .collect()
    }
}
