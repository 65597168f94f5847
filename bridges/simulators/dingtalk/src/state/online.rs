//! Events of calendars that take place in a conference: it is scheduled with the event, moved with it, and cancelled with it.

use serde_json::{Value, json};

use super::State;
use super::calendar::Event;
use super::conferences::Scheduled;
use crate::limits::RECORDS_MAX;

/// The one kind of conference that an event can have.
pub(crate) const ONLINE: &str = "dingtalk";

impl State {
    /// Gives an event the conference that it wants, brings the one that it has to its title and times, or takes it away. An instance
    /// stays in the conference of its series. Where there are too many conferences the event has none.
    pub(crate) fn go_online(&mut self, id: &str, app: &str) {
        let Some(event) = self.events.get(id).filter(|event| event.instance_of.is_none()) else { return };
        if !event.fields.get("onlineMeetingInfo").is_some_and(Value::is_object) {
            return self.go_offline(id);
        }
        let title = event.fields.get("summary").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (start_ms, end_ms, creator) = (event.start_ms, event.end_ms, event.owner.clone());
        if let Some(known) = event.conference.as_ref().and_then(|known| self.scheduled.get_mut(known)) {
            (known.title, known.start_ms, known.end_ms) = (title, start_ms, end_ms);
            return;
        }
        if self.scheduled.len() >= RECORDS_MAX {
            return;
        }
        let (conference, room_code) = (self.stage.chance.id("", 32), self.room_code());
        let scheduled = Scheduled {
            id: conference.clone(),
            app: app.to_owned(),
            title,
            creator,
            room_code,
            start_ms,
            end_ms,
            is_cancelled: false,
        };
        self.scheduled.insert(conference.clone(), scheduled);
        if let Some(event) = self.events.get_mut(id) {
            event.conference = Some(conference);
        }
    }

    /// Cancels the conference of an event; that of a series stays when an instance goes.
    pub(super) fn go_offline(&mut self, id: &str) {
        let event = self.events.get_mut(id).filter(|event| event.instance_of.is_none());
        let conference = event.and_then(|event| event.conference.take());
        if let Some(scheduled) = conference.and_then(|conference| self.scheduled.get_mut(&conference)) {
            scheduled.is_cancelled = true;
        }
    }

    /// Where an event takes place, as the API says it.
    pub(super) fn online_info(&self, event: &Event) -> Option<Value> {
        let known = self.scheduled.get(event.conference.as_ref()?)?;
        Some(json!({
            "type": ONLINE, "conferenceId": known.id, "url": self.link_of(&known.room_code),
            "extraInfo": { "roomCode": known.room_code },
        }))
    }

    /// The event that takes place in a scheduled conference.
    pub(super) fn event_of_conference(&self, conference: &str) -> Option<&str> {
        let is_its =
            |event: &&Event| event.instance_of.is_none() && event.conference.as_deref() == Some(conference);
        self.events.values().find(is_its).map(|event| event.id.as_str())
    }
}
