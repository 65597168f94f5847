//! What happens by the clock.

use people::PersonId;
use workdays::Quiet;

use crate::{
    desk::{Desk, Effect, Tell},
    limits::{DUE_NOW_MS, FIRED_KEPT_MAX},
    span::LEFT,
    task::{Reminded, is_running},
};

/// A timer of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// It is due in so many ms; at 0 it is due now.
    Before(u64),
    /// It was due now: the card says so, and the next one of a repetition is made.
    Due,
    /// It was due a day ago.
    Overdue,
    /// It was due two days ago.
    OverdueHeads,
    /// Quiet hours are over for somebody who was to be told this.
    Quiet { what: String, person: PersonId },
    /// Somebody wanted to be reminded again.
    Snoozed(PersonId),
    /// Somebody's silence is consent now.
    Accept(PersonId),
    /// A refusal got no reason.
    Reason(PersonId),
}

impl Alarm {
    /// The alarm of a timer by its name in the task.
    pub fn named(name: &str) -> Option<Self> {
        let person = |id: &str| PersonId(id.to_owned());
        if let Some((what, rest)) = name.split_once('/') {
            return match what {
                "q" => rest
                    .split_once('/')
                    .map(|(what, id)| Self::Quiet { what: what.to_owned(), person: person(id) }),
                "snooze" => Some(Self::Snoozed(person(rest))),
                "accept" => Some(Self::Accept(person(rest))),
                "reason" => Some(Self::Reason(person(rest))),
                _ => None,
            };
        }
        match name {
            "due" => Some(Self::Due),
            "over" => Some(Self::Overdue),
            "heads" => Some(Self::OverdueHeads),
            _ => name.strip_prefix('r').and_then(|before_ms| before_ms.parse().ok()).map(Self::Before),
        }
    }
}

impl Desk<'_> {
    /// A timer is due. One that nobody needs any more changes nothing.
    pub fn alarm(&mut self, alarm: &Alarm, is_late: bool) {
        if !is_running(&self.case.state) {
            return;
        }
        let busy = || self.case.data.busy().cloned().collect::<Vec<_>>();
        match alarm {
            Alarm::Before(before_ms) => {
                // After a stop only the newest of several that were missed is told.
                let newer = |other: &&u64| *other < before_ms && self.has_come(**other);
                if self.has_come(*before_ms)
                    && !self.case.data.remind_before_ms.iter().any(|other| newer(&other))
                {
                    let people = busy();
                    self.remind(&format!("r{before_ms}"), people, is_late);
                }
            }
            Alarm::Due => self.go_on(),
            Alarm::Overdue => {
                let mut people = busy();
                if !people.contains(&self.case.data.creator) {
                    people.push(self.case.data.creator.clone());
                }
                self.remind("over", people, is_late);
            }
            Alarm::OverdueHeads => {
                let chart = self.world.chart;
                let mut heads: Vec<PersonId> = busy()
                    .iter()
                    .filter_map(|person| chart.person(person))
                    .flat_map(|person| chart.heads_above(person))
                    .collect();
                heads.sort();
                heads.dedup();
                self.remind("heads", heads, is_late);
            }
            Alarm::Quiet { what, person } => {
                let concerns =
                    what == "heads" || *person == self.case.data.creator || busy().contains(person);
                if concerns {
                    self.remind(what, vec![person.clone()], false);
                }
            }
            Alarm::Snoozed(person) => self.remind("snooze", vec![person.clone()], is_late),
            Alarm::Accept(person) => self.accepted(person),
            Alarm::Reason(person) => {
                let now_ms = self.world.at_ms;
                self.case
                    .data
                    .awaiting
                    .retain(|awaiting| awaiting.by != *person || awaiting.until_ms > now_ms);
            }
        }
    }

    /// Whether it is time for a reminder so long before.
    fn has_come(&self, before_ms: u64) -> bool {
        let due_ms = self.case.data.due_ms;
        due_ms.is_some_and(|due_ms| due_ms.saturating_sub(before_ms) <= self.world.at_ms)
    }

    /// Reminds people, those for whom it is quiet when it is not any more.
    fn remind(&mut self, what: &str, people: Vec<PersonId>, is_late: bool) {
        let now_ms = self.world.at_ms;
        let mut now = Vec::new();
        for person in people {
            let zone =
                self.world.chart.person(&person).map_or_else(workdays::default_zone, crate::desk::zone_of);
            let at_ms = if self.is_urgent() { now_ms } else { Quiet::default().after(now_ms, &zone) };
            if at_ms > now_ms {
                self.effects.push(Effect::Timer { name: format!("q/{what}/{person}"), at_ms });
            } else {
                now.push(person);
            }
        }
        let data = &mut self.case.data;
        data.fired.retain(|fired| fired.name != what);
        data.fired.push(Reminded { name: what.to_owned(), at_ms: now_ms });
        let too_many = data.fired.len().saturating_sub(FIRED_KEPT_MAX);
        data.fired.drain(..too_many);
        let values = [self.named(), self.dated()].concat();
        self.tell(Tell { is_late, ..Tell::push(now, self.text_of(what), values) });
    }

    /// What a reminder says about the time, as it is when it is told.
    fn dated(&self) -> Vec<(&'static str, String)> {
        let data = &self.case.data;
        let due = data.due_ms.map_or_else(|| "-".to_owned(), |due_ms| self.world.time(due_ms));
        let left_ms = data.due_ms.unwrap_or(0).abs_diff(self.world.at_ms);
        vec![("due", due), (LEFT, left_ms.to_string()), ("who", self.world.names(data.busy()))]
    }

    fn text_of(&self, what: &str) -> &'static str {
        let now_ms = self.world.at_ms;
        match (what, self.case.data.due_ms) {
            ("heads", _) => "tk.remind.heads",
            (_, None) => "tk.remind.again",
            (_, Some(due_ms)) if now_ms < due_ms => "tk.remind.before",
            (_, Some(due_ms)) if now_ms - due_ms < DUE_NOW_MS => "tk.remind.due",
            (_, Some(_)) => "tk.remind.overdue",
        }
    }
}
