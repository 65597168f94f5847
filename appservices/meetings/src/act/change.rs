//! A meeting is moved or cancelled: one instance, one and those behind it, or all.
//!
//! Instances that were moved on their own keep their time when the rest moves, unless all of the series is meant.

use calendar::{Event, EventStatus, Partstat, Recurrence, RecurrenceId};
use cases::Refusal;
use jiff::{Span, civil::DateTime};

use crate::{
    desk::{Desk, Effect, Shown, field_refused},
    line::Scope,
    meeting::{Meeting, state},
};

impl Desk<'_> {
    pub fn shift(
        &mut self,
        scope: Scope,
        start: DateTime,
        length_minutes: Option<u32>,
    ) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        if self.case.state == state::FINDING {
            return Err(field_refused("mt.form.state", "mt.form.finding", "1️⃣"));
        }
        let instance = self.case.data.round.as_ref().map(|round| round.id);
        self.shift_instance(scope, instance, start, length_minutes)
    }

    /// Moves an instance, and with it what the scope says.
    pub fn shift_instance(
        &mut self,
        scope: Scope,
        instance: Option<RecurrenceId>,
        start: DateTime,
        length_minutes: Option<u32>,
    ) -> Result<(), Refusal> {
        let event = &self.case.data.event;
        if event.zone.at(start).at_ms <= self.world.at_ms {
            return Err(field_refused("mt.form.time", "mt.form.past", "明天 10:00"));
        }
        let length = match length_minutes {
            Some(minutes) => Span::new().minutes(i64::from(minutes)),
            None => event.start.until(event.end).unwrap_or_default(),
        };
        let before = self.case.state.clone();
        let end = start.checked_add(length).unwrap_or(start);
        match (scope, instance.filter(|_| self.case.data.is_series())) {
            (Scope::This, Some(id)) => self.shift_one(id, start, end),
            (Scope::Following, Some(id)) if id > self.case.data.event.start => {
                self.split(id, start, length)?
            }
            (_, id) => self.shift_all(id, start, length)?,
        }
        self.meeting().counters.clear();
        self.bump();
        self.check_event()?;
        self.reschedule()?;
        self.record("move", &before);
        let no = Shown::Plain(self.case.no.clone());
        if !matches!(scope, Scope::Following) || instance.is_none() {
            self.tell_guests("mt.told.moved", &[("no", no), ("when", Shown::When(start, end))], true);
        }
        Ok(())
    }

    fn shift_one(&mut self, id: RecurrenceId, start: DateTime, end: DateTime) {
        let people: Vec<_> = self.case.data.people().map(|attendee| attendee.address.clone()).collect();
        let other = self.meeting().event.overrides.entry(id).or_default();
        (other.start, other.end) = (Some(start), Some(end));
        // A new time is a new question.
        other.answers = people.into_iter().map(|address| (address, Partstat::NeedsAction)).collect();
    }

    fn shift_all(&mut self, id: Option<RecurrenceId>, start: DateTime, length: Span) -> Result<(), Refusal> {
        let first = self.case.data.event.start;
        let reference = id.unwrap_or(first);
        let too_far = |_: jiff::Error| Refusal::new("E301");
        let delta = reference.until(start).map_err(too_far)?;
        let event = &mut self.case.data.event;
        if let Some(rule) = &event.rrule {
            event.rrule = Some(shifted(rule, reference, start)?);
            let moved: Result<_, _> = event.exdates.iter().map(|date| date.checked_add(delta)).collect();
            event.exdates = moved.map_err(too_far)?;
            event.overrides.clear();
        }
        event.start = first.checked_add(delta).map_err(too_far)?;
        event.end = event.start.checked_add(length).map_err(too_far)?;
        ask_again(&mut self.case.data);
        Ok(())
    }

    /// The series ends before an instance, and goes on from there as another meeting at the new time.
    fn split(&mut self, id: RecurrenceId, start: DateTime, length: Span) -> Result<(), Refusal> {
        let Some(rule) = self.case.data.event.rrule.clone() else { return Ok(()) };
        let too_far = |_: jiff::Error| Refusal::new("E301");
        let mut later = self.case.data.clone();
        (later.finding, later.round) = (None, None);
        later.minutes.clear();
        let event = &mut later.event;
        let rule_of_later = match rule.count() {
            None => rule.clone(),
            Some(count) => {
                let used = held_before(&self.case.data, id)?;
                recounted(&rule, count.saturating_sub(used).max(1), event)?
            }
        };
        event.rrule = Some(shifted(&rule_of_later, id, start)?);
        (event.start, event.sequence) = (start, 0);
        event.end = start.checked_add(length).map_err(too_far)?;
        event.exdates.retain(|date| *date > id);
        let delta = id.until(start).map_err(too_far)?;
        let moved: Result<_, _> = event.exdates.iter().map(|date| date.checked_add(delta)).collect();
        event.exdates = moved.map_err(too_far)?;
        // Overrides keep the time that they were given.
        let own_length = self.case.data.event.start.until(self.case.data.event.end).map_err(too_far)?;
        let kept = std::mem::take(&mut event.overrides);
        for (date, mut other) in kept.into_iter().filter(|(date, _)| *date > id) {
            if let Some(own) = other.start {
                other.end = other.end.or_else(|| own.checked_add(own_length).ok());
            }
            event.overrides.insert(date.checked_add(delta).map_err(too_far)?, other);
        }
        ask_again(&mut later);
        self.end_before(id, &rule);
        self.effects.push(Effect::Split(Box::new(later)));
        Ok(())
    }

    fn end_before(&mut self, id: RecurrenceId, rule: &Recurrence) {
        let event = &mut self.meeting().event;
        event.rrule = Some(rule.clone().ending_before(id));
        event.overrides.retain(|date, _| *date < id);
        event.exdates.retain(|date| *date < id);
    }

    /// What the organiser's calendar program wrote, without what only the bot knows.
    pub fn rewrite(&mut self, new: &Event) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        if new.status == EventStatus::Cancelled {
            return self.call_off_scope(Scope::All);
        }
        let old = self.before.clone();
        let before = self.case.state.clone();
        self.meeting().event = Event {
            uid: old.uid.clone(),
            organizer: old.organizer.clone(),
            reminders: old.reminders.clone(),
            room_id: old.room_id.clone(),
            minutes_event: old.minutes_event.clone(),
            conference: new.conference.clone().or_else(|| old.conference.clone()),
            ..new.clone()
        };
        if self.case.data.event.differs_in_substance(&old) {
            ask_again(&mut self.case.data);
        }
        self.meeting().counters.clear();
        self.bump();
        self.check_event()?;
        self.reschedule()?;
        self.record("rewrite", &before);
        if self.case.data.event.differs_in_substance(&old) {
            let (start, end) = crate::card::when(&self.case.data);
            let no = Shown::Plain(self.case.no.clone());
            self.tell_guests("mt.told.moved", &[("no", no), ("when", Shown::When(start, end))], true);
        }
        Ok(())
    }

    pub fn cancel(&mut self, scope: Scope) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        self.call_off_scope(scope)
    }

    /// Cancels without asking who does it.
    pub fn call_off_scope(&mut self, scope: Scope) -> Result<(), Refusal> {
        let before = self.case.state.clone();
        let no = Shown::Plain(self.case.no.clone());
        let round = self.case.data.round.clone().filter(|_| self.case.data.is_series());
        let rule = self.case.data.event.rrule.clone();
        match (scope, round, rule) {
            (Scope::This, Some(round), Some(_)) => {
                let event = &mut self.meeting().event;
                event.overrides.remove(&round.id);
                event.exdates.insert(round.id);
                self.go_on("cancel_one", &before)?;
                let when = Shown::When(round.start, round.end);
                self.tell_guests("mt.told.cancelled_one", &[("no", no), ("when", when)], true);
            }
            (Scope::Following, Some(round), Some(rule)) if round.id > self.case.data.event.start => {
                self.end_before(round.id, &rule);
                self.go_on("cancel_following", &before)?;
                let when = Shown::When(round.start, round.end);
                self.tell_guests("mt.told.cancelled_following", &[("no", no), ("when", when)], true);
            }
            (Scope::This | Scope::Following | Scope::All, _, _) => {
                self.meeting().event.status = EventStatus::Cancelled;
                self.bump();
                self.call_off();
                self.case.state = state::CANCELLED.to_owned();
                self.record("cancel", &before);
                self.tell_guests("mt.told.cancelled", &[("no", no)], true);
            }
        }
        Ok(())
    }

    /// The series has lost an instance or its end; without any left it is cancelled.
    fn go_on(&mut self, action: &str, before: &str) -> Result<(), Refusal> {
        self.bump();
        self.case.state = state::SCHEDULED.to_owned();
        self.reschedule()?;
        if self.case.data.round.is_none() && self.case.data.minutes.is_empty() {
            self.meeting().event.status = EventStatus::Cancelled;
            self.case.state = state::CANCELLED.to_owned();
        }
        self.record(action, before);
        Ok(())
    }
}

