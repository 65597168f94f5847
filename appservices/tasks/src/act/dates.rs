//! When it is due, and what asks for it.

use cases::Refusal;
use people::PersonId;

use super::guard::refused;
use crate::{
    desk::{Desk, Effect, Tell},
    limits::{OVERDUE_HEADS_MS, OVERDUE_MS, SNOOZE_MS_MAX},
    task::{Postponing, is_running, state},
};

impl Desk<'_> {
    /// Sets the timers that follow from when it is due, and takes away those that have passed.
    pub fn set_timers(&mut self) {
        let data = &self.case.data;
        let due_ms = data.due_ms.filter(|_| is_running(&self.case.state));
        let before = data.remind_before_ms.iter().map(|before_ms| {
            (format!("r{before_ms}"), due_ms.map(|due_ms| due_ms.saturating_sub(*before_ms)))
        });
        let after = [("due", 0), ("over", OVERDUE_MS), ("heads", OVERDUE_HEADS_MS)];
        let after = after
            .map(|(name, after_ms)| (name.to_owned(), due_ms.map(|due_ms| due_ms.saturating_add(after_ms))));
        let now_ms = self.world.at_ms;
        let effects: Vec<Effect> = before
            .chain(after)
            .map(|(name, at_ms)| match at_ms.filter(|at_ms| *at_ms > now_ms) {
                Some(at_ms) => Effect::Timer { name, at_ms },
                None => Effect::Cancel { name },
            })
            .collect();
        self.effects.extend(effects);
    }

    /// Takes all timers away that follow from when it is due.
    pub fn cancel_timers(&mut self) {
        let before = self.case.data.remind_before_ms.iter().map(|before_ms| format!("r{before_ms}"));
        let names: Vec<String> = before.chain(["due", "over", "heads"].map(str::to_owned)).collect();
        self.effects.extend(names.into_iter().map(|name| Effect::Cancel { name }));
    }

    /// A moment that is still to come (E203 otherwise).
    pub fn future(&self, at_ms: u64) -> Result<u64, Refusal> {
        if at_ms > self.world.at_ms {
            return Ok(at_ms);
        }
        Err(Refusal::new("E203").with("text", self.world.time(at_ms)))
    }

    pub fn set_due(&mut self, due_ms: Option<u64>) {
        self.cancel_timers();
        self.case.data.due_ms = due_ms;
        self.case.data.is_due_asked = false;
        self.case.data.fired.clear();
        self.set_timers();
    }

    /// The creator says when it is due.
    pub fn due(&mut self, due_ms: u64) -> Result<(), Refusal> {
        self.only_manager()?;
        self.only_running()?;
        let due_ms = self.future(due_ms)?;
        self.set_due(Some(due_ms));
        self.record("due", &self.case.state.clone(), None);
        Ok(())
    }

    /// Wants it to be due later. Who may change anything has it so; who does it asks for it.
    pub fn postpone(&mut self, due_ms: u64, reason: &str) -> Result<(), Refusal> {
        let me = self.only_hands()?;
        self.only_running()?;
        let due_ms = self.future(due_ms)?;
        if self.is_manager(&me) {
            let reason = reason.trim();
            let reason = (!reason.is_empty()).then(|| self.reason(reason)).transpose()?;
            self.postponed_to(due_ms, reason.as_deref());
            return Ok(());
        }
        let reason = self.reason(reason)?;
        self.case.data.postponings += 1;
        let number = self.case.data.postponings;
        self.record("ask_postpone", &self.case.state.clone(), Some(&reason));
        self.case.data.postponing = Some(Postponing { number, by: me, due_ms, reason });
        self.effects.push(Effect::AskForTime { number });
        Ok(())
    }

    fn postponed_to(&mut self, due_ms: u64, reason: Option<&str>) {
        self.set_due(Some(due_ms));
        self.case.data.postponing = None;
        self.record("postpone", &self.case.state.clone(), reason);
        let others: Vec<PersonId> = self
            .case
            .data
            .busy()
            .filter(|person| Some(*person) != self.actor.person.as_ref())
            .cloned()
            .collect();
        let values = [self.named(), vec![("due", self.world.time(due_ms))]].concat();
        self.tell(Tell::note(others, "tk.told.postponed", values));
    }

    /// Says whether it may be due later. Only the newest question can be answered.
    pub fn postponed(&mut self, number: u32, yes: bool) -> Result<(), Refusal> {
        self.only_manager()?;
        self.only_running()?;
        let asked = self.case.data.postponing.clone().filter(|asked| asked.number == number);
        let Some(asked) = asked else {
            return Err(refused("tk.field.postponing", "tk.problem.answered", "!task mine"));
        };
        if yes {
            self.future(asked.due_ms)?;
            self.postponed_to(asked.due_ms, Some(&asked.reason));
            return Ok(());
        }
        self.case.data.postponing = None;
        self.record("refuse_postpone", &self.case.state.clone(), None);
        let values = self.named();
        self.tell(Tell::push(vec![asked.by], "tk.told.not_postponed", values));
        Ok(())
    }

    /// Wants to be reminded again, also of what has reminded before.
    pub fn snooze(&mut self, for_ms: u64) -> Result<(), Refusal> {
        let me = self.only_hands()?;
        if self.case.state == state::PROPOSED {
            return Err(self.not_yours_but(&self.case.data.creator));
        }
        self.only_running()?;
        if for_ms == 0 || for_ms > SNOOZE_MS_MAX {
            return Err(refused("tk.field.snooze", "tk.problem.duration", "30m, 1h, 2d"));
        }
        let at_ms = self.world.at_ms.saturating_add(for_ms);
        self.effects.push(Effect::Timer { name: format!("snooze/{me}"), at_ms });
        let values = [self.named(), vec![("time", self.world.time(at_ms))]].concat();
        self.tell(Tell::note(vec![me], "tk.told.snoozed", values));
        Ok(())
    }
}
