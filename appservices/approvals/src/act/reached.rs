//! How people who are asked hear of it where their chat with the bot is no way to them.

use people::PersonId;

use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    flow::ADMINISTRATORS,
    instance::{Instead, Task},
    limits::TASKS_MAX,
};

impl Desk<'_> {
    /// Notes how somebody who is asked hears of it. Whom nothing reaches an administrator decides for, and the starter is told.
    /// Where no administrator is left to try, the task stays with who has it: they decide as soon as they have an account.
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
        // Two whom nothing reaches would hand it to each other for ever.
        let was_tried = |id: &PersonId| {
            let is_theirs = |other: &&Task| other.round == task.round && other.owner == *id;
            let unreached = |other: &Task| other.instead.get(id) == Some(&Instead::Nothing);
            data.tasks.iter().filter(is_theirs).any(unreached)
        };
        let may = |id: &&PersonId| **id != data.starter && !self.has_part(task.round, id) && !was_tried(id);
        let mut administrators = self.world.chart.in_role(ADMINISTRATORS).iter();
        let to = administrators.find(may).filter(|_| data.tasks.len() < TASKS_MAX).cloned();
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
        let new = self.put_in_place(task, &to);
        about.task = Some(&new);
        self.record("unreached", &from, about);
        values.push(("to", Shown::Plain(self.world.name(&to))));
        self.tell_starter("told.unreached_to", values.clone(), false);
        let under = Under::Task(new);
        self.effects.push(Effect::Tell(Tell { to, under, text: "told.unreached_to", values, push: true }));
    }
}