/// Everybody but the organiser and the resources is asked anew.
fn ask_again(meeting: &mut Meeting) {
    let organizer = meeting.event.organizer.as_ref().map(|party| party.address.clone());
    for attendee in &mut meeting.event.attendees {
        let is_person = !matches!(attendee.address, calendar::Address::Resource(_));
        if is_person && Some(&attendee.address) != organizer.as_ref() {
            attendee.partstat = Partstat::NeedsAction;
        }
    }
}

/// A rule whose instance `from` moves to `to`. Rules that name days stay as they are within a day; to another day they
/// cannot follow (E301), but for those that name the one weekday that moves.
fn shifted(rule: &Recurrence, from: DateTime, to: DateTime) -> Result<Recurrence, Refusal> {
    if from.date() == to.date() {
        return Ok(rule.clone());
    }
    let text = rule.to_string();
    let names_days = |part: &str| part.starts_with("BYDAY=") || part.starts_with("BYMONTHDAY=");
    let parts: Vec<&str> = text.split(';').collect();
    if !parts.iter().any(|part| names_days(part)) {
        return Ok(rule.clone());
    }
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let day = |at: DateTime| {
        let place = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
        format!("BYDAY={}", days.get(place).copied().unwrap_or("MO"))
    };
    let (old, new) = (day(from), day(to));
    if !parts.contains(&old.as_str()) || parts.iter().filter(|part| names_days(part)).count() > 1 {
        return Err(Refusal::new("E301"));
    }
    let moved: Vec<&str> = parts.iter().map(|part| if *part == old { new.as_str() } else { part }).collect();
    Recurrence::try_from(moved.join(";")).map_err(|_| Refusal::new("E301"))
}

/// How many instances the rule had before one, those that were cancelled counted in: `COUNT` counts them too.
fn held_before(meeting: &Meeting, id: RecurrenceId) -> Result<u32, Refusal> {
    let mut event = meeting.event.clone();
    event.exdates.clear();
    event.overrides.clear();
    let (from, until) = (event.zone.at(event.start).at_ms, event.zone.at(id).at_ms);
    let span = calendar::Span { from_ms: from, until_ms: until.saturating_add(1) };
    let all = event.occurrences(span).map_err(|_| Refusal::new("E301"))?;
    let before = all.iter().filter(|at| at.id < id).count();
    Ok(u32::try_from(before).unwrap_or(u32::MAX))
}

fn recounted(rule: &Recurrence, count: u32, event: &Event) -> Result<Recurrence, Refusal> {
    let text = rule.to_string();
    let parts = text.split(';').filter(|part| !part.starts_with("COUNT="));
    let text = parts.map(ToOwned::to_owned).chain([format!("COUNT={count}")]).collect::<Vec<_>>().join(";");
    Recurrence::parse(&text, &event.zone).map_err(|_| Refusal::new("E301"))
}
