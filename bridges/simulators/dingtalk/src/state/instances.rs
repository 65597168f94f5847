//! Single instances of series. Each has a name of its own in views of a calendar; one that is changed or taken away becomes an event of
//! its own, which takes nothing over from its series any more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use super::calendar::Event;
use super::times::{shown, utc, written};

/// Instances of one series that a calendar shows.
const SHOWN_MAX: usize = 60;
/// Characters of `2027-01-15`.
const DATE_CHARACTERS: usize = 10;
/// How far ahead a calendar shows them, in milliseconds.
const AHEAD_MS: u64 = 2 * 366 * 86_400_000;

/// Which instance of which series an event is.
#[derive(Clone, Debug)]
pub(crate) struct InstanceOf {
    /// The id of the series.
    pub(crate) series: String,
    /// When its rule lets it begin, in milliseconds.
    pub(crate) original_ms: u64,
}

impl Event {
    /// Whether it is there for anybody.
    pub(crate) fn is_there(&self) -> bool {
        !self.is_gone
    }

    /// Whether any of it falls into this time, in milliseconds since the Unix epoch.
    pub(crate) fn takes_place(&self, (from_ms, until_ms): (u64, u64)) -> bool {
        let length_ms = self.end_ms - self.start_ms;
        let starts = match &self.repeats {
            Some(repeats) => repeats.starts(self.start_ms, until_ms),
            None => vec![self.start_ms],
        };
        starts.into_iter().any(|start_ms| start_ms < until_ms && start_ms + length_ms > from_ms)
    }

    /// The instance that the rule lets begin then, as the series has it.
    fn instance(&self, original_ms: u64) -> Self {
        let end_ms = original_ms + (self.end_ms - self.start_ms);
        let mut one = self.clone();
        one.id = format!("{}T{}", self.id, original_ms / 1_000);
        (one.start_ms, one.end_ms, one.repeats) = (original_ms, end_ms, None);
        if let Some(fields) = one.fields.as_object_mut() {
            fields.remove("recurrence");
        }
        let is_all_day = self.fields.get("isAllDay") == Some(&true.into());
        let place = |at_ms: u64| match is_all_day {
            true => json!({ "date": written(at_ms).chars().take(DATE_CHARACTERS).collect::<String>() }),
            false => shown(at_ms),
        };
        (one.fields["start"], one.fields["end"]) = (place(original_ms), place(end_ms));
        one.instance_of = Some(InstanceOf { series: self.id.clone(), original_ms });
        one
    }
}

impl State {
    /// The instances of a series that are events of their own, by when they would be.
    pub(crate) fn touched(&self, series: &str) -> BTreeSet<u64> {
        let instances = self.events.values().filter_map(|event| event.instance_of.as_ref());
        instances.filter(|one| one.series == series).map(|one| one.original_ms).collect()
    }

    /// An event, also an instance that is as its series has it.
    pub(crate) fn event(&self, id: &str) -> Option<Event> {
        self.events.get(id).cloned().or_else(|| self.untouched(id)).filter(Event::is_there)
    }

    fn untouched(&self, id: &str) -> Option<Event> {
        let (series, original) = id.rsplit_once('T')?;
        let original_ms = original.parse::<u64>().ok()?.checked_mul(1_000)?;
        let series = self.events.get(series).filter(|series| series.is_there())?;
        let starts = series.repeats.as_ref()?.starts(series.start_ms, original_ms.saturating_add(1));
        starts.contains(&original_ms).then(|| series.instance(original_ms))
    }

    /// Makes an instance an event of its own, where it is none yet.
    pub(crate) fn touch(&mut self, id: &str) {
        if !self.events.contains_key(id)
            && let Some(instance) = self.untouched(id)
        {
            self.events.insert(id.to_owned(), instance);
        }
    }

    /// What a person has on the calendar before a time, each instance of a series by itself, those that were taken away left out.
    pub(crate) fn view(&self, union: &str, until_ms: u64) -> Vec<Event> {
        let seen = self.events.values().filter(|event| event.is_there() && event.response(union).is_some());
        let mut all: Vec<Event> = seen.flat_map(|event| self.expanded(event, until_ms)).collect();
        all.sort_by_key(|event| event.start_ms);
        all
    }

    fn expanded(&self, event: &Event, until_ms: u64) -> Vec<Event> {
        let Some(repeats) = &event.repeats else { return vec![event.clone()] };
        let touched = self.touched(&event.id);
        let starts = repeats.starts(event.start_ms, until_ms).into_iter();
        starts
            .filter(|start_ms| !touched.contains(start_ms))
            .map(|start_ms| event.instance(start_ms))
            .collect()
    }

    /// Whether something is shown with its series, and not by itself: the series is there and the person sees it.
    pub(crate) fn is_shown_with_series(&self, event: &Event, union: &str) -> bool {
        let Some(instance) = &event.instance_of else { return false };
        let series = self.events.get(&instance.series).filter(|series| series.is_there());
        series.is_some_and(|series| series.response(union).is_some())
    }

    /// When something takes place, as a person sees it.
    pub(crate) fn shown_instances(&self, event: &Event, union: &str) -> Vec<Value> {
        let mut all = self.expanded(event, event.start_ms.saturating_add(AHEAD_MS));
        let is_its = |one: &&Event| {
            one.is_there()
                && one.instance_of.as_ref().is_some_and(|instance| instance.series == event.id)
                && one.response(union).is_some()
        };
        all.extend(self.events.values().filter(is_its).cloned());
        all.sort_by_key(|one| one.start_ms);
        let one = |one: &Event| {
            let text = |name: &str| one.fields.get(name).and_then(Value::as_str).unwrap_or_default();
            let place = one.fields.get("location").and_then(|location| location.get("displayName"));
            json!({
                "id": one.id, "start_ms": one.start_ms, "end_ms": one.end_ms, "title": text("summary"),
                "location": place.and_then(Value::as_str).unwrap_or_default(),
            })
        };
        all.iter().take(SHOWN_MAX).map(one).collect()
    }
}

/// What an instance says of its series.
pub(super) fn origin(instance: &InstanceOf) -> (Value, Value) {
    (instance.series.clone().into(), json!({ "dateTime": utc(instance.original_ms) }))
}
