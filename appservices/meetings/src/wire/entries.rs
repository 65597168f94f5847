//! Meetings in the calendars of other platforms, and what is answered there: it counts as a reaction here does, with the
//! platform's call as the proof.

use calendar::{
    Address, Attendee, Event, EventStatus, Override, Partstat, RecurrenceId, Role, limits::INSTANCES_MAX,
};
use cases::Case;
use kit::{Heard, Letter, To, message};
use office::{EntryElsewhere, Press, press_of, put_entry_elsewhere};
use serde_json::{Value, json};
use store::Batch;

use super::{Change, LOCALPART, Meetings};
use crate::{
    MeetingsError,
    act::Action,
    desk::Actor,
    limits::{
        ENTRY_DESCRIPTION_CHARACTERS_MAX, ENTRY_EXCEPTION_CHARACTERS_MAX, ENTRY_EXCEPTIONS_MAX,
        ENTRY_PEOPLE_MAX,
    },
    meeting::{Meeting, state},
};

/// Begins the key of a meeting's entry; the meeting follows, and behind it whose card it is, where it is one.
pub(super) const ENTRY_KEY: &str = "mt/";

impl Meetings {
    /// Puts a meeting that has its time, or none any more, where its people are on other platforms; what they see of it must have
    /// changed.
    pub(super) async fn put_entry(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        at_ms: u64,
    ) -> Result<(), MeetingsError> {
        if self.kit().bridge().is_none() {
            return Ok(());
        }
        let entry_of = |case: &Case<Meeting>| {
            let is_shown = !matches!(case.state.as_str(), state::FINDING | state::CANCELLED);
            is_shown.then(|| self.entry(case))
        };
        let old = before.and_then(entry_of);
        let mut content = match entry_of(after) {
            Some(new) if old.as_ref() != Some(&new) => new,
            None if old.is_some() => self.entry(after),
            Some(_) | None => return Ok(()),
        };
        let lang = self.reader_of_home(&after.data).await?.lang;
        content["changed_ms"] = json!(at_ms);
        let key = format!("{ENTRY_KEY}{}", after.id);
        let entry = EntryElsewhere { key: &key, rev: after.rev, kind: "meeting", lang, content };
        Ok(put_entry_elsewhere(self.kit(), batch, LOCALPART, entry).await?)
    }

    /// A meeting as its entry shows it, but for when it changed.
    fn entry(&self, case: &Case<Meeting>) -> Value {
        let event = &case.data.event;
        let url = event.conference.as_ref().map(|conference| conference.url.as_str());
        let made = case.data.own_room().and_then(|own| own.id.as_ref());
        let room = made.or(case.data.home.room.as_ref().filter(|_| !case.data.home.is_direct));
        let room = room.map(|room| room.matrix_to_uri().to_string());
        let own: String = event.description.chars().take(ENTRY_DESCRIPTION_CHARACTERS_MAX).collect();
        let description = [own.as_str(), url.unwrap_or_default()];
        let description: Vec<&str> = description.into_iter().filter(|text| !text.is_empty()).collect();
        let starts = starts(event);
        let attendees: Vec<Value> =
            case.data.people().filter_map(|one| self.invited(one)).take(ENTRY_PEOPLE_MAX).collect();
        json!({
            "number": case.no,
            "title": event.title,
            "link": url.filter(|url| url.starts_with("https://")).map(str::to_owned).or(room),
            "begun_ms": case.created_ms,
            "description": description.join("\n"),
            "location": event.location.as_deref().unwrap_or_default(),
            "organizer": case.data.organizer(),
            "attendees": attendees,
            "start_ms": event.zone.at(event.start).at_ms,
            "end_ms": event.zone.at(event.end).at_ms,
            "zone": event.zone.as_str(),
            "is_all_day": event.all_day,
            "recurrence": event.rrule.as_ref().map(ToString::to_string),
            "last_ms": starts.last().map(|last| event.zone.at(*last).at_ms),
            "exceptions": exceptions(event, &starts),
            "reminders_minutes": event.reminders,
            "is_canceled": case.state == state::CANCELLED,
        })
    }

    /// Somebody of this server who is asked; others have no account on a platform of ours.
    fn invited(&self, one: &Attendee) -> Option<Value> {
        let Address::Matrix(account) = &one.address else { return None };
        let answer = match one.partstat {
            Partstat::Accepted => Some("accepted"),
            Partstat::Tentative => Some("tentative"),
            Partstat::Declined => Some("declined"),
            Partstat::NeedsAction | Partstat::Delegated => None,
        };
        let is_here = account.server_name() == self.kit().server_name();
        let is_optional = one.role == Role::Optional;
        is_here.then(|| json!({ "account": account, "is_optional": is_optional, "answer": answer }))
    }

