//! Looking for a time: everybody's schedule, everybody's working hours, and the slots that are left.

use calendar::{
    Address, Attendee, Busy, BusyKind, Role, Schedule, Span, Zone,
    limits::QUESTION_PEOPLE_MAX,
    slots::{SlotSearch, search, unknown},
};
use cases::Refusal;
use jiff::ToSpan as _;
use kit::Heard;
use store::Batch;

use super::{Meetings, search::Elsewhere};
use crate::{
    MeetingsError,
    act::Action,
    card::Pen,
    desk::field_refused,
    hours::{Hours, in_both},
    limits::{BESIDE_DAY_MS, LENGTH_MINUTES, SEARCH_DAYS_MAX},
    line::Line,
    meeting::{Finding, Proposed},
    tables::Sought,
};

/// What a search is about.
pub(crate) struct Wanted {
    /// Who and what was named.
    attendees: Vec<Attendee>,
    /// Whose time matters.
    pub people: Vec<Address>,
    /// In which time; of a day that is to be shown, with those beside it.
    pub within: Span,
}

impl Meetings {
    /// What a line looks for, or why that cannot be looked for.
    pub(crate) async fn wanted(
        &self,
        heard: &Heard,
        sought: Sought,
        line: &Line,
    ) -> Result<Result<Wanted, Refusal>, MeetingsError> {
        let attendees = match self.resolve(heard, line).await? {
            Ok(attendees) => attendees,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let own = Address::Matrix(heard.sender.clone());
        let named = attendees.iter().map(|attendee| attendee.address.clone());
        let (people, within) = match sought {
            Sought::Slot => (std::iter::once(own).chain(named).collect(), self.range(heard, line)),
            Sought::BusyTimes => {
                let day = self.day(heard, line);
                // What goes over midnight is shown from its beginning to its end.
                let beside = Span {
                    from_ms: day.from_ms.saturating_sub(BESIDE_DAY_MS),
                    until_ms: day.until_ms.saturating_add(BESIDE_DAY_MS),
                };
                (if attendees.is_empty() { vec![own] } else { named.collect() }, Some(beside))
            }
        };
        if people.len() > QUESTION_PEOPLE_MAX {
            let example = QUESTION_PEOPLE_MAX.to_string();
            return Ok(Err(field_refused("mt.form.people", "mt.form.many", example)));
        }
        let unclear = || Refusal::new("E203").with("text", line.title.clone());
        Ok(within.ok_or_else(unclear).map(|within| Wanted { attendees, people, within }))
    }

    /// Shows what was looked for, with what other platforms say of people's time.
    pub(crate) async fn show_found(
        &self,
        heard: &Heard,
        sought: Sought,
        line: &Line,
        elsewhere: &Elsewhere,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        match self.wanted(heard, sought, line).await? {
            Ok(wanted) => match sought {
                Sought::Slot => Box::pin(self.find(heard, line, wanted, elsewhere, batch)).await,
                Sought::BusyTimes => self.show_free(heard, line, &wanted, elsewhere, batch).await,
            },
            Err(refusal) => self.refuse(heard, &refusal, batch).await,
        }
    }

    async fn find(
        &self,
        heard: &Heard,
        line: &Line,
        wanted: Wanted,
        elsewhere: &Elsewhere,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Wanted { attendees, within, .. } = wanted;
        let zone = self.zone_of(&heard.sender);
        let length_minutes = line.length_minutes.unwrap_or(LENGTH_MINUTES);
        let own = Address::Matrix(heard.sender.clone());
        let is_needed = |attendee: &&Attendee| attendee.role != Role::Optional;
        let required: Vec<Address> = std::iter::once(own)
            .chain(attendees.iter().filter(is_needed).map(|attendee| attendee.address.clone()))
            .collect();
        let optional: Vec<Address> =
            attendees.iter().filter(|one| !is_needed(one)).map(|one| one.address.clone()).collect();
        let free_busy = &self.parts().free_busy;
        // One question for all: servers that are silent are waited for once.
        let everybody: Vec<Address> = required.iter().chain(&optional).cloned().collect();
        let mut needed = free_busy.schedules(&heard.sender, &everybody, within).await?;
        let mut welcome = needed.split_off(required.len().min(needed.len()));
        elsewhere.complete(&mut needed, within);
        elsewhere.complete(&mut welcome, within);
        let open = self.open_hours(&required, line, within);
        let length_ms = u64::from(length_minutes) * 60_000;
        let found = search(&SlotSearch { length_ms, open: &open, required: &needed, optional: &welcome });
        self.tell_unknown(heard, &needed, &welcome, found.is_empty(), batch).await?;
        let Some(first) = found.first() else { return Ok(()) };
        let known = needed.iter().filter(|schedule| schedule.known).count();
        let slots: Vec<Proposed> = found
            .iter()
            .map(|slot| Proposed {
                start: zone.local(slot.start_ms),
                start_ms: slot.start_ms,
                free: known + slot.optional_free,
            })
            .collect();
        let (start, end) = (zone.local(first.start_ms), zone.local(first.end_ms));
        let mut event = self.event(heard, line, start, end, zone, attendees);
        if event.title.is_empty() {
            let reader = self.reader(&heard.sender).await?;
            event.title = self.pen(&reader).say("mt.untitled", &[]);
        }
        let finding = Finding { length_minutes, slots, votes: Default::default(), is_closed: false };
        self.begin(heard, event, Some(finding), &Action::Offer, batch).await
    }

    /// In which time a meeting is looked for: the days that were named, else a week from now.
    fn range(&self, heard: &Heard, line: &Line) -> Option<Span> {
        let zone = self.zone_of(&heard.sender);
        let now = zone.local(heard.received_ms);
        let days = match (line.range, line.date) {
            (Some(range), _) => range,
            (None, Some(date)) => (date, date.tomorrow().ok()?),
            (None, None) => (now.date(), now.date().checked_add(7.days()).ok()?),
        };
        let at = |date: jiff::civil::Date| zone.at(date.at(0, 0, 0, 0)).at_ms;
        let within = Span { from_ms: at(days.0).max(heard.received_ms), until_ms: at(days.1) };
        let days = within.until_ms.saturating_sub(within.from_ms) / (24 * 60 * 60 * 1_000);
        (within.from_ms < within.until_ms && days <= SEARCH_DAYS_MAX as u64).then_some(within)
    }

    /// The day that was named, else today.
    fn day(&self, heard: &Heard, line: &Line) -> Span {
        let zone = self.zone_of(&heard.sender);
        let day = line.date.unwrap_or_else(|| zone.local(heard.received_ms).date());
        let at = |date: jiff::civil::Date| zone.at(date.at(0, 0, 0, 0)).at_ms;
        Span { from_ms: at(day), until_ms: at(day.tomorrow().unwrap_or(day)) }
    }

    /// When all of them work.
    fn open_hours(&self, people: &[Address], line: &Line, within: Span) -> Vec<Span> {
        let settings = &self.parts().settings;
        let calendar = self.parts().workdays.calendar();
        let part = line.part.map(|part| {
            let (begin, end) = part.hours();
            Hours { begin, end }
        });
        // The part of the day is that of whoever asks; the others only have to be at work.
        let asks = people.first();
        let mut open = vec![within];
        for person in people.iter().filter(|person| !matches!(person, Address::Resource(_))) {
            let zone = person.account().map_or_else(|| settings.zone.clone(), |user| self.zone_of(user));
            let wanted = part.filter(|_| Some(person) == asks);
            let hours = match wanted {
                Some(part) => match settings.hours.and(part) {
                    Some(hours) => hours,
                    None => return Vec::new(),
                },
                None => settings.hours,
            };
            open = in_both(&open, &hours.within(within, &zone, &calendar));
        }
        open
    }

    /// Whose schedule is unknown (E303), and that nothing was found.
    async fn tell_unknown(
        &self,
        heard: &Heard,
        needed: &[Schedule],
        welcome: &[Schedule],
        is_empty: bool,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let chart = self.chart();
        let world = self.world_at(&chart, heard.received_ms);
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let mut lines: Vec<String> = unknown(needed)
            .chain(unknown(welcome))
            .map(|who| pen.say("E303", &[("who", &world.name_of(who))]))
            .collect();
        if is_empty {
            lines.push(pen.say("mt.find_none", &[]));
        }
        if !lines.is_empty() {
            self.answer(batch, heard, &lines.join("\n"));
        }
        Ok(())
    }

    /// `!meet free @u`: when somebody is busy on a day, as far as the asker may know.
    async fn show_free(
        &self,
        heard: &Heard,
        line: &Line,
        wanted: &Wanted,
        elsewhere: &Elsewhere,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let zone = self.zone_of(&heard.sender);
        let (within, shown) = (wanted.within, self.day(heard, line));
        let day = zone.local(shown.from_ms);
        let mut schedules = self.parts().free_busy.schedules(&heard.sender, &wanted.people, within).await?;
        elsewhere.complete(&mut schedules, within);
        let chart = self.chart();
        let world = self.world_at(&chart, heard.received_ms);
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let mut lines = vec![pen.say("mt.free_head", &[("day", &day.strftime("%m-%d").to_string())])];
        for schedule in &schedules {
            let who = world.name_of(&schedule.who);
            if !schedule.known {
                lines.push(pen.say("mt.free_unknown", &[("who", &who)]));
                continue;
            }
            let busy: Vec<String> = schedule
                .intervals
                .iter()
                .filter(|busy| shown.touches(busy.from_ms, busy.until_ms))
                .map(|busy| {
                    let title = busy.title.as_deref().map_or_else(String::new, |title| format!(" {title}"));
                    let kind = match busy.kind {
                        BusyKind::Tentative => pen.say("mt.busy_tentative", &[]),
                        BusyKind::Busy => String::new(),
                        BusyKind::OutOfOffice => pen.say("mt.busy_away", &[]),
                    };
                    format!("{}{title}{kind}", times_of(busy, shown, within, &zone, pen))
                })
                .collect();
            let key = if busy.is_empty() { "mt.free_all_day" } else { "mt.free_busy" };
            lines.push(pen.say(key, &[("who", &who), ("busy", &busy.join("、"))]));
        }
        self.reply_privately(batch, heard, &lines.join("\n")).await
    }
}

/// When on a day somebody is busy: on all of it, or from when until when, with both days where it goes over midnight. Of what
/// goes on outside `asked` nobody knows from when or until when.
fn times_of(busy: &Busy, day: Span, asked: Span, zone: &Zone, pen: Pen<'_>) -> String {
    if busy.from_ms <= day.from_ms && busy.until_ms >= day.until_ms {
        return pen.word("mt.all_day");
    }
    let (from, until) = (zone.local(busy.from_ms), zone.local(busy.until_ms));
    if busy.from_ms <= asked.from_ms {
        return pen.say("mt.busy_until", &[("time", &until.strftime("%H:%M").to_string())]);
    }
    if busy.until_ms >= asked.until_ms {
        return pen.say("mt.busy_from", &[("time", &from.strftime("%H:%M").to_string())]);
    }
    match from.date() == until.date() {
        true => format!("{}–{}", from.strftime("%H:%M"), until.strftime("%H:%M")),
        false => pen.span(from, until, false),
    }
}
