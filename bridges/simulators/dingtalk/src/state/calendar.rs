//! Calendars of people: events, who is invited, who is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use super::instances::{InstanceOf, origin};
use super::times::{Repeats, shown, written};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// Events that one person may have made in a day.
const EVENTS_A_DAY: u32 = 100;
const DAY_MS: u64 = 86_400_000;

/// An event on the calendar of its organiser. People are unionIds.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) owner: String,
    /// What was said of it, as it was said.
    pub(crate) fields: Value,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) repeats: Option<Repeats>,
    pub(crate) guests: Vec<Guest>,
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
    /// Which instance of which series it is, where it is one.
    pub(crate) instance_of: Option<InstanceOf>,
    /// The scheduled conference in which it takes place, where it wants one.
    pub(crate) conference: Option<String>,
    /// Whether it was taken away; it is remembered for lists that show what is gone.
    pub(crate) is_gone: bool,
}

/// Somebody who is invited.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) union: String,
    pub(crate) is_optional: bool,
    /// `needsAction`, `accepted`, `tentative` or `declined`.
    pub(crate) response: String,
}

impl Event {
    /// What somebody answered; the organiser comes.
    pub(crate) fn response(&self, union: &str) -> Option<&str> {
        if self.owner == union {
            return Some("accepted");
        }
        self.guests.iter().find(|guest| guest.union == union).map(|guest| guest.response.as_str())
    }

    /// When somebody has no time for it, but for instances that are events of their own: beginning, end, status.
    pub(crate) fn taken(
        &self,
        union: &str,
        (from_ms, until_ms): (u64, u64),
        touched: &BTreeSet<u64>,
    ) -> Vec<Value> {
        if !self.is_there() {
            return Vec::new();
        }
        let status = match self.response(union) {
            Some("accepted") => "BUSY",
            Some("tentative" | "needsAction") => "TENTATIVE",
            _ => return Vec::new(),
        };
        let length_ms = self.end_ms - self.start_ms;
        let mut starts = match &self.repeats {
            Some(repeats) => repeats.starts(self.start_ms, until_ms),
            None => vec![self.start_ms],
        };
        starts.retain(|start_ms| self.repeats.is_none() || !touched.contains(start_ms));
        let overlaps = |at_ms: &u64| *at_ms < until_ms && at_ms + length_ms > from_ms;
        let item =
            |at_ms: u64| json!({ "status": status, "start": shown(at_ms), "end": shown(at_ms + length_ms) });
        starts.into_iter().filter(overlaps).map(item).collect()
    }
}

impl State {
    /// Puts an event on a calendar.
    pub(crate) fn add_event(&mut self, mut event: Event) -> Result<String, Refusal> {
        if self.stage.count(&event.owner, "events", &[(DAY_MS, EVENTS_A_DAY)]).is_err() {
            return Err(Refusal::bad("flowLimit"));
        }
        if self.events.len() >= RECORDS_MAX {
            return Err(Refusal::new(500, "systemError", "there are too many events"));
        }
        let (id, now) = (self.stage.chance.id("", 24), self.stage.now_ms());
        (event.id, event.created_ms, event.updated_ms) = (id.clone(), now, now);
        self.events.insert(id.clone(), event);
        self.tell_of_event(&id, "create");
        Ok(id)
    }

    /// Changes an event and tells of it.
    pub(crate) fn change_event(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Event) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        self.touch(id);
        let event = self.events.get_mut(id).filter(|event| event.is_there()).ok_or_else(not_found)?;
        change(event)?;
        event.updated_ms = now;
        self.tell_of_event(id, "update");
        Ok(())
    }

    /// Takes an event off all calendars.
    pub(crate) fn remove_event(&mut self, id: &str) {
        let now = self.stage.now_ms();
        self.touch(id);
        if let Some(event) = self.events.get_mut(id) {
            event.updated_ms = now;
        }
        self.tell_of_event(id, "delete");
        // An instance has to be remembered, or its series would have it again.
        if let Some(event) = self.events.get_mut(id) {
            event.is_gone = true;
        }
        self.go_offline(id);
    }

    /// Somebody answers an invitation.
    pub(crate) fn respond(&mut self, id: &str, union: &str, response: &str) -> Result<(), Refusal> {
        self.change_event(id, |event| {
            let guest = event.guests.iter_mut().find(|guest| guest.union == union).ok_or_else(not_found)?;
            guest.response = response.to_owned();
            Ok(())
        })
    }

    /// Tells every app of an event; it says ids alone.
    fn tell_of_event(&mut self, id: &str, kind: &str) {
        let Some(event) = self.events.get(id) else { return };
        let mut people = vec![event.owner.clone()];
        people.extend(event.guests.iter().map(|guest| guest.union.clone()));
        let data = json!({
            "calendarEventId": id, "legacyCalendarEventId": format!("legacy-{id}"), "calendarId": "primary",
            "calendarEventUpdateTime": event.updated_ms, "unionIdList": people, "changeType": kind,
            "operator": { "type": "user" },
        });
        self.emit_to_all("calendar_event_change", &data);
    }

    /// An event as the API shows it to one of its people.
    pub(crate) fn event_for(&self, event: &Event, union: &str) -> Value {
        let name = |union: &str| self.person_of_union(union).map_or("", |person| person.name.as_str());
        let organiser = json!({
            "id": event.owner, "displayName": name(&event.owner), "responseStatus": "accepted",
            "self": event.owner == union,
        });
        let guest = |guest: &Guest| {
            json!({
                "id": guest.union, "displayName": name(&guest.union), "responseStatus": guest.response,
                "self": guest.union == union, "isOptional": guest.is_optional,
            })
        };
        let mut attendees = vec![organiser.clone()];
        attendees.extend(event.guests.iter().map(guest));
        let mut value = event.fields.clone();
        value["id"] = event.id.clone().into();
        value["organizer"] = organiser;
        value["attendees"] = attendees.into();
        value["status"] = if event.is_there() { "confirmed" } else { "cancelled" }.into();
        if let Some(online) = self.online_info(event) {
            value["onlineMeetingInfo"] = online;
        }
        if let Some(instance) = &event.instance_of {
            (value["seriesMasterId"], value["originStart"]) = origin(instance);
        }
        value["createTime"] = written(event.created_ms).into();
        // To the millisecond, because events name it so.
        let millisecond = event.updated_ms % 1_000;
        value["updateTime"] = written(event.updated_ms).replace('+', &format!(".{millisecond:03}+")).into();
        value
    }
}

/// There is no such event on this calendar.
pub(crate) fn not_found() -> Refusal {
    Refusal::new(404, "itemNotFound", "item not found")
}
