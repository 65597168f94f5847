//! Through whose hands it goes.

use cases::Refusal;
use people::PersonId;

use crate::{
    desk::{Desk, Effect, Tell},
    limits::REASON_WAIT_MS,
    task::{Assignee, Awaiting, is_running, state},
};

impl Desk<'_> {
    /// These people with nothing done, taken where they need not say so.
    pub(super) fn given(&self, giver: Option<&PersonId>, people: Vec<PersonId>) -> Vec<Assignee> {
        let given = |person: PersonId| match self.case.data.assignee(&person) {
            Some(already) if already.is_accepted => already.clone(),
            Some(_) | None => {
                let is_accepted = !self.has_to_accept(giver, &person);
                Assignee { person, progress: 0, is_accepted }
            }
        };
        people.into_iter().map(given).collect()
    }

    /// Who does not say so in time has taken it.
    pub(super) fn wait_for_acceptance(&mut self) {
        let Some(after_ms) = self.world.accepts_after_ms else { return };
        let at_ms = self.world.at_ms.saturating_add(after_ms);
        let asked: Vec<PersonId> = self.case.data.asked().cloned().collect();
        for person in asked {
            self.effects.push(Effect::Timer { name: format!("accept/{person}"), at_ms });
        }
    }

    /// Gives it to others: who may change anything, and heads within their departments, replace all who do it; who does
    /// it passes on their own part.
    pub fn assign(&mut self, people: &[PersonId]) -> Result<(), Refusal> {
        let me = self.only_involved()?;
        self.only_running()?;
        let receivers = self.receivers(people)?;
        let data = &self.case.data;
        let is_above = |person: &PersonId| self.heads(&me, person);
        let is_head = data.assignees.iter().all(|assignee| is_above(&assignee.person))
            && receivers.iter().all(is_above);
        let new = if self.is_manager(&me) || is_head {
            receivers
        } else if data.assignee(&me).is_some() {
            let others = data.assignees.iter().map(|assignee| assignee.person.clone());
            let others: Vec<PersonId> = others.filter(|other| *other != me).collect();
            self.receivers(&[others, receivers].concat())?
        } else {
            return Err(self.not_yours());
        };
        let before: Vec<PersonId> = data.busy().cloned().collect();
        let new = self.given(Some(&me), new);
        self.hand_over(new, &before, Some(&me));
        self.record("assign", &self.case.state.clone(), None);
        Ok(())
    }

    /// Puts it into these hands, and tells those who did not have it.
    pub(super) fn hand_over(&mut self, new: Vec<Assignee>, before: &[PersonId], by: Option<&PersonId>) {
        self.case.data.assignees = new;
        self.case.data.awaiting.retain(|awaiting| before.contains(&awaiting.by));
        let sum = self.case.data.progress();
        if is_running(&self.case.state) && sum < 100 {
            let now = if sum == 0 { state::OPEN } else { state::DOING };
            now.clone_into(&mut self.case.state);
        }
        self.set_timers();
        self.wait_for_acceptance();
        let by_name = by.map_or_else(|| "-".to_owned(), |by| self.world.name(by));
        let values = [self.named(), vec![("who", by_name)]].concat();
        let is_new = |person: &&PersonId| !before.contains(person) && Some(*person) != by;
        let (asked, taken): (Vec<&Assignee>, Vec<&Assignee>) = self
            .case
            .data
            .assignees
            .iter()
            .filter(|assignee| is_new(&&assignee.person))
            .partition(|assignee| !assignee.is_accepted);
        let people = |of: Vec<&Assignee>| of.into_iter().map(|one| one.person.clone()).collect::<Vec<_>>();
        let (asked, taken) = (people(asked), people(taken));
        self.tell(Tell::push(asked, "tk.told.asked", values.clone()));
        self.tell(Tell::push(taken, "tk.told.assigned", values));
    }

    /// Takes what was assigned.
    pub fn accept(&mut self) -> Result<(), Refusal> {
        let me = self.only_assignee()?;
        self.only_running()?;
        self.accepted(&me);
        Ok(())
    }

    pub fn accepted(&mut self, person: &PersonId) {
        let Some(assignee) = self.case.data.assignee_mut(person).filter(|assignee| !assignee.is_accepted)
        else {
            return;
        };
        assignee.is_accepted = true;
        self.case.data.awaiting.retain(|awaiting| awaiting.by != *person);
        self.effects.push(Effect::Cancel { name: format!("accept/{person}") });
        self.record("accept", &self.case.state.clone(), None);
        let values = [self.named(), vec![("who", self.world.name(person))]].concat();
        self.tell(Tell::note(vec![self.case.data.creator.clone()], "tk.told.accepted", values));
    }

    /// Does not take it. Without a reason it waits for one (E111).
    pub fn decline(&mut self, reason: Option<&str>) -> Result<(), Refusal> {
        let me = self.only_assignee()?;
        self.only_running()?;
        if self.case.data.assignee(&me).is_some_and(|assignee| assignee.is_accepted) {
            return Err(self.not_yours_but(&me));
        }
        let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else {
            let until_ms = self.world.at_ms.saturating_add(REASON_WAIT_MS);
            self.case.data.awaiting.retain(|awaiting| awaiting.by != me);
            let source = self.actor.source.clone();
            self.case.data.awaiting.push(Awaiting { by: me.clone(), until_ms, source });
            self.effects.push(Effect::Timer { name: format!("reason/{me}"), at_ms: until_ms });
            self.tell(Tell::push(vec![me], "E111", Vec::new()));
            return Ok(());
        };
        let reason = self.reason(reason)?;
        let before: Vec<PersonId> = self.case.data.busy().cloned().collect();
        let mut rest = self.case.data.assignees.clone();
        rest.retain(|assignee| assignee.person != me);
        if rest.is_empty() {
            // Nobody else has it: it is with whoever wanted it.
            rest.push(Assignee { person: self.case.data.creator.clone(), progress: 0, is_accepted: true });
        }
        self.case.data.note = Some((me.clone(), reason.clone()));
        self.effects.push(Effect::Cancel { name: format!("accept/{me}") });
        let creator = self.case.data.creator.clone();
        let known = [before, vec![creator.clone()]].concat();
        self.hand_over(rest, &known, Some(&me));
        self.case.data.awaiting.retain(|awaiting| awaiting.by != me);
        self.record("decline", &self.case.state.clone(), Some(&reason));
        let values = [self.named(), vec![("who", self.world.name(&me)), ("reason", reason)]].concat();
        self.tell(Tell::push(vec![creator], "tk.told.declined", values));
        Ok(())
    }

    /// A reaction that waits for a reason was taken back.
    pub fn taken_back(&mut self) {
        let source = self.actor.source.clone();
        self.case.data.awaiting.retain(|awaiting| awaiting.source != source);
    }
}
