//! The desk on which one decision is made: the meeting as it is being changed, what is to be recorded, what is to happen.

use std::collections::BTreeSet;

use calendar::{Address, Event, Occurrence, Span};
use cases::{Case, Decision, Entry, Refusal, Source, Via};
use ruma::{OwnedUserId, UserId};

pub use crate::{
    effect::{Asks, Effect, Shown, Tell},
    world::{Booking, World},
};
use crate::{
    hours::next_free,
    limits::AHEAD_MS,
    meeting::{Meeting, Round, state},
};

/// What a record says that a meeting was made by: the form of meetings, which has no text of its own.
pub const ORIGIN: &str = "meeting@1";

/// Who acts, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Their address; nobody for timers.
    pub address: Option<Address>,
    /// By what way.
    pub via: Via,
    /// The event by which they act.
    pub source: Option<Source>,
}

impl Actor {
    /// A timer.
    #[must_use]
    pub const fn nobody() -> Self {
        Self { address: None, via: Via::Auto, source: None }
    }

    /// Their account, if they have one.
    #[must_use]
    pub fn account(&self) -> Option<&OwnedUserId> {
        self.address.as_ref().and_then(Address::account)
    }
}

/// What is being decided.
pub(crate) struct Desk<'a> {
    pub world: World<'a>,
    pub actor: &'a Actor,
    /// The event as it was.
    pub before: Event,
    pub case: Case<Meeting>,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
}

