//! What people answer to an invitation, and the other times that they propose.

use calendar::{Address, Partstat, RecurrenceId};
use cases::Refusal;
use jiff::civil::DateTime;

use crate::{
    desk::{Asks, Desk, Effect, Shown, Tell, field_refused},
    limits::{ATTENDEES_MAX, COUNTERS_MAX, STRANGERS_MAX},
    line::Scope,
    meeting::{Counter, asked, state},
};

impl Desk<'_> {
    /// The attendee who acts, by any of their accounts or their mailbox. None for the organiser and for strangers.
    fn attendee(&self) -> Option<usize> {
        let actor = self.actor.address.as_ref()?;
        let attendees = &self.case.data.event.attendees;
        let is_theirs = |address: &Address| match (address, actor) {
            (Address::Matrix(one), Address::Matrix(other)) => self.world.is_same(one, other),
            (Address::Email(mailbox), Address::Matrix(user)) => self
                .world
                .chart
                .by_account(user)
                .is_some_and(|person| person.email.eq_ignore_ascii_case(mailbox)),
            (one, other) => one == other,
        };
        attendees
            .iter()
            .position(|attendee| attendee.address == *actor)
            .or_else(|| attendees.iter().position(|attendee| is_theirs(&attendee.address)))
    }

    fn is_organizer(&self) -> bool {
        self.organizer_only().is_ok()
    }

    /// The answer of an attendee: to the series, or to one instance alone. It replaces their last one; who is not on the
    /// list asks the organiser with it.
    pub fn answer(
        &mut self,
        partstat: Partstat,
        instance: Option<RecurrenceId>,
        stamp: Option<(u64, u32)>,
    ) -> Result<(), Refusal> {
        self.still_open()?;
        if self.case.state == state::FINDING || self.is_organizer() {
            return Ok(());
        }
        let Some(place) = self.attendee() else { return self.knock() };
        let (at_ms, sequence) = stamp.unwrap_or((self.world.at_ms, self.case.data.event.sequence));
        let event = &mut self.case.data.event;
        let Some(attendee) = event.attendees.get_mut(place) else { return Ok(()) };
        // An answer to an older version, or one that was overtaken, says nothing about this one.
        if sequence < attendee.answered_sequence
            || (sequence == attendee.answered_sequence && at_ms < attendee.answered_ms)
        {
            return Ok(());
        }
        let address = attendee.address.clone();
        match instance.filter(|_| event.rrule.is_some()) {
            Some(id) => {
                let answers = &mut event.overrides.entry(id).or_default().answers;
                if answers.insert(address, partstat) == Some(partstat) {
                    return Ok(());
                }
            }
            None => {
                let is_news = attendee.partstat != partstat;
                (attendee.partstat, attendee.answered_ms) = (partstat, at_ms);
                attendee.answered_sequence = sequence;
                if !is_news {
                    return Ok(());
                }
            }
        }
        let state = self.case.state.clone();
        self.record(word(partstat), &state);
        Ok(())
    }

    /// Somebody who is not on the list wants to come: the organiser is asked, once.
    fn knock(&mut self) -> Result<(), Refusal> {
        let Some(who) = self.actor.address.clone() else { return Ok(()) };
        let strangers = &mut self.meeting().strangers;
        if strangers.contains(&who) || strangers.len() >= STRANGERS_MAX {
            return Ok(());
        }
        strangers.insert(who.clone());
        let state = self.case.state.clone();
        self.record("knock", &state);
        let no = Shown::Plain(self.case.no.clone());
        let name = Shown::Plain(self.world.name_of(&who));
        if let Some(user) = who.account() {
            self.tell(user, "mt.told.knocked", vec![("no", no.clone())], false);
        }
        self.ask_organizer("mt.ask.stranger", vec![("no", no), ("who", name)], Asks::Stranger(who));
        Ok(())
    }

    fn ask_organizer(&mut self, text: &'static str, values: Vec<(&'static str, Shown)>, asks: Asks) {
        if let Some(to) = self.case.data.organizer().map(ToOwned::to_owned) {
            self.effects.push(Effect::Tell(Tell { to, text, values, rings: true, asks: Some(asks) }));
        }
    }

    pub fn admit(&mut self, who: &Address, is_welcome: bool) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        // Whoever asked waits on: somebody may be asked no more.
        if is_welcome && self.case.data.event.attendees.len() >= ATTENDEES_MAX {
            return Err(field_refused("mt.form.people", "mt.form.many", ATTENDEES_MAX.to_string()));
        }
        if !self.meeting().strangers.remove(who) {
            return Ok(());
        }
        let no = Shown::Plain(self.case.no.clone());
        let state = self.case.state.clone();
        if is_welcome {
            let mut attendee = asked(who.clone(), self.world.name_of(who), calendar::Role::Required);
            attendee.partstat = Partstat::Accepted;
            attendee.answered_ms = self.world.at_ms;
            self.meeting().event.attendees.push(attendee);
            self.record("admit", &state);
        } else {
            self.record("turn_away", &state);
            if let Some(user) = who.account() {
                self.tell(user, "mt.told.turned_away", vec![("no", no)], false);
            }
        }
        Ok(())
    }

    pub fn propose(
        &mut self,
        instance: Option<RecurrenceId>,
        start: DateTime,
        end: Option<DateTime>,
    ) -> Result<(), Refusal> {
        self.still_open()?;
        let Some(place) = self.attendee().filter(|_| !self.is_organizer()) else { return Ok(()) };
        let event = &self.case.data.event;
        if event.zone.at(start).at_ms <= self.world.at_ms {
            return Err(field_refused("mt.form.time", "mt.form.past", "明天 10:00"));
        }
        let length = event.start.until(event.end).unwrap_or_default();
        let end = end.or_else(|| start.checked_add(length).ok()).filter(|end| *end > start);
        let Some(end) = end else {
            return Err(field_refused("mt.form.time", "mt.form.backwards", "10:00-11:00"));
        };
        let Some(by) = event.attendees.get(place).map(|attendee| attendee.address.clone()) else {
            return Ok(());
        };
        let instance = instance.filter(|_| event.rrule.is_some());
        let counters = &mut self.case.data.counters;
        // The newest of each person counts.
        counters.retain(|counter| counter.by != by);
        if counters.len() >= COUNTERS_MAX {
            return Err(field_refused("mt.form.counters", "mt.form.many", COUNTERS_MAX.to_string()));
        }
        let number = self.case.seq as u32 + 1;
        counters.push(Counter { number, by: by.clone(), instance, start, end });
        let state = self.case.state.clone();
        self.record("propose", &state);
        let values = vec![
            ("no", Shown::Plain(self.case.no.clone())),
            ("who", Shown::Plain(self.world.name_of(&by))),
            ("when", Shown::When(start, end)),
        ];
        self.ask_organizer("mt.ask.counter", values, Asks::Counter(number));
        Ok(())
    }

    pub fn decide_counter(&mut self, number: u32, is_taken: bool) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        let counters = &mut self.meeting().counters;
        let Some(place) = counters.iter().position(|counter| counter.number == number) else { return Ok(()) };
        let counter = counters.remove(place);
        if !is_taken {
            let state = self.case.state.clone();
            self.record("decline_counter", &state);
            if let Some(user) = counter.by.account() {
                let no = Shown::Plain(self.case.no.clone());
                let values = vec![("no", no), ("when", Shown::When(counter.start, counter.end))];
                self.tell(user, "mt.told.counter_declined", values, false);
            } else {
                self.effects.push(Effect::NotTaken { by: counter.by, instance: counter.instance });
            }
            return Ok(());
        }
        let scope = if counter.instance.is_some() { Scope::This } else { Scope::All };
        let minutes =
            counter.start.until(counter.end).ok().and_then(|span| span.total(jiff::Unit::Minute).ok());
        let length = minutes.map(|minutes| minutes as u32);
        self.shift_instance(scope, counter.instance, counter.start, length)?;
        // Whoever proposed a time comes at it.
        let at_ms = self.world.at_ms;
        let event = &mut self.meeting().event;
        let sequence = event.sequence;
        match counter.instance.filter(|_| event.rrule.is_some()) {
            Some(id) => {
                event.overrides.entry(id).or_default().answers.insert(counter.by, Partstat::Accepted);
            }
            None => {
                for attendee in event.attendees.iter_mut().filter(|attendee| attendee.address == counter.by) {
                    attendee.partstat = Partstat::Accepted;
                    (attendee.answered_ms, attendee.answered_sequence) = (at_ms, sequence);
                }
            }
        }
        Ok(())
    }
}

const fn word(partstat: Partstat) -> &'static str {
    match partstat {
        Partstat::NeedsAction => "unanswer",
        Partstat::Accepted => "accept",
        Partstat::Tentative => "tentative",
        Partstat::Declined => "decline",
        Partstat::Delegated => "delegate",
    }
}
