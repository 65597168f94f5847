//! From a line to a meeting: who is meant, which resources, when.

use std::collections::BTreeSet;

use calendar::{Address, Attendee, Event, Party, Recurrence, Role, Zone};
use cases::{Beginning, Case, Refusal, hash_of};
use jiff::{
    Span, ToSpan as _,
    civil::{DateTime, Time},
};
use kit::Heard;
use ruma::{OwnedUserId, UserId};
use store::Batch;

use super::{Change, KIND, LOCALPART, Meetings, NUMBER_PREFIX};
use crate::{
    MeetingsError,
    act::Action,
    desk::{ORIGIN, field_refused},
    limits::{LENGTH_MINUTES, NAME_CHARACTERS_MAX, REMINDERS_MINUTES},
    line::{Line, Named},
    meeting::{Finding, Home, Meeting, asked, state},
    tables::MEETING_OF,
};

/// People and resources of a line, or why they cannot be asked.
pub(crate) type Resolved = Result<Vec<Attendee>, Refusal>;

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
        let first = rule.as_ref().map_or(start, |rule| first_of(rule, start));
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
        let world = crate::World { chart: &chart, bookings: &[], at_ms: heard.received_ms };
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

    /// Who and what a line names. Everybody stands there once; the organiser is left out.
    pub(crate) async fn resolve(&self, heard: &Heard, line: &Line) -> Result<Resolved, MeetingsError> {
        let mut found: Vec<Attendee> = Vec::new();
        for named in &line.people {
            match self.person(named).await? {
                Ok(attendee) => found.push(attendee),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        for user in heard.mentions.iter().filter(|user| !self.kit().is_ours(user)) {
            found.push(self.asked_account(user.clone(), Role::Required).await?);
        }
        let known = &self.parts().settings.resources;
        for wanted in &line.resources {
            let Some(name) = known.iter().find(|name| name.to_lowercase() == wanted.to_lowercase()) else {
                let example = if known.is_empty() { "-".to_owned() } else { known.join("、") };
                return Ok(Err(field_refused("mt.form.resource", "mt.form.unknown", example)));
            };
            found.push(asked(Address::Resource(name.clone()), name.clone(), Role::Required));
        }
        let mut seen = BTreeSet::from([Address::Matrix(heard.sender.clone())]);
        found.retain(|attendee| seen.insert(attendee.address.clone()));
        Ok(Ok(found))
    }

    async fn person(&self, named: &Named) -> Result<Result<Attendee, Refusal>, MeetingsError> {
        let role = if named.is_optional { Role::Optional } else { Role::Required };
        let chart = self.chart();
        let nobody = || field_refused("mt.form.people", "mt.form.nobody", named.text.clone());
        let Some(name) = named.text.strip_prefix('@') else {
            let mailbox = named.text.to_lowercase();
            let colleague =
                chart.people().find(|person| person.is_active() && person.email.to_lowercase() == mailbox);
            let account = colleague.and_then(|person| person.account.clone());
            return Ok(Ok(match account {
                Some(account) => self.asked_account(account, role).await?,
                None => asked(Address::email(&mailbox), String::new(), role),
            }));
        };
        let called = chart.called(&named.text);
        let accounts: Vec<_> = called.iter().filter_map(|person| person.account.clone()).collect();
        Ok(match (called.len(), accounts.as_slice()) {
            (1, [account]) => Ok(self.asked_account(account.clone(), role).await?),
            (2.., _) => {
                let names: Vec<&str> = accounts.iter().map(|account| account.as_str()).collect();
                Err(field_refused("mt.form.people", "mt.form.several", names.join(" ")))
            }
            (1, _) => Err(nobody()),
            _ if name.contains(':') => match UserId::parse(&named.text) {
                Ok(account) => Ok(self.asked_account(account, role).await?),
                Err(_) => Err(nobody()),
            },
            // Somebody who is not on the staff list, but here.
            _ => match self.account_here(name).await? {
                Some(account) => Ok(self.asked_account(account, role).await?),
                None => Err(nobody()),
            },
        })
    }

    async fn account_here(&self, name: &str) -> Result<Option<OwnedUserId>, MeetingsError> {
        let Ok(account) = UserId::parse(format!("@{name}:{}", self.kit().server_name())) else {
            return Ok(None);
        };
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(None) };
        Ok(intent.display_name(&account).await?.map(|_| account))
    }

    /// Somebody with an account, by the name that the staff list has, else by the one that they show here.
    async fn asked_account(&self, account: OwnedUserId, role: Role) -> Result<Attendee, MeetingsError> {
        let known = self.chart().by_account(&account).map(|person| person.name.clone());
        let is_here = account.server_name() == self.kit().server_name();
        let name = match (known, self.kit().intent(LOCALPART).filter(|_| is_here)) {
            (Some(name), _) => Some(name),
            (None, Some(intent)) => {
                let shown = intent.display_name(&account).await?.unwrap_or_default();
                // Whoever it is chose it: it stays in its line of the card, and leaves room for others.
                Some(shown.chars().filter(|sign| !sign.is_control()).take(NAME_CHARACTERS_MAX).collect())
            }
            (None, None) => None,
        };
        Ok(asked(account.into(), name.unwrap_or_default(), role))
    }

    /// Names of mentioned people stand in the text as clients show them, and are no part of a title.
    pub(crate) async fn without_mentions(&self, heard: &Heard, text: &str) -> Result<String, MeetingsError> {
        let chart = self.chart();
        let mut text = text.to_owned();
        for user in &heard.mentions {
            let mut names = vec![user.to_string()];
            names.extend(chart.by_account(user).map(|person| person.name.clone()));
            if let Some(intent) = self.kit().intent(LOCALPART) {
                names.extend(intent.display_name(user).await?);
            }
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                // `@name` is read as a person by itself.
                let marked = format!("@{name}");
                text = text.replace(&marked, " ").replace(&name, " ");
            }
        }
        Ok(text)
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

/// The first day from `start` on that a weekly rule names: the first instance of a series is one of its days.
fn first_of(rule: &Recurrence, start: DateTime) -> DateTime {
    let text = rule.to_string();
    let days = text.split(';').find_map(|part| part.strip_prefix("BYDAY="));
    let Some(days) = days.filter(|_| text.contains("FREQ=WEEKLY")) else { return start };
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let is_named = |day: &DateTime| {
        let place = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        names.get(place).is_some_and(|name| days.split(',').any(|day| day == *name))
    };
    let week = (0..7).filter_map(|days: i64| start.checked_add(days.days()).ok());
    week.into_iter().find(is_named).unwrap_or(start)
}