impl<'a> Desk<'a> {
    pub fn new(world: World<'a>, actor: &'a Actor, case: &Case<Meeting>) -> Self {
        Self {
            world,
            actor,
            before: case.data.event.clone(),
            case: case.clone(),
            entries: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// Records what was done. `from` is the state before; the state after is what the meeting is in now.
    pub fn record(&mut self, action: &str, from: &str) {
        let actor = match &self.actor.address {
            Some(Address::Matrix(user)) => user.to_string(),
            Some(other) => other.to_string(),
            None => "auto".to_owned(),
        };
        self.entries.push(Entry {
            action: action.to_owned(),
            actor,
            on_behalf_of: None,
            via: self.actor.via,
            source: self.actor.source.clone(),
            link: None,
            node: None,
            task: None,
            from: from.to_owned(),
            to: self.case.state.clone(),
            form_sha256: None,
            reason_sha256: None,
            template: ORIGIN.to_owned(),
            at_ms: self.world.at_ms,
        });
    }

    pub fn meeting(&mut self) -> &mut Meeting {
        &mut self.case.data
    }

    /// Only the organiser, by any account of theirs (E101).
    pub fn organizer_only(&self) -> Result<(), Refusal> {
        let organizer = self.case.data.organizer();
        let is_theirs = organizer
            .zip(self.actor.account())
            .is_some_and(|(organizer, account)| self.world.is_same(organizer, account));
        if is_theirs {
            return Ok(());
        }
        let who = organizer.map_or_else(String::new, |organizer| self.world.name(organizer));
        Err(Refusal::new("E101").with("who", who))
    }

    /// What is over or cancelled takes no change (E110).
    pub fn still_open(&self) -> Result<(), Refusal> {
        match self.case.state.as_str() {
            state::ENDED | state::MINUTED | state::CANCELLED => {
                Err(field_refused("mt.form.state", "mt.form.over", "!meet week"))
            }
            _ => Ok(()),
        }
    }

    pub fn tell(&mut self, to: &UserId, text: &'static str, values: Vec<(&'static str, Shown)>, rings: bool) {
        let tell = Tell { to: to.to_owned(), text, values, rings, asks: None };
        self.effects.push(Effect::Tell(tell));
    }

    pub fn tell_guests(&mut self, text: &'static str, values: &[(&'static str, Shown)], rings: bool) {
        let guests: Vec<_> = self.case.data.guests().map(|(user, _)| user.clone()).collect();
        for guest in guests {
            self.tell(&guest, text, values.to_vec(), rings);
        }
    }

    /// Tells the organiser, where somebody else acted.
    pub fn tell_organizer(&mut self, text: &'static str, values: Vec<(&'static str, Shown)>, rings: bool) {
        let organizer = self.case.data.organizer().map(ToOwned::to_owned);
        if let Some(organizer) = organizer {
            self.tell(&organizer, text, values, rings);
        }
    }

    /// Another version of the event: `SEQUENCE` rises with time, place, recurrence and cancellation.
    pub fn bump(&mut self) {
        self.case.data.event.succeeds(&self.before, self.world.at_ms);
    }

    /// Checks the rule (E301) and the resources (E302).
    pub fn check_event(&self) -> Result<(), Refusal> {
        let event = &self.case.data.event;
        event.check().map_err(|error| match error {
            calendar::CalendarError::Recurrence(_) => Refusal::new("E301"),
            other => field_refused("mt.form.size", "mt.form.long", other.to_string()),
        })?;
        let mine: BTreeSet<&str> = self.case.data.resources().collect();
        let taken: Vec<&Booking> =
            self.world.bookings.iter().filter(|booking| mine.contains(booking.resource.as_str())).collect();
        if taken.is_empty() {
            return Ok(());
        }
        for at in occurrences(event, self.world.at_ms)? {
            let first = taken.iter().find(|taken| taken.start_ms < at.end_ms && at.start_ms < taken.end_ms);
            if let Some(first) = first {
                return Err(self.booked(first, &at, &taken));
            }
        }
        Ok(())
    }

    fn booked(&self, first: &Booking, at: &Occurrence, taken: &[&Booking]) -> Refusal {
        let zone = &self.case.data.event.zone;
        let time = |at_ms: u64| zone.local(at_ms).strftime("%m-%d %H:%M").to_string();
        let of_it: Vec<_> = taken
            .iter()
            .filter(|other| other.resource == first.resource)
            .map(|other| Span { from_ms: other.start_ms, until_ms: other.end_ms })
            .collect();
        let next = next_free(&of_it, at.start_ms, at.end_ms - at.start_ms);
        Refusal::new("E302")
            .with("room", first.resource.clone())
            .with("time", time(first.start_ms.max(at.start_ms)))
            .with("who", first.by.clone())
            .with("next", time(next))
    }

    /// Finds the instance that is next or under way, and sets the timers of it. Where there is none, the meeting has ended.
    pub fn reschedule(&mut self) -> Result<(), Refusal> {
        let now = self.world.at_ms;
        let next = occurrences(&self.case.data.event, now)?.into_iter().find(|at| at.end_ms > now);
        for name in self.round_timers() {
            self.effects.push(Effect::Cancel { name });
        }
        let Some(next) = next else {
            self.meeting().round = None;
            self.case.state = state::ENDED.to_owned();
            return Ok(());
        };
        let mut round = Round::of(&next);
        let before = self.case.data.round.take();
        let before = before.filter(|before| before.id == round.id && before.start_ms == round.start_ms);
        let was_live = before.is_some() && self.case.state == state::LIVE;
        if let Some(before) = before {
            round.reminded = before.reminded;
            round.present = before.present;
        }
        self.case.state = if was_live { state::LIVE } else { state::SCHEDULED }.to_owned();
        let reminders = if self.case.data.event.all_day { &[][..] } else { &self.case.data.event.reminders };
        let mut timers = vec![("end".to_owned(), round.end_ms)];
        timers.extend((!was_live).then(|| ("start".to_owned(), round.start_ms)));
        for minutes in reminders {
            let at_ms = round.start_ms.saturating_sub(u64::from(*minutes) * 60_000);
            if at_ms > now && !round.reminded.contains(minutes) {
                timers.push((format!("remind/{minutes}"), at_ms));
            }
        }
        self.meeting().round = Some(round);
        self.effects.extend(timers.into_iter().map(|(name, at_ms)| Effect::Timer { name, at_ms }));
        Ok(())
    }

    fn round_timers(&self) -> Vec<String> {
        let reminders = self.case.data.event.reminders.iter().map(|minutes| format!("remind/{minutes}"));
        reminders.chain(["start".to_owned(), "end".to_owned()]).collect()
    }

    /// Nothing of it is waited for any more.
    pub fn call_off(&mut self) {
        let names = self.round_timers().into_iter().chain(["poll".to_owned(), "orphan".to_owned()]);
        self.effects.extend(names.map(|name| Effect::Cancel { name }));
        let meeting = self.meeting();
        (meeting.round, meeting.orphaned_until_ms) = (None, None);
        meeting.counters.clear();
        meeting.strangers.clear();
    }

    pub fn finish(mut self) -> Decision<Meeting, Effect> {
        crate::act::open(&mut self.case.data, &self.case.state);
        // While a time is looked for nobody is asked by mail.
        if self.case.state != state::FINDING {
            self.case.data.remember_former(&self.before);
        }
        self.case.lists = match self.case.state.as_str() {
            state::CANCELLED | state::ENDED | state::MINUTED => BTreeSet::new(),
            _ => lists(&self.case.data),
        };
        Decision { case: self.case, entries: self.entries, effects: self.effects }
    }
}

/// The lists in which a meeting stands: whose it is, and in which rooms people talk about it.
fn lists(meeting: &Meeting) -> BTreeSet<(String, String)> {
    let own = meeting.organizer().map(|user| ("own".to_owned(), user.to_string()));
    let made = meeting.own_room().and_then(|own| own.id.as_ref());
    let rooms = meeting.home.room.iter().chain(made);
    own.into_iter().chain(rooms.map(|room| ("room".to_owned(), room.to_string()))).collect()
}

/// The instances that are not over, in order, as far as a series of ours reaches.
pub(crate) fn occurrences(event: &Event, now_ms: u64) -> Result<Vec<Occurrence>, Refusal> {
    let span = Span { from_ms: now_ms, until_ms: now_ms.saturating_add(AHEAD_MS) };
    let all = event.occurrences(span).map_err(|_| Refusal::new("E301"))?;
    Ok(all.into_iter().filter(|at| !at.is_cancelled).collect())
}

/// Something that was typed is refused (E110): the field and the problem are keys of texts.
pub(crate) fn field_refused(
    field: &'static str,
    problem: &'static str,
    example: impl Into<String>,
) -> Refusal {
    Refusal::new("E110").with("field", field).with("problem", problem).with("example", example)
}