    /// Something may have been answered on another platform.
    pub(super) async fn pressed_elsewhere(
        &self,
        heard: &Heard,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some(press) = press_of(self.kit(), LOCALPART, heard).await? else { return Ok(()) };
        let Some(id) = press.key.strip_prefix(ENTRY_KEY) else { return Ok(()) };
        let id = id.split_once('/').map_or(id, |(id, _)| id);
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let event = &case.data.event;
        let instance = press.instance_ms.map(|at_ms| instance_at(event, at_ms));
        // An answer to an instance that there is not any more is one to nothing.
        if instance == Some(None) {
            return Ok(());
        }
        let instance = instance.flatten();
        let partstat = match press.action.as_str() {
            "accept" => Partstat::Accepted,
            "tentative" => Partstat::Tentative,
            "decline" => Partstat::Declined,
            _ => return Ok(()),
        };
        let scene = self.scene_of(&case, heard.received_ms).await?;
        let by = press.actor(&scene.chart);
        let actor = Actor { address: Some(press.account.clone().into()), via: by.via, source: by.source };
        let mut change = Change::of(case);
        let action = Action::Answer { partstat, instance, stamp: None };
        match scene.act(&mut change, &action, &actor) {
            Ok(()) => self.carry_out(batch, change, &scene, heard.event_id.as_str()).await,
            Err(refusal) => {
                let reader = self.reader(&press.account).await?;
                self.tell_presser(batch, heard, press, &self.words_of(reader.lang, &refusal));
                Ok(())
            }
        }
    }

    /// Why an answer that was given elsewhere does not count, in the chat of who gave it. Whoever has none here sees the meeting
    /// there as it is.
    fn tell_presser(&self, batch: &mut Batch, heard: &Heard, press: Press, text: &str) {
        if self.is_beyond(&press.account) {
            return;
        }
        let content = message(text, std::slice::from_ref(&press.account));
        let key = format!("mp/{}", heard.event_id);
        self.kit().outbox().put(batch, Letter::message(key, LOCALPART, To::Direct(press.account), content));
    }
}

/// When the rule lets the instances of a series begin; none for what does not repeat.
fn starts(event: &Event) -> Vec<RecurrenceId> {
    let starts = event.rrule.as_ref().map(|rule| rule.starts(event.start, INSTANCES_MAX));
    starts.and_then(Result::ok).unwrap_or_default()
}

/// The instance that the rule lets begin then, unless it alone is cancelled. Of a series that is cancelled all are found: who
/// answers hears that it is over.
fn instance_at(event: &Event, at_ms: u64) -> Option<RecurrenceId> {
    let id = starts(event).into_iter().find(|id| event.zone.at(*id).at_ms == at_ms)?;
    let status = event.overrides.get(&id).and_then(|change| change.status);
    let takes_place = !event.exdates.contains(&id) && status != Some(EventStatus::Cancelled);
    takes_place.then_some(id)
}

/// The instances that do not take place, or otherwise than the rule has them; what people answered to them changes nothing.
fn exceptions(event: &Event, starts: &[RecurrenceId]) -> Vec<Value> {
    let one = |id: &RecurrenceId| {
        let original_ms = event.zone.at(*id).at_ms;
        let canceled = || Some(json!({ "original_ms": original_ms, "instead": null }));
        if event.exdates.contains(id) {
            return canceled();
        }
        let change = event.overrides.get(id)?;
        let now = event.occurrence(*id);
        if now.is_cancelled {
            return canceled();
        }
        let instead = json!({
            "start_ms": now.start_ms,
            "end_ms": now.end_ms,
            "title": own(change.title.as_deref(), &event.title),
            "location": own(change.location.as_deref(), event.location.as_deref().unwrap_or_default()),
        });
        is_another(change, &instead).then(|| json!({ "original_ms": original_ms, "instead": instead }))
    };
    let all: Vec<Value> = starts.iter().filter_map(one).collect();
    let too_many = all.len().saturating_sub(ENTRY_EXCEPTIONS_MAX);
    all.into_iter().skip(too_many).collect()
}

/// What an instance says in the place of the series, cut.
fn own(text: Option<&str>, of_series: &str) -> Option<String> {
    let text = text.filter(|text| *text != of_series)?;
    Some(text.chars().take(ENTRY_EXCEPTION_CHARACTERS_MAX).collect())
}

/// Whether there is more to a change than answers, or words that other platforms are not told.
fn is_another(change: &Override, instead: &Value) -> bool {
    let says_more = !instead["title"].is_null() || !instead["location"].is_null();
    change.start.is_some() || change.end.is_some() || says_more
}
