//! A round: what the words of its people come to, and who is woken or told.

use cases::Refusal;
use people::PersonId;

use super::{outcome::outcome, walk::Walked};
use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    instance::{Task, TaskState, state},
    limits::READERS_MAX,
    template::{Mode, Step},
};

impl Desk<'_> {
    /// How words count in the round under way.
    pub(super) fn mode(&self) -> Mode {
        let Some(running) = &self.case.data.node else { return Mode::And };
        match self.world.template.node(&running.id).map(|node| &node.step) {
            Some(Step::Approve { mode, .. }) if !running.is_added => *mode,
            Some(_) | None => Mode::And,
        }
    }

    /// After a word was said: goes on if it settles the round.
    pub fn settle(&mut self) -> Result<(), Refusal> {
        let Some(running) = self.case.data.node.clone() else { return Ok(()) };
        let mode = self.mode();
        let of_round = |task: &&Task| task.round == running.round;
        let tasks: Vec<&Task> = self.case.data.tasks.iter().filter(of_round).collect();
        match outcome(mode, &tasks) {
            None => {
                self.wake(running.round, mode);
                Ok(())
            }
            Some(true) => {
                self.close(running.round);
                let walked = match self.next_round() {
                    Some(walked) => walked,
                    None => {
                        self.case.data.passed.push(running.id.clone());
                        let next = self.world.template.after(&running.id).map(str::to_owned);
                        self.enter(next)
                    }
                };
                self.arrive(walked);
                Ok(())
            }
            Some(false) => {
                self.close(running.round);
                self.refused(&running.id)
            }
        }
    }

    /// What becomes of the case where the walk ended.
    pub fn arrive(&mut self, walked: Walked) {
        match walked {
            Walked::Asked => {}
            Walked::Ended => {
                self.case.state = state::APPROVED.to_owned();
                if let Some(last) = self.entries.last_mut() {
                    last.to = self.case.state.clone();
                }
                self.tell_starter("told.approved", self.named(), true);
                if let Some(undone) = self.case.data.undoes.clone() {
                    self.effects.push(Effect::Undo(undone));
                }
            }
            Walked::Stuck => {
                self.case.data.node = None;
                let from = std::mem::replace(&mut self.case.state, state::RETURNED.to_owned());
                self.goes_on();
                self.record("stuck", &from, About { is_automatic: true, ..About::default() });
                self.tell_starter("told.stuck", self.named(), true);
            }
        }
    }

    /// The number of the case, for texts.
    pub fn named(&self) -> Vec<(&'static str, Shown)> {
        vec![("no", Shown::Plain(self.case.no.clone()))]
    }

    /// Those who wait in a sequence, or for somebody who was added before them, may be asked now.
    fn wake(&mut self, round: u32, mode: Mode) {
        let data = &self.case.data;
        let is_asked = data.open().any(|task| task.round == round && task.added.is_none());
        let held_by = |task: &Task, other: &Task| {
            other.state.is_open()
                && other.added.as_ref().and_then(|added| added.before.as_ref()) == Some(&task.id)
        };
        let waiting =
            data.tasks.iter().filter(|task| task.round == round && task.state == TaskState::Waiting);
        let mut free: Vec<String> = waiting
            .filter(|task| !data.tasks.iter().any(|other| held_by(task, other)))
            .map(|task| task.id.clone())
            .collect();
        if mode == Mode::Seq {
            free.truncate(usize::from(!is_asked));
        }
        for id in free {
            let was_asked = self.case.data.is_held_up(&id);
            let Some(task) = self.case.data.task_mut(&id) else { continue };
            task.state = TaskState::Pending;
            let to = task.owner.clone();
            // Who has the card already would not notice that it changed.
            if was_asked {
                let (under, values) = (Under::Task(id), self.named());
                self.effects.push(Effect::Tell(Tell { to, under, text: "told.turn", values, push: true }));
            }
        }
    }

    /// Closes what is open in a round that others decided.
    pub fn close(&mut self, round: u32) {
        for task in &mut self.case.data.tasks {
            if task.round == round && task.state.is_open() {
                task.state = TaskState::Closed;
                task.awaiting = None;
            }
        }
        self.leave(round);
    }

    /// Nobody is waited for in a round any more.
    pub fn leave(&mut self, round: u32) {
        self.effects.push(Effect::Cancel { name: format!("node/{round}") });
        self.case.data.urges = 0;
    }

    /// Tells people who are to read along; those who do already hear nothing.
    pub fn tell_readers(&mut self, people: &[PersonId], node: Option<&str>, is_automatic: bool) {
        let mut added = false;
        for person in people {
            if self.case.data.readers.len() < READERS_MAX && self.case.data.readers.insert(person.clone()) {
                added = true;
                self.effects.push(Effect::Tell(Tell {
                    to: person.clone(),
                    under: Under::Starter,
                    text: "told.copy",
                    values: self.named(),
                    push: false,
                }));
            }
        }
        if added {
            let from = self.case.state.clone();
            self.record("cc", &from, About { node, is_automatic, ..About::default() });
        }
    }
}
