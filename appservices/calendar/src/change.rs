//! Rules about one event: what it may be like, how an exception differs from its series, when its sequence rises.

use jiff::{Unit, civil::Time};

use crate::{
    CalendarError, Event, EventStatus, Override, RecurrenceId, Zone,
    ics::Item,
    limits::{
        ATTENDEES_MAX, DESCRIPTION_BYTES_MAX, EVENT_DAYS_MAX, INSTANCES_MAX, LINK_BYTES_MAX, REMINDERS_MAX,
        TITLE_CHARS_MAX, UID_BYTES_MAX, YEARS,
    },
};

impl Event {
    /// How an instance is named here that is named in local time of this zone, or by its day.
    pub(crate) fn instance_named(&self, named: RecurrenceId, zone: &Zone, is_day: bool) -> RecurrenceId {
        let here = match self.zone == *zone {
            true => named,
            false => self.zone.local(zone.at(named).at_ms),
        };
        match (self.all_day, is_day) {
            // Some programs name a day by a time, most of them by the midnight of their own clock.
            (true, _) if is_day || named.time() == Time::midnight() => {
                named.date().to_datetime(Time::midnight())
            }
            (true, _) => here.date().to_datetime(Time::midnight()),
            // Outlook names an instance of a meeting by its day.
            (false, true) => named.date().to_datetime(self.start.time()),
            (false, false) => here,
        }
    }

    /// Whether it may become one of ours.
    ///
    /// # Errors
    /// [`CalendarError::Recurrence`] (E301), [`CalendarError::TooLarge`], [`CalendarError::Unreadable`].
    pub fn check(&self) -> Result<(), CalendarError> {
        let unreadable = |reason: &str| Err(CalendarError::Unreadable(reason.to_owned()));
        if self.uid.is_empty() || self.uid.len() > UID_BYTES_MAX || self.uid.chars().any(char::is_control) {
            return unreadable("the UID is empty, too long, or has control characters");
        }
        let is_long = |text: &str| text.chars().count() > TITLE_CHARS_MAX;
        if is_long(&self.title) || self.location.as_deref().is_some_and(is_long) {
            return Err(CalendarError::TooLarge("the title or the place"));
        }
        if self.description.len() > DESCRIPTION_BYTES_MAX {
            return Err(CalendarError::TooLarge("the description"));
        }
        if self.conference.as_ref().is_some_and(|conference| conference.url.len() > LINK_BYTES_MAX) {
            return Err(CalendarError::TooLarge("the link"));
        }
        if self.attendees.len() > ATTENDEES_MAX || self.reminders.len() > REMINDERS_MAX {
            return Err(CalendarError::TooLarge("the number of attendees or reminders"));
        }
        if self.exdates.len() > INSTANCES_MAX || self.overrides.len() > INSTANCES_MAX {
            return Err(CalendarError::Recurrence(
                "more exceptions than a series may have instances".to_owned(),
            ));
        }
        if !YEARS.contains(&self.start.year()) || !YEARS.contains(&self.end.year()) {
            return unreadable("the event is in a year that we do not take");
        }
        if self.end < self.start || (self.all_day && self.end == self.start) {
            return unreadable("the event ends before it begins");
        }
        let days =
            self.start.until((Unit::Day, self.end)).map_or(i64::MAX, |span| i64::from(span.get_days()));
        if days > EVENT_DAYS_MAX {
            return Err(CalendarError::TooLarge("the length of the event"));
        }
        if let Some(rule) = &self.rrule {
            rule.check(self.start)?;
            if self.starts(INSTANCES_MAX + 1)?.len() > INSTANCES_MAX {
                return Err(CalendarError::Recurrence("it happens more than 730 times".to_owned()));
            }
        }
        Ok(())
    }

    /// Makes this the next version of `before`: the sequence rises by one when time, place or recurrence changed, or it
    /// was cancelled, and stays for everything else, answers of attendees among it.
    pub fn succeeds(&mut self, before: &Self, now_ms: u64) {
        let rises = u32::from(self.differs_in_substance(before));
        self.sequence = before.sequence.saturating_add(rises);
        self.stamp_ms = now_ms.max(before.stamp_ms);
    }

