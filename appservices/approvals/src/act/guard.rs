//! Who may do what. Each guard gives what it found, or the refusal in the words of the table.

use cases::{Refusal, Via};
use people::PersonId;

use crate::{
    card::word_of,
    desk::{Desk, acting},
    flow::ADMINISTRATORS,
    instance::{Decided, Task, TaskState, state},
    limits::REASON_BYTES_MAX,
};

impl Desk<'_> {
    /// The person who acts (E108).
    pub fn me(&self) -> Result<PersonId, Refusal> {
        acting(&self.world, self.actor)
            .map(|person| person.id.clone())
            .ok_or_else(|| Refusal::new("E108").with("platform", "matrix"))
    }

    /// The starter, or E101 with who has it.
    pub fn only_starter(&self) -> Result<PersonId, Refusal> {
        let me = self.me()?;
        if me == self.case.data.starter { Ok(me) } else { Err(self.not_yours()) }
    }

    /// An administrator of approvals, or E102.
    pub fn only_administrator(&self) -> Result<PersonId, Refusal> {
        let me = self.me()?;
        if self.world.chart.in_role(ADMINISTRATORS).contains(&me) {
            return Ok(me);
        }
        Err(Refusal::new("E102").with("role", ADMINISTRATORS).with("scope", "org"))
    }

    /// Somebody who has a part in it, or E107: others do not learn that it exists.
    pub fn only_involved(&self) -> Result<PersonId, Refusal> {
        let me = self.me()?;
        let may = self.case.data.involves(&me) || self.world.chart.in_role(ADMINISTRATORS).contains(&me);
        if may { Ok(me) } else { Err(Refusal::new("E107").with("no", &self.case.no)) }
    }

    /// The task that the actor may decide now. A named one must be it.
    pub fn my_task(&self, named: Option<&str>) -> Result<Task, Refusal> {
        // Who names a task has its card before them, so there is nothing to hide from them.
        let me = match named {
            Some(_) => self.me()?,
            None => self.only_involved_or_delegate()?,
        };
        let data = &self.case.data;
        let mine = |task: &&Task| self.may_decide(task, &me);
        let named = named.and_then(|id| data.task(id));
        let found = match named {
            Some(task) if mine(&task) => Some(task),
            // The card of a task that was passed on: whoever reacts to it acts on what they have now.
            Some(_) | None => data.tasks.iter().filter(mine).find(|task| task.state == TaskState::Pending),
        };
        let last = || data.tasks.iter().rev().find(mine);
        let Some(task) = found.or_else(last) else { return Err(self.not_yours()) };
        if task.state == TaskState::Pending && self.case.state == state::PENDING {
            return Ok(task.clone());
        }
        Err(self.already(task))
    }

    /// Whether somebody may decide a task: its owner, or who acts for them. Never the starter for somebody else.
    pub fn may_decide(&self, task: &Task, me: &PersonId) -> bool {
        let starter = &self.case.data.starter;
        if task.partner.is_some() {
            return false;
        }
        task.owner == *me
            || (task.delegate.as_ref() == Some(me) && me != starter)
            || self.world.delegate_of(&task.owner, starter).as_ref() == Some(me)
    }

    fn only_involved_or_delegate(&self) -> Result<PersonId, Refusal> {
        let me = self.me()?;
        let acts_for = self.case.data.tasks.iter().any(|task| self.may_decide(task, &me));
        if acts_for { Ok(me) } else { self.only_involved() }
    }

    /// E103 with how it was decided, or how the case ended over it; E101 for what was never asked of anybody.
    pub(super) fn already(&self, task: &Task) -> Refusal {
        let is_taken_away = matches!(self.case.state.as_str(), state::RECALLED | state::TERMINATED);
        if is_taken_away && task.decided.is_none() {
            return self.over();
        }
        let same_round = |other: &&Task| other.round == task.round && other.decided.is_some();
        let decided = task.decided.as_ref().or_else(|| {
            self.case
                .data
                .tasks
                .iter()
                .filter(same_round)
                .filter_map(|other| other.decided.as_ref())
                .next_back()
        });
        match decided {
            Some(decided) => self.handled(decided),
            None => self.not_yours(),
        }
    }

    fn handled(&self, decided: &Decided) -> Refusal {
        Refusal::new("E103")
            .with("who", self.world.name(&decided.by))
            .with("time", self.world.time(decided.at_ms))
            .with("via", decided.via.key())
            .with("result", decided.result.clone())
    }

    /// E101 with who has it now; E103 with how it ended where nobody has it any more.
    pub fn not_yours(&self) -> Refusal {
        let who = match self.case.state.as_str() {
            state::DRAFT | state::RETURNED => self.world.name(&self.case.data.starter),
            state::PENDING => self.world.names(self.case.data.open().map(|task| &task.owner)),
            _ => return self.over(),
        };
        Refusal::new("E101").with("who", who)
    }

    /// E103 with how it ended.
    fn over(&self) -> Refusal {
        if let Some(ended) = &self.case.data.ended {
            return self.handled(ended);
        }
        // It ended before that was kept: the last decision is the nearest to it.
        let decided = self.case.data.tasks.iter().filter_map(|task| task.decided.as_ref());
        let last = decided.max_by_key(|decided| decided.at_ms);
        let by = last.map_or(&self.case.data.starter, |decided| &decided.by);
        let at_ms = last.map_or(self.case.created_ms, |decided| decided.at_ms);
        Refusal::new("E103")
            .with("who", self.world.name(by))
            .with("time", self.world.time(at_ms))
            .with("via", Via::Matrix.key())
            .with("result", word_of(&self.case.state))
    }

    /// A reason that is there and not too long (E110).
    pub fn reason<'r>(&self, reason: &'r str) -> Result<&'r str, Refusal> {
        let reason = reason.trim();
        if !reason.is_empty() && reason.len() <= REASON_BYTES_MAX {
            return Ok(reason);
        }
        let problem = if reason.is_empty() { "form.required" } else { "form.long" };
        Err(Refusal::new("E110").with("field", "form.reason").with("problem", problem).with("example", "…"))
    }

    /// Somebody to whom it can be given: works here, and is not the starter (E115).
    pub fn receiver(&self, to: &PersonId) -> Result<(), Refusal> {
        if *to == self.case.data.starter {
            return Err(Refusal::new("E115"));
        }
        if self.world.chart.active(to).is_some() {
            return Ok(());
        }
        Err(Refusal::new("E110")
            .with("field", "form.person")
            .with("problem", "form.nobody")
            .with("example", "@lisi"))
    }
}
