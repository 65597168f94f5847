//! How people who are asked hear of it where their chat with the bot is no way to them.

use people::PersonId;

use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    flow::ADMINISTRATORS,
    instance::{Instead, Task, TaskState},
};

impl Desk<'_> {
    /// Notes how somebody who is asked hears of it. Whom nothing reaches an administrator decides for, and the starter is told.
    pub fn reached(&mut self, task: &str, person: &PersonId, instead: Instead) {
        let Some(task) = self.case.data.task_mut(task).filter(|task| task.waits_for(person)) else { return };
        if task.instead.insert(person.clone(), instead) == Some(instead) || instead != Instead::Nothing {
            return;
        }
        // For whom somebody else acts, their own task is with its owner still.
        let task = task.clone();
        if task.owner == *person {
            self.unreached(&task);
        }
    }

    fn unreached(&mut self, task: &Task) {
        let data = &self.case.data;
        let is_asked = |id: &PersonId| {
            data.tasks
                .iter()
                .any(|other| other.round == task.round && other.owner == *id && other.state.is_open())
        };
        let mut administrators = self.world.chart.in_role(ADMINISTRATORS).iter();
        let to = administrators.find(|id| **id != data.starter && !is_asked(id)).cloned();
        let mut values = self.named();
        values.push(("who", Shown::Plain(self.world.name(&task.owner))));
        let from = self.case.state.clone();
        let mut about =
            About { node: Some(&task.node), task: Some(&task.id), is_automatic: true, ..About::default() };
        let Some(to) = to else {
            self.record("unreached", &from, about);
            self.tell_starter("told.unreached", values, true);
            return;
        };
        let new = self.add_task(&task.node, task.round, to.clone(), task.state);
        if let Some(new) = self.case.data.task_mut(&new) {
            new.added = task.added.clone();
        }
        self.come_before(&task.id, &new);
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.state = TaskState::Transferred;
            old.awaiting = None;
        }
        about.task = Some(&new);
        self.record("unreached", &from, about);
        values.push(("to", Shown::Plain(self.world.name(&to))));
        self.tell_starter("told.unreached_to", values.clone(), false);
        let under = Under::Task(new);
        self.effects.push(Effect::Tell(Tell { to, under, text: "told.unreached_to", values, push: true }));
    }
}
