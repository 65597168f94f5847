//! From a line to a meeting: when it is, its number, the first thing that is done with it.

use std::collections::BTreeSet;

use calendar::{Address, Attendee, Event, Party, Recurrence, Role, Zone};
use cases::{Beginning, Case, Refusal, hash_of};
use jiff::{
    Span, ToSpan as _,
    civil::{DateTime, Time},
};
use kit::Heard;
use store::Batch;

use super::{Change, KIND, Meetings, NUMBER_PREFIX};
use crate::{
    MeetingsError,
    act::Action,
    desk::ORIGIN,
    limits::{LENGTH_MINUTES, REMINDERS_MINUTES},
    line::Line,
    meeting::{Finding, Home, Meeting, asked, state},
    tables::MEETING_OF,
};

impl Meetings {
    /// Books what a line says.
    pub(crate) async fn book(
        &self,
        heard: &Heard,
        line: &Line,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let zone = self.zone_of(&heard.sender);
        let attendees = match self.resolve(heard, line).await? {
            Ok(attendees) => attendees,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let timed = times(line).and_then(|(start, end)| Ok((start, end, rule(line, start, &zone)?)));
        let (start, end, rule) = match timed {
            Ok(timed) => timed,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let first = rule.as_ref().map_or(start, |rule| first_of(rule, start, &zone));
        let end = start.until(end).ok().and_then(|length| first.checked_add(length).ok()).unwrap_or(end);
        let mut event = self.event(heard, line, first, end, zone, attendees);
        event.all_day = line.all_day;
        // A rule without an end goes on as far as series do.
        event.rrule = rule.map(|rule| rule.with_end(first));
        self.begin(heard, event, None, &Action::Book, batch).await
    }

    /// An event of whoever typed, with what a line says besides its time.
    pub(crate) fn event(
        &self,
        heard: &Heard,
        line: &Line,
        start: DateTime,
        end: DateTime,
        zone: Zone,
        attendees: Vec<Attendee>,
    ) -> Event {
        let chart = self.chart();
        let world = self.world_at(&chart, heard.received_ms);
        let name = world.name(&heard.sender);
        let mut event = Event::new(String::new(), line.title.clone(), start, end, zone);
        let own = asked(heard.sender.clone().into(), name.clone(), Role::Chair);
        event.organizer = Some(Party { address: heard.sender.clone().into(), name });
        let resources: Vec<&str> = attendees
            .iter()
            .filter_map(|attendee| match &attendee.address {
                Address::Resource(name) => Some(name.as_str()),
                _ => None,
            })
            .chain(line.place.as_deref())
            .collect();
        event.location = (!resources.is_empty()).then(|| resources.join("、"));
        event.attendees = std::iter::once(own).chain(attendees).collect();
        event.reminders = REMINDERS_MINUTES.to_vec();
        event
    }

    /// Gives a meeting its number and does the first thing with it.
    pub(crate) async fn begin(
        &self,
        heard: &Heard,
        event: Event,
        finding: Option<Finding>,
        action: &Action,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let home = Home {
            room: Some(heard.room.clone()),
            event: Some(heard.event_id.clone()),
            is_direct: heard.is_direct,
        };
        let mut meeting = Meeting::new(event, home, finding);
        meeting.event.room_id = (!heard.is_direct).then(|| heard.room.clone());
        // What is refused takes no number: it is tried on a case without one.
        let mut trial = Case {
            id: String::new(),
            no: String::new(),
            kind: KIND.to_owned(),
            state: state::FINDING.to_owned(),
            seq: 0,
            rev: 0,
            head: String::new(),
            created_ms: heard.received_ms,
            lists: BTreeSet::new(),
            data: meeting.clone(),
        };
        trial.data.event.uid = "-".to_owned();
        let scene = self.scene_of(&trial, heard.received_ms).await?;
        let actor = Self::actor(heard);
        if let Err(refusal) = scene.act(&mut Change::new(trial), action, &actor) {
            return self.refuse(heard, &refusal, batch).await;
        }
        let mut change = Change::new(self.numbered(batch, meeting, heard.received_ms).await?);
        match scene.act(&mut change, action, &actor) {
            Ok(()) => self.carry_out(batch, change, &scene, heard.event_id.as_str()).await,
            Err(refusal) => self.refuse(heard, &refusal, batch).await,
        }
    }

    /// A new case with its number; the event gets its uid and its link by it.
    pub(crate) async fn numbered(
        &self,
        batch: &mut Batch,
        meeting: Meeting,
        at_ms: u64,
    ) -> Result<Case<Meeting>, MeetingsError> {
        let settings = &self.parts().settings;
        let day = settings.zone.local(at_ms).strftime("%Y%m%d").to_string();
        let origin = hash_of(ORIGIN.as_bytes());
        let beginning = Beginning {
            kind: KIND,
            prefix: NUMBER_PREFIX,
            day: &day,
            state: state::FINDING,
            origin,
            data: meeting,
        };
        let mut case = self.cases().await?.begin(batch, beginning).await?;
        if case.data.event.uid.is_empty() {
            case.data.event.uid = format!("{}@{}", case.id, self.kit().server_name());
        }
        batch.put(&MEETING_OF, &case.data.event.uid, &case.id);
        let given = case.data.event.conference.take();
        case.data.event.conference = given.or_else(|| settings.conference(&case.data, &case.id, &case.no));
        if case.data.event.conference.is_none() && case.data.room.is_none() {
            case.data.room = self.room_for(&case.data, &case.id).await?;
        }
        Ok(case)
    }
}

/// When it begins and ends.
fn times(line: &Line) -> Result<(DateTime, DateTime), Refusal> {
    let unclear = || Refusal::new("E203").with("text", line.title.clone());
    let date = line.date.ok_or_else(unclear)?;
    let out_of_time = |_: jiff::Error| unclear();
    if line.all_day {
        let start = date.to_datetime(Time::midnight());
        return Ok((start, start.checked_add(1.day()).map_err(out_of_time)?));
    }
    let start = date.to_datetime(line.time.ok_or_else(unclear)?);
    let end = match line.until {
        Some(until) => date.to_datetime(until),
        None => {
            let minutes = line.length_minutes.unwrap_or(LENGTH_MINUTES);
            start.checked_add(Span::new().minutes(i64::from(minutes))).map_err(out_of_time)?
        }
    };
    Ok((start, end))
}

fn rule(line: &Line, start: DateTime, zone: &Zone) -> Result<Option<Recurrence>, Refusal> {
    let Some(text) = &line.rule else { return Ok(None) };
    let unsupported = || Refusal::new("E301");
    if !text.starts_with("FREQ=") {
        return Err(unsupported());
    }
    let rule = Recurrence::parse(text, zone).map_err(|_| unsupported())?;
    rule.clone().with_end(start).check(start).map_err(|_| unsupported())?;
    Ok(Some(rule))
}

/// The first day from `start` on that the rule names: the first instance of a series is one of its days.
fn first_of(rule: &Recurrence, start: DateTime, zone: &Zone) -> DateTime {
    let text = rule.to_string();
    if !text.contains("BYDAY=") && !text.contains("BYMONTHDAY=") {
        return start;
    }
    // Where it begins decides how far apart its instances are and when it ends, and not which days it names.
    let is_of_days = |part: &&str| {
        let of_others = ["INTERVAL=", "COUNT=", "UNTIL="];
        !of_others.iter().any(|other| part.starts_with(other))
    };
    let days: Vec<&str> = text.split(';').filter(is_of_days).collect();
    // The library takes any first time for one of the rule: one before those that are asked for is left out.
    let before = start.checked_sub(1.day()).unwrap_or(start);
    let named = Recurrence::parse(&days.join(";"), zone).and_then(|rule| rule.starts(before, 3));
    named.ok().and_then(|named| named.into_iter().find(|at| *at >= start)).unwrap_or(start)
}
