//! What the clock does to a meeting: reminders, start, end, the end of a poll, minutes that are summed up.

use calendar::{Partstat, RecurrenceId};
use cases::Refusal;

use crate::{
    desk::{Desk, Effect, Shown},
    limits::{MINUTES_KEPT_MAX, MINUTES_LINE_BYTES_MAX, MINUTES_LINES_MAX, MINUTES_WAIT_MS},
    line::Scope,
    meeting::{Line, Minutes, state},
    minutes,
};

/// A timer of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// So many minutes before the start.
    Remind(u32),
    /// The start.
    Start,
    /// The end.
    End,
    /// The poll has been open long enough.
    Poll,
    /// Nobody has written into these minutes for a while.
    Minutes(RecurrenceId),
    /// The notice after the organiser left is over.
    Orphan,
}

impl Alarm {
    /// The timer of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.split_once('/') {
            Some(("remind", minutes)) => minutes.parse().ok().map(Self::Remind),
            Some(("minutes", id)) => id.parse().ok().map(Self::Minutes),
            Some(_) => None,
            None => match name {
                "start" => Some(Self::Start),
                "end" => Some(Self::End),
                "poll" => Some(Self::Poll),
                "orphan" => Some(Self::Orphan),
                _ => None,
            },
        }
    }
}

/// The timer that sums minutes up.
fn minutes_timer(id: RecurrenceId) -> String {
    format!("minutes/{id}")
}

impl Desk<'_> {
    pub fn ring(&mut self, alarm: Alarm, is_late: bool) -> Result<(), Refusal> {
        match alarm {
            Alarm::Remind(minutes) => {
                self.remind(minutes, is_late);
                Ok(())
            }
            Alarm::Start => {
                self.start();
                Ok(())
            }
            Alarm::End => self.end(),
            Alarm::Poll => {
                self.close_poll();
                Ok(())
            }
            Alarm::Minutes(id) => {
                self.sum_up(id);
                Ok(())
            }
            Alarm::Orphan => match self.case.data.orphaned_until_ms {
                Some(at_ms) if at_ms <= self.world.at_ms => self.call_off_scope(Scope::All),
                Some(_) | None => Ok(()),
            },
        }
    }

    /// Of several reminders that were missed only the last is sent, marked late.
    fn remind(&mut self, minutes: u32, is_late: bool) {
        let now = self.world.at_ms;
        let later: Vec<u32> =
            self.case.data.event.reminders.iter().copied().filter(|other| *other < minutes).collect();
        let Some(round) = self.case.data.round.as_mut() else { return };
        if !round.reminded.insert(minutes) {
            return;
        }
        let due = |minutes: u32| round.start_ms.saturating_sub(u64::from(minutes) * 60_000) <= now;
        let is_overtaken = later.iter().any(|other| due(*other));
        let state = self.case.state.clone();
        if is_overtaken {
            return;
        }
        self.record("remind", &state);
        self.effects.push(Effect::Remind { minutes, is_late });
    }

    fn start(&mut self) {
        let is_due = self.case.data.round.as_ref().is_some_and(|round| round.start_ms <= self.world.at_ms);
        if is_due && self.case.state == state::SCHEDULED {
            self.case.state = state::LIVE.to_owned();
            self.record("start", state::SCHEDULED);
        }
    }

    /// Only the organiser hears who said yes and was not seen, and only where anybody was.
    fn end(&mut self) -> Result<(), Refusal> {
        let Some(round) = self.case.data.round.clone() else { return Ok(()) };
        if round.end_ms > self.world.at_ms {
            return Ok(());
        }
        let before = self.case.state.clone();
        self.case.state = state::ENDED.to_owned();
        self.record("end", &before);
        let meeting = &self.case.data;
        let missing: Vec<String> = meeting
            .guests()
            .filter(|(_, attendee)| meeting.answer(attendee, Some(round.id)) == Partstat::Accepted)
            .filter(|(user, _)| !round.present.iter().any(|seen| self.world.is_same(seen, user)))
            .map(|(user, _)| self.world.name(user))
            .collect();
        if !missing.is_empty() && !round.present.is_empty() {
            let no = Shown::Plain(self.case.no.clone());
            let who = Shown::Plain(missing.join("、"));
            self.tell_organizer("mt.told.missing", vec![("no", no), ("who", who)], false);
        }
        if !self.case.data.event.all_day {
            self.begin_minutes(round.id, round.start);
        }
        self.reschedule()
    }

    fn begin_minutes(&mut self, id: RecurrenceId, start: jiff::civil::DateTime) {
        if self.case.data.minutes_of(id).is_some() {
            return;
        }
        let all = &mut self.case.data.minutes;
        all.push(Minutes { id, start, lines: Vec::new(), summed: 0 });
        let too_many = all.len().saturating_sub(MINUTES_KEPT_MAX);
        all.drain(..too_many);
        self.effects.push(Effect::OpenMinutes(id));
    }

    pub fn open_minutes(&mut self) -> Result<(), Refusal> {
        let round = self.case.data.round.clone();
        if let Some(round) = round.filter(|_| self.case.state == state::LIVE) {
            self.begin_minutes(round.id, round.start);
            let state = self.case.state.clone();
            self.record("open_minutes", &state);
        }
        Ok(())
    }

    /// Whoever takes part may write; others talk beside it. Fifteen minutes after the last line it is summed up.
    pub fn write(&mut self, id: RecurrenceId, text: &str) -> Result<(), Refusal> {
        let Some(account) = self.actor.account().cloned() else { return Ok(()) };
        let writer = self.case.data.accounts().into_iter().find(|user| self.world.is_same(user, &account));
        let Some(by) = writer else { return Ok(()) };
        let lives = self.case.state == state::LIVE;
        if lives && let Some(round) = self.case.data.round.as_mut().filter(|round| round.id == id) {
            round.present.insert(by.clone());
        }
        let Some(open) = self.case.data.minutes.iter_mut().find(|minutes| minutes.id == id) else {
            return Ok(());
        };
        let before = open.lines.len();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if open.lines.len() < MINUTES_LINES_MAX && line.len() <= MINUTES_LINE_BYTES_MAX {
                let kind = minutes::read(line).0;
                open.lines.push(Line { by: by.clone(), kind, text: line.to_owned() });
            }
        }
        if open.lines.len() > before {
            let at_ms = self.world.at_ms + MINUTES_WAIT_MS;
            self.effects.push(Effect::Timer { name: minutes_timer(id), at_ms });
        }
        Ok(())
    }

    fn sum_up(&mut self, id: RecurrenceId) {
        let Some(open) = self.case.data.minutes.iter_mut().find(|minutes| minutes.id == id) else { return };
        let from = open.summed;
        if from >= open.lines.len() {
            return;
        }
        open.summed = open.lines.len();
        let before = self.case.state.clone();
        if before == state::ENDED {
            self.case.state = state::MINUTED.to_owned();
        }
        self.record("sum_up", &before);
        self.effects.push(Effect::SumUp { id, from });
    }

    pub fn attend(&mut self) -> Result<(), Refusal> {
        let Some(account) = self.actor.account().cloned() else { return Ok(()) };
        let seen = self.case.data.accounts().into_iter().find(|user| self.world.is_same(user, &account));
        let lives = self.case.state == state::LIVE;
        if let (Some(seen), Some(round), true) = (seen, self.case.data.round.as_mut(), lives) {
            round.present.insert(seen);
        }
        Ok(())
    }
}
