//! How it begins: made by somebody, or proposed by minutes and wanted, or not.

use cases::Refusal;
use people::PersonId;

use crate::{
    desk::{Desk, Tell},
    task::{Ended, Origin, state},
};

impl Desk<'_> {
    /// Makes it.
    pub fn create(&mut self) -> Result<(), Refusal> {
        // What repeats is made by the one before it.
        let giver = match &self.actor.person {
            Some(_) => Some(self.me()?),
            None => None,
        };
        let people: Vec<PersonId> =
            self.case.data.assignees.iter().map(|assignee| assignee.person.clone()).collect();
        let people = self.receivers(&people)?;
        if giver.is_some() {
            self.case.data.assignees.clear();
            self.case.data.assignees = self.given(giver.as_ref(), people);
        }
        state::OPEN.clone_into(&mut self.case.state);
        self.begin("create", "");
        Ok(())
    }

    /// Writes down what minutes say, for somebody to say whether it is wanted.
    pub fn propose(&mut self) {
        state::PROPOSED.clone_into(&mut self.case.state);
        self.record("propose", "", None);
    }

    /// What was proposed is wanted, or not.
    pub fn answer(&mut self, yes: bool) -> Result<(), Refusal> {
        let me = self.only_proposed()?;
        if yes {
            state::OPEN.clone_into(&mut self.case.state);
            // Who was there when it was said has taken it; so has whoever takes it now.
            self.begin("confirm", state::PROPOSED);
            return Ok(());
        }
        state::CANCELLED.clone_into(&mut self.case.state);
        self.case.data.ended = Some(Ended {
            by: me,
            at_ms: self.world.at_ms,
            via: self.actor.via,
            result: "tk.result.unwanted".to_owned(),
        });
        self.record("refuse", state::PROPOSED, None);
        Ok(())
    }

    fn begin(&mut self, action: &str, from: &str) {
        self.record(action, from, None);
        self.set_timers();
        self.wait_for_acceptance();
        if self.case.data.due_ms.is_none() && !matches!(self.case.data.source, Origin::Repeat(_)) {
            self.case.data.is_due_asked = true;
            let values = self.named();
            self.tell(Tell::note(vec![self.case.data.creator.clone()], "tk.ask.due", values));
        }
    }
}
