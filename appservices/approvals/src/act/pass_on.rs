//! Into other hands: transfer, reassign, add people, take them back.

use cases::Refusal;
use people::PersonId;

use super::Place;
use crate::{
    desk::{About, Desk, Shown},
    instance::{Added, Decided, Round, Task, TaskState, state},
    limits::{PEOPLE_OF_STEP_MAX, TASKS_MAX, TRANSFERS_MAX},
};

impl Desk<'_> {
    /// Has somebody else decide.
    pub fn transfer(&mut self, to: &PersonId, reason: Option<&str>) -> Result<(), Refusal> {
        let task = self.my_task(None)?;
        self.receiver(to)?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| self.reason(reason)).transpose()?;
        self.hand_over(&task, to, "transfer", reason)
    }

    /// An administrator gives somebody's task to somebody else.
    pub fn reassign(&mut self, from: &PersonId, to: &PersonId, reason: &str) -> Result<(), Refusal> {
        self.only_administrator()?;
        self.receiver(to)?;
        let reason = self.reason(reason)?.to_owned();
        let task = self.case.data.open().find(|task| task.owner == *from).cloned();
        let task = task.ok_or_else(|| self.not_yours())?;
        self.hand_over(&task, to, "reassign", Some(&reason))?;
        self.as_administrator();
        Ok(())
    }

    pub(super) fn hand_over(
        &mut self,
        task: &Task,
        to: &PersonId,
        action: &str,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let asked_already = self.has_part(task.round, to);
        if asked_already || task.transfers >= TRANSFERS_MAX || self.case.data.tasks.len() >= TASKS_MAX {
            let refusal = Refusal::new("E110").with("field", "form.person");
            let problem = if asked_already { "form.asked" } else { "form.transfers" };
            return Err(refusal.with("problem", problem).with("example", TRANSFERS_MAX.to_string()));
        }
        let new = self.put_in_place(task, to);
        let decided = self.actor.person.clone().map(|by| Decided {
            by,
            at_ms: self.world.at_ms,
            via: self.actor.via,
            result: "result.transferred".to_owned(),
            reason: reason.map(str::to_owned),
        });
        if let Some(new) = self.case.data.task_mut(&new) {
            new.state = TaskState::Pending;
            new.transfers = task.transfers + 1;
        }
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.decided = decided;
        }
        let on_behalf_of =
            self.actor.person.as_ref().is_some_and(|me| *me != task.owner).then_some(&task.owner);
        let about =
            About { node: Some(&task.node), task: Some(&new), reason, on_behalf_of, is_automatic: false };
        self.record(action, state::PENDING, about);
        let values = vec![
            ("who", Shown::Plain(self.world.name(&task.owner))),
            ("to", Shown::Plain(self.world.name(to))),
        ];
        self.tell_starter("told.transferred", values, false);
        Ok(())
    }

    /// Whether somebody is asked in a round, or has decided in it: rights are counted by person.
    pub(super) fn has_part(&self, round: u32, person: &PersonId) -> bool {
        let counts = |task: &Task| {
            task.state.is_open() || matches!(task.state, TaskState::Approved | TaskState::Rejected)
        };
        self.case.data.tasks.iter().any(|task| task.round == round && task.owner == *person && counts(task))
    }

    /// Gives a task to somebody else, as it stands: the new task's id.
    pub(super) fn put_in_place(&mut self, task: &Task, to: &PersonId) -> String {
        let new = self.add_task(&task.node, task.round, to.clone(), task.state);
        if let Some(new) = self.case.data.task_mut(&new) {
            new.transfers = task.transfers;
            new.added = task.added.clone();
        }
        self.come_before(&task.id, &new);
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.state = TaskState::Transferred;
            old.awaiting = None;
        }
        new
    }

    /// Who was added before the old task comes before the new one.
    fn come_before(&mut self, old: &str, new: &str) {
        for other in &mut self.case.data.tasks {
            if let Some(added) = &mut other.added
                && added.before.as_deref() == Some(old)
            {
                added.before = Some(new.to_owned());
            }
        }
    }

    /// Has others decide, too.
    pub fn add_sign(&mut self, people: &[PersonId], place: Place) -> Result<(), Refusal> {
        let task = self.my_task(None)?;
        let me = self.me()?;
        let refused =
            |problem: &str| Refusal::new("E110").with("field", "form.person").with("problem", problem);
        if people.is_empty() || people.len() > PEOPLE_OF_STEP_MAX {
            return Err(refused("form.how_many").with("example", PEOPLE_OF_STEP_MAX.to_string()));
        }
        if self.case.data.tasks.len() + people.len() > TASKS_MAX {
            return Err(refused("form.full").with("example", TASKS_MAX.to_string()));
        }
        for (at, person) in people.iter().enumerate() {
            self.receiver(person)?;
            // A round of its own comes after: who has decided here may be asked again there, but nobody asks themselves.
            let has_part = place != Place::After && self.has_part(task.round, person);
            if has_part || *person == me || people[..at].contains(person) {
                return Err(refused("form.asked").with("example", "@lisi"));
            }
        }
        let action = match place {
            Place::Before => "add_sign_before",
            Place::Parallel => "add_sign_parallel",
            Place::After => "add_sign_after",
        };
        if place == Place::After {
            if let Some(running) = &mut self.case.data.node {
                running.rounds.insert(0, Round { people: people.to_vec(), is_added: true });
            }
            self.record_added(action, &task);
            return self.decided(&task, TaskState::Approved, "approve", "result.approved", None);
        }
        let before = (place == Place::Before).then(|| task.id.clone());
        for person in people {
            let new = self.add_task(&task.node, task.round, person.clone(), TaskState::Pending);
            if let Some(new) = self.case.data.task_mut(&new) {
                new.added = Some(Added { by: me.clone(), before: before.clone() });
            }
        }
        if place == Place::Before
            && let Some(mine) = self.case.data.task_mut(&task.id)
        {
            mine.state = TaskState::Waiting;
            mine.awaiting = None;
        }
        self.record_added(action, &task);
        Ok(())
    }

    fn record_added(&mut self, action: &str, task: &Task) {
        self.record(
            action,
            state::PENDING,
            About { node: Some(&task.node), task: Some(&task.id), ..About::default() },
        );
    }

    /// Takes back one who was added and has not decided.
    pub fn remove_sign(&mut self, person: &PersonId) -> Result<(), Refusal> {
        let me = self.me()?;
        let is_mine = |task: &&Task| {
            let added_by_me = task.added.as_ref().is_some_and(|added| added.by == me);
            added_by_me && task.owner == *person && task.state.is_open()
        };
        let task = self.case.data.tasks.iter().find(is_mine).cloned().ok_or_else(|| self.not_yours())?;
        if let Some(added) = self.case.data.task_mut(&task.id) {
            added.state = TaskState::Closed;
            added.awaiting = None;
        }
        self.record_added("remove_sign", &task);
        self.settle()
    }
}