    /// Whether people have to be asked again.
    #[must_use]
    pub fn differs_in_substance(&self, before: &Self) -> bool {
        let times = |event: &Self| (event.start, event.end, event.zone.clone(), event.all_day);
        let is_cancelled = |event: &Self| event.status == EventStatus::Cancelled;
        let exceptions = |event: &Self| -> Vec<_> {
            let changes = event.overrides.iter();
            let of = |change: &Override| {
                let is_cancelled = change.status == Some(EventStatus::Cancelled);
                (change.start, change.end, change.location.clone(), is_cancelled)
            };
            // An exception that holds nothing but answers changes nothing for anybody.
            changes
                .map(|(id, change)| (*id, of(change)))
                .filter(|(_, of)| *of != (None, None, None, false))
                .collect()
        };
        times(self) != times(before)
            || self.location != before.location
            || self.rrule != before.rrule
            || self.exdates != before.exdates
            || exceptions(self) != exceptions(before)
            || (is_cancelled(self) && !is_cancelled(before))
    }

    /// One instance of this series as it stands, to be told of alone.
    #[must_use]
    pub fn instance(&self, id: RecurrenceId) -> Item {
        let change = self.overrides.get(&id).cloned().unwrap_or_default();
        Item { event: change.applied(self, id), instance: Some(id) }
    }

    /// Takes over what a file cannot say, from the version that is kept here: the room, the minutes, what kind of
    /// conference a link is, and to which version people answered.
    #[must_use]
    pub fn keeping(mut self, kept: &Self) -> Self {
        self.room_id.clone_from(&kept.room_id);
        self.minutes_event.clone_from(&kept.minutes_event);
        if let (Some(conference), Some(before)) = (&mut self.conference, &kept.conference)
            && conference.url == before.url
        {
            conference.clone_from(before);
        }
        for attendee in &mut self.attendees {
            if let Some(before) = kept.attendee(&attendee.address) {
                attendee.answered_sequence = before.answered_sequence;
                attendee.answered_ms = before.answered_ms;
            }
        }
        self
    }
}

impl Override {
    /// What is different in `instance`, which is the instance `id` of `series`.
    #[must_use]
    pub fn of(series: &Event, id: RecurrenceId, instance: &Event) -> Self {
        let as_ruled = series_instance(series, id);
        let local = |time| series.zone.local(instance.zone.at(time).at_ms);
        let (start, end) = if series.all_day || series.zone == instance.zone {
            (instance.start, instance.end)
        } else {
            (local(instance.start), local(instance.end))
        };
        let moved = (start, end) != (as_ruled.start, as_ruled.end);
        let answers = instance.attendees.iter().filter_map(|attendee| {
            let before = series.attendee(&attendee.address).map(|before| before.partstat);
            (before != Some(attendee.partstat)).then(|| (attendee.address.clone(), attendee.partstat))
        });
        Self {
            start: moved.then_some(start),
            end: moved.then_some(end),
            title: (instance.title != series.title).then(|| instance.title.clone()),
            description: (instance.description != series.description).then(|| instance.description.clone()),
            location: (instance.location != series.location)
                .then(|| instance.location.clone().unwrap_or_default()),
            status: (instance.status != series.status).then_some(instance.status),
            answers: answers.collect(),
        }
    }

    /// The instance `id` of `series` with these changes, as an event of its own.
    #[must_use]
    pub fn applied(&self, series: &Event, id: RecurrenceId) -> Event {
        let mut event = series_instance(series, id);
        if let Some(start) = self.start {
            event.start = start;
            event.end = series.occurrence(id).end;
        }
        if let Some(end) = self.end {
            event.end = end;
        }
        if let Some(title) = &self.title {
            event.title.clone_from(title);
        }
        if let Some(description) = &self.description {
            event.description.clone_from(description);
        }
        if let Some(location) = &self.location {
            event.location = Some(location.clone()).filter(|location| !location.is_empty());
        }
        if let Some(status) = self.status {
            event.status = status;
        }
        for attendee in &mut event.attendees {
            if let Some(answer) = self.answers.get(&attendee.address) {
                attendee.partstat = *answer;
            }
        }
        event
    }
}

/// An instance as the rule has it, without the series around it.
fn series_instance(series: &Event, id: RecurrenceId) -> Event {
    let bare = Event { overrides: Default::default(), ..series.clone() };
    let occurrence = bare.occurrence(id);
    Event { start: occurrence.start, end: occurrence.end, rrule: None, exdates: Default::default(), ..bare }
}
