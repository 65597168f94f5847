//! Yes and no.

use cases::{Refusal, Via};
use people::PersonId;

use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    instance::{Awaiting, Decided, Task, TaskState, state},
    limits::REASON_WAIT_MS,
    template::{Condition, Value, brief, facts},
};

impl Desk<'_> {
    /// Agrees.
    pub fn approve(
        &mut self,
        task: Option<&str>,
        comment: Option<&str>,
        code: Option<&str>,
        chance: u64,
    ) -> Result<(), Refusal> {
        let task = self.my_task(task)?;
        let comment = comment.map(str::trim).filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| self.reason(comment)).transpose()?;
        if self.needs_code() {
            let me = self.me()?;
            let expected = task.awaiting.as_ref().filter(|awaiting| awaiting.by == me);
            let expected = expected.and_then(|awaiting| awaiting.code.as_deref());
            let given = code.or(comment);
            if expected.is_none() || expected != given {
                self.await_code(&task, me, chance);
                return Ok(());
            }
            let comment = if code.is_some() { comment } else { None };
            return self.decided(&task, TaskState::Approved, "approve", "result.approved", comment);
        }
        self.decided(&task, TaskState::Approved, "approve", "result.approved", comment)
    }

    /// Does not agree. Without a reason that is needed, it waits for one.
    pub fn reject(&mut self, task: Option<&str>, reason: Option<&str>) -> Result<(), Refusal> {
        let task = self.my_task(task)?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() && self.world.template.policy.reason_on_reject {
            let by = self.me()?;
            self.await_answer(&task, by, None, "E111", Vec::new());
            return Ok(());
        }
        let reason = reason.map(|reason| self.reason(reason)).transpose()?;
        self.decided(&task, TaskState::Rejected, "reject", "result.rejected", reason)
    }

    fn needs_code(&self) -> bool {
        let condition = self.world.template.policy.confirm_over.as_deref();
        let condition = condition.and_then(|text| Condition::parse(text).ok());
        condition.is_some_and(|condition| condition.holds(&facts(self.world.template, &self.case.data.form)))
    }

    fn await_code(&mut self, task: &Task, by: PersonId, chance: u64) {
        let code = format!("{:06}", chance % 1_000_000);
        let amount = self.world.template.form.iter().find(|field| field.is_money());
        let amount = amount.and_then(|field| {
            let value: &Value = self.case.data.form.get(&field.id)?;
            Some(brief(field, value, self.world.chart))
        });
        let values = vec![
            ("code", Shown::Plain(code.clone())),
            ("amount", Shown::Plain(amount.unwrap_or_else(|| "-".to_owned()))),
        ];
        self.await_answer(task, by, Some(code), "E112", values);
    }

    fn await_answer(
        &mut self,
        task: &Task,
        by: PersonId,
        code: Option<String>,
        text: &'static str,
        values: Vec<(&'static str, Shown)>,
    ) {
        let until_ms = self.world.at_ms.saturating_add(REASON_WAIT_MS);
        let source = self.actor.source.clone();
        if let Some(waiting) = self.case.data.task_mut(&task.id) {
            waiting.awaiting = Some(Awaiting { by: by.clone(), code, until_ms, source });
        }
        self.effects.push(Effect::Timer { name: format!("answer/{}", task.id), at_ms: until_ms });
        let under = Under::Task(task.id.clone());
        self.effects.push(Effect::Tell(Tell { to: by, under, text, values, push: true }));
    }

    /// A decision counts: the first for a task, whatever the verb or the way.
    pub(super) fn decided(
        &mut self,
        task: &Task,
        outcome: TaskState,
        action: &str,
        result: &str,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let by = match &self.actor.person {
            Some(_) => self.me()?,
            None => task.owner.clone(),
        };
        let acts = self.actor.account.is_some() || self.actor.person.is_some();
        let via = if acts { self.actor.via } else { Via::Auto };
        let at_ms = self.world.at_ms;
        let decided =
            Decided { by: by.clone(), at_ms, via, result: result.into(), reason: reason.map(str::to_owned) };
        if let Some(mine) = self.case.data.task_mut(&task.id) {
            mine.state = outcome;
            mine.decided = Some(decided);
            if mine.awaiting.take().is_some() {
                self.effects.push(Effect::Cancel { name: format!("answer/{}", task.id) });
            }
        }
        let on_behalf_of = (by != task.owner).then_some(&task.owner);
        let about =
            About { node: Some(&task.node), task: Some(&task.id), reason, on_behalf_of, is_automatic: false };
        self.record(action, state::PENDING, about);
        if outcome == TaskState::Rejected {
            self.case.data.note = reason.map(|reason| (by, reason.to_owned()));
        }
        self.settle()
    }
}
