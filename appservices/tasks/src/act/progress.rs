//! How far it is, and how it ends.

use cases::{Refusal, Via};
use people::PersonId;

use crate::{
    desk::{Desk, Effect, Tell},
    repeat,
    task::{Assignee, Ended, Origin, Task, is_running, state},
};

/// What can be said of how far somebody is, in percent.
pub(crate) const STEPS: [u8; 5] = [0, 25, 50, 75, 100];

impl Desk<'_> {
    /// Somebody says how far they are (E201). Who may change anything and does not do it says it for all.
    pub fn progress(&mut self, percent: u8) -> Result<(), Refusal> {
        let me = self.only_hands()?;
        if !STEPS.contains(&percent) {
            return Err(Refusal::new("E201"));
        }
        self.only_running()?;
        let is_mine = self.case.data.assignee(&me).is_some();
        let before = self.case.data.clone();
        for assignee in &mut self.case.data.assignees {
            if !is_mine || assignee.person == me {
                assignee.progress = percent;
                // Whoever does it takes it.
                assignee.is_accepted = true;
            }
        }
        if before.assignees == self.case.data.assignees {
            return Ok(());
        }
        self.case.data.awaiting.retain(|awaiting| awaiting.by != me);
        let from = self.case.state.clone();
        let sum = self.case.data.progress();
        self.case.state = match sum {
            100 => state::DONE,
            0 => state::OPEN,
            _ => state::DOING,
        }
        .to_owned();
        if sum == 100 {
            self.end(me, "tk.result.done");
        }
        self.record(&format!("progress_{percent}"), &from, None);
        Ok(())
    }

    /// It is over: who waits for it hears of it, and its timers go.
    fn end(&mut self, by: PersonId, result: &str) {
        let via = if self.actor.person.is_some() { self.actor.via } else { Via::Auto };
        self.case.data.ended =
            Some(Ended { by: by.clone(), at_ms: self.world.at_ms, via, result: result.into() });
        self.case.data.postponing = None;
        self.case.data.awaiting.clear();
        self.case.data.is_due_asked = false;
        self.cancel_timers();
        self.case.data.fired.clear();
        if self.case.data.creator != by {
            let text = if result == "tk.result.done" { "tk.told.done" } else { "tk.told.cancelled" };
            let values = [self.named(), vec![("who", self.world.name(&by))]].concat();
            self.tell(Tell::note(vec![self.case.data.creator.clone()], text, values));
        }
        if result == "tk.result.done" {
            self.go_on();
        }
    }

    /// It is not wanted any more, nor is what would follow it.
    pub fn cancel(&mut self, reason: Option<&str>) -> Result<(), Refusal> {
        let me = self.only_manager()?;
        self.only_running()?;
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let reason = reason.map(|reason| self.reason(reason)).transpose()?;
        let others: Vec<PersonId> = self.case.data.busy().filter(|person| **person != me).cloned().collect();
        let from = std::mem::replace(&mut self.case.state, state::CANCELLED.to_owned());
        self.case.data.note = reason.clone().map(|reason| (me.clone(), reason));
        self.end(me.clone(), "tk.result.cancelled");
        let values = [self.named(), vec![("who", self.world.name(&me))]].concat();
        self.tell(Tell::note(others, "tk.told.cancelled", values));
        self.record("cancel", &from, reason.as_deref());
        Ok(())
    }

    /// It is not done after all.
    pub fn reopen(&mut self) -> Result<(), Refusal> {
        let me = self.only_hands()?;
        let is_cancelled = self.case.state == state::CANCELLED;
        if is_running(&self.case.state) {
            return Ok(());
        }
        if self.case.state == state::PROPOSED {
            return Err(self.not_yours_but(&self.case.data.creator));
        }
        if is_cancelled && !self.is_manager(&me) {
            return Err(self.not_yours_but(&self.case.data.creator));
        }
        let from = std::mem::replace(&mut self.case.state, state::OPEN.to_owned());
        for assignee in &mut self.case.data.assignees {
            assignee.progress = 0;
        }
        self.case.data.ended = None;
        self.case.data.note = None;
        self.set_timers();
        self.record("reopen", &from, None);
        let others = self.case.data.busy().filter(|person| **person != me).cloned().collect();
        let values = [self.named(), vec![("who", self.world.name(&me))]].concat();
        self.tell(Tell::push(others, "tk.told.reopened", values));
        Ok(())
    }

    /// Has the next one of a repetition made, once.
    pub fn go_on(&mut self) {
        let data = &self.case.data;
        let (Some(rule), Some(due_ms), false) = (&data.repeat, data.due_ms, data.is_continued) else {
            return;
        };
        let after_ms = self.world.at_ms.max(due_ms);
        let Ok(Some(next)) = repeat::next(rule, due_ms, after_ms, self.world.zone) else {
            self.case.data.is_continued = true;
            return;
        };
        let starts_before = data.start_ms.map(|start_ms| due_ms.saturating_sub(start_ms));
        let assignees = data.assignees.iter().map(|assignee| Assignee { progress: 0, ..assignee.clone() });
        let checklist =
            data.checklist.iter().map(|item| crate::task::Item { is_done: false, ..item.clone() });
        let task = Task {
            description: data.description.clone(),
            assignees: assignees.collect(),
            mode: data.mode,
            followers: data.followers.clone(),
            priority: data.priority,
            tags: data.tags.clone(),
            start_ms: starts_before.map(|before| next.due_ms.saturating_sub(before)),
            due_ms: Some(next.due_ms),
            checklist: checklist.collect(),
            parent: data.parent.clone(),
            source: Origin::Repeat(self.case.no.clone()),
            template: data.template.clone(),
            is_secret: data.is_secret,
            remind_before_ms: data.remind_before_ms.clone(),
            repeat: Some(next.rule),
            missed: next.missed,
            home: data.home.clone(),
            ..Task::blank(data.title.clone(), data.creator.clone(), Vec::new(), &data.zone, self.world.at_ms)
        };
        self.case.data.is_continued = true;
        self.effects.push(Effect::Next(Box::new(task)));
    }
}
