//! A meeting begins: at a time, or with a poll of slots.

use std::collections::BTreeSet;

use calendar::{Address, EventStatus, Partstat, Role};
use cases::Refusal;

use crate::{
    beyond::is_elsewhere_alone,
    desk::{Desk, Effect, Shown, field_refused},
    limits::{ATTENDEES_MAX, POLL_MS, TITLE_CHARACTERS_MAX},
    meeting::state,
};

impl Desk<'_> {
    pub fn book(&mut self) -> Result<(), Refusal> {
        self.begin()?;
        self.check_event()?;
        self.reschedule()?;
        if self.case.data.round.is_none() {
            return Err(field_refused("mt.form.time", "mt.form.past", "明天 10:00"));
        }
        self.record("book", state::FINDING);
        Ok(())
    }

    pub fn offer(&mut self) -> Result<(), Refusal> {
        self.begin()?;
        self.case.state = state::FINDING.to_owned();
        self.meeting().event.status = EventStatus::Tentative;
        self.record("find", state::FINDING);
        self.effects.push(Effect::OpenPoll);
        self.effects.push(Effect::Timer { name: "poll".to_owned(), at_ms: self.world.at_ms + POLL_MS });
        Ok(())
    }

    /// What every new meeting has to fulfil, and the organiser's own place in it.
    fn begin(&mut self) -> Result<(), Refusal> {
        let at_ms = self.world.at_ms;
        let event = &mut self.meeting().event;
        event.stamp_ms = at_ms;
        let title = event.title.chars().count();
        if title == 0 || title > TITLE_CHARACTERS_MAX {
            let problem = if title == 0 { "mt.form.required" } else { "mt.form.long" };
            return Err(field_refused("mt.form.title", problem, "!meet 周会 @lisi 明天 10:00"));
        }
        if event.attendees.len() > ATTENDEES_MAX {
            return Err(field_refused("mt.form.people", "mt.form.many", ATTENDEES_MAX.to_string()));
        }
        if event.end <= event.start {
            return Err(field_refused("mt.form.time", "mt.form.backwards", "10:00-11:00"));
        }
        let organizer = event.organizer.as_ref().map(|party| party.address.clone());
        for attendee in &mut event.attendees {
            if Some(&attendee.address) == organizer.as_ref() {
                (attendee.role, attendee.partstat) = (Role::Chair, Partstat::Accepted);
            } else if matches!(attendee.address, Address::Resource(_)) {
                attendee.partstat = Partstat::Accepted;
            }
        }
        Ok(())
    }

    /// Votes of people who are not asked count nothing: in a room anybody can vote.
    pub fn vote(&mut self, slots: &BTreeSet<usize>) -> Result<(), Refusal> {
        let Some(account) = self.actor.account().cloned() else { return Ok(()) };
        let known = self.case.data.accounts();
        let Some(voter) = known.iter().find(|user| self.world.is_same(user, &account)).cloned() else {
            return Ok(());
        };
        let world = self.world;
        let Some(finding) = self.meeting().finding.as_mut().filter(|finding| !finding.is_closed) else {
            return Ok(());
        };
        let slots = slots.iter().copied().filter(|slot| *slot < finding.slots.len()).collect();
        finding.votes.insert(voter, slots);
        // Nobody waits for those who see no poll.
        let mut waited_for =
            known.iter().filter(|user| !is_elsewhere_alone(user, world.server_name, world.chart));
        let have_all_voted = waited_for.all(|user| finding.votes.contains_key(user));
        self.record("vote", state::FINDING);
        if have_all_voted {
            self.close_poll();
        }
        Ok(())
    }

    pub fn close_poll(&mut self) {
        if let Some(finding) = self.meeting().finding.as_mut().filter(|finding| !finding.is_closed) {
            finding.is_closed = true;
            self.effects.push(Effect::Cancel { name: "poll".to_owned() });
            self.effects.push(Effect::ClosePoll);
            self.record("close", state::FINDING);
        }
    }

    /// The organiser's choice decides; the poll only says what people prefer.
    pub fn pick(&mut self, slot: usize) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        let Some(finding) = &self.case.data.finding else { return Ok(()) };
        if self.case.state != state::FINDING {
            let who = self.case.data.organizer().map(|user| self.world.name(user)).unwrap_or_default();
            let time = self
                .case
                .data
                .event
                .zone
                .local(self.case.data.event.stamp_ms)
                .strftime("%m-%d %H:%M")
                .to_string();
            let result = self.case.data.event.start.strftime("%m-%d %H:%M").to_string();
            let already = Refusal::new("E103").with("who", who).with("time", time).with("via", "Matrix");
            return Err(already.with("result", result));
        }
        let Some(chosen) = finding.slots.get(slot).cloned() else { return Ok(()) };
        let votes = finding.votes.clone();
        let length = jiff::Span::new().minutes(i64::from(finding.length_minutes));
        let end = chosen.start.checked_add(length).unwrap_or(chosen.start);
        self.close_poll();
        let at_ms = self.world.at_ms;
        let event = &mut self.meeting().event;
        (event.start, event.end) = (chosen.start, end);
        (event.status, event.stamp_ms) = (EventStatus::Confirmed, at_ms);
        // Who voted for it has said that they can come.
        for attendee in &mut event.attendees {
            let voted = attendee.address.account().and_then(|user| votes.get(user));
            if voted.is_some_and(|voted| voted.contains(&slot)) && attendee.partstat == Partstat::NeedsAction
            {
                attendee.partstat = Partstat::Accepted;
                attendee.answered_ms = at_ms;
            }
        }
        self.check_event()?;
        self.reschedule()?;
        if self.case.data.round.is_none() {
            return Err(field_refused("mt.form.time", "mt.form.past", "!meet find"));
        }
        self.record("pick", state::FINDING);
        let when = Shown::When(chosen.start, end);
        self.tell_guests(
            "mt.told.picked",
            &[("no", Shown::Plain(self.case.no.clone())), ("when", when)],
            false,
        );
        Ok(())
    }
}
