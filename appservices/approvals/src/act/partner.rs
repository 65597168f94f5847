//! Steps that people of a partner decide: their bot comes, asks somebody, and tells what they decided.

use cases::Refusal;
use people::PersonId;
use ruma::{OwnedServerName, ServerName};

use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    flow::{ADMINISTRATORS, walk::Walked},
    instance::{Partner, Task, TaskState, state},
    limits::PARTNER_QUIET_MS,
};

impl Desk<'_> {
    /// The bot of a partner is in the room of the case: what is to be asked of it is asked now.
    pub fn partner_came(&mut self, server: &OwnedServerName) {
        let Some(room) = &mut self.case.data.room else { return };
        if !room.here.insert(server.clone()) {
            return;
        }
        let from = self.case.state.clone();
        self.record("partner_joined", &from, About { is_automatic: true, ..About::default() });
        if self.case.data.is_secret {
            self.withhold();
            return;
        }
        let asked: Vec<String> =
            self.case.data.open().filter(|task| is_of(task, server)).map(|task| task.id.clone()).collect();
        self.effects.extend(asked.into_iter().map(|task| Effect::Ask { task }));
    }

    /// The bot of a partner asks somebody: it is not offline.
    pub fn partner_asks(&mut self, task: &str) -> Result<(), Refusal> {
        let task = self.partners_task(task)?;
        self.effects.push(Effect::Cancel { name: format!("partner/{}", task.id) });
        if let Some(partner) = self.partner_mut(&task.id) {
            partner.is_asked = true;
            partner.offline_since_ms = None;
        }
        Ok(())
    }

    /// Nobody at the partner is able to: an administrator here decides what becomes of it.
    pub fn partner_has_nobody(&mut self, task: &str) -> Result<(), Refusal> {
        let task = self.partners_task(task)?;
        let administrators = self.put_administrators(&task, "partner_has_nobody");
        if !administrators.is_empty() {
            let who = self.world.names(administrators.iter().map(|(_, administrator)| administrator));
            self.tell_starter("E116", vec![("who", Shown::Plain(who))], false);
        }
        Ok(())
    }

    /// What is secret is sent to no partner. Tasks that wait for one all the same, by a template from before such were refused, go to
    /// administrators here; they hear why, and so does the starter.
    pub fn withhold(&mut self) {
        if !self.case.data.is_secret || self.case.state != state::PENDING {
            return;
        }
        let waiting: Vec<Task> =
            self.case.data.open().filter(|task| task.partner.is_some()).cloned().collect();
        for task in waiting {
            let Some(partner) = &task.partner else { continue };
            let administrators = self.put_administrators(&task, "partner_withheld");
            self.tell_withheld(&partner.server, &administrators);
        }
    }

    /// Says to the starter and to those who have the step of a partner now that it is not sent to the partner.
    pub fn tell_withheld(&mut self, server: &ServerName, tasks: &[(String, PersonId)]) {
        if tasks.is_empty() {
            return;
        }
        let who = self.world.names(tasks.iter().map(|(_, owner)| owner));
        let mut values = self.named();
        values.extend([("server", Shown::Plain(server.to_string())), ("who", Shown::Plain(who))]);
        self.tell_starter("told.partner_secret", values.clone(), false);
        self.effects.extend(tasks.iter().map(|(task, owner)| {
            let (to, under) = (owner.clone(), Under::Task(task.clone()));
            Effect::Tell(Tell { to, under, text: "told.partner_secret", values: values.clone(), push: false })
        }));
    }

    /// Administrators have the task of a partner from now on: theirs, and who they are. Where there is nobody the case does not go on.
    fn put_administrators(&mut self, task: &Task, action: &str) -> Vec<(String, PersonId)> {
        self.effects.push(Effect::Cancel { name: format!("partner/{}", task.id) });
        let mut administrators = self.world.chart.in_role(ADMINISTRATORS).to_vec();
        administrators.retain(|administrator| *administrator != self.case.data.starter);
        let mut put = Vec::with_capacity(administrators.len());
        for administrator in administrators {
            let id = self.add_task(&task.node, task.round, administrator.clone(), TaskState::Pending);
            put.push((id, administrator));
        }
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.state = TaskState::Transferred;
        }
        let about =
            About { node: Some(&task.node), task: Some(&task.id), is_automatic: true, ..About::default() };
        self.record(action, state::PENDING, about);
        if put.is_empty() {
            self.close(task.round);
            self.arrive(Walked::Stuck);
        }
        put
    }

    /// Somebody of a partner has decided. Whoever calls this has looked at their event.
    pub fn partner_decides(&mut self, task: &str, agrees: bool, reason: Option<&str>) -> Result<(), Refusal> {
        let task = self.partners_task(task)?;
        self.effects.push(Effect::Cancel { name: format!("partner/{}", task.id) });
        let reason = reason.map(|reason| self.reason(reason)).transpose()?;
        match agrees {
            true => self.decided(&task, TaskState::Approved, "approve", "result.approved", reason),
            false => self.decided(&task, TaskState::Rejected, "reject", "result.rejected", reason),
        }
    }

    /// The bot of a partner has not said for a while that it asks somebody: the case waits, and says so (E117).
    pub fn partner_is_silent(&mut self, task: &str) {
        if self.case.data.is_secret {
            self.withhold();
            return;
        }
        let since_ms = self.world.at_ms.saturating_sub(PARTNER_QUIET_MS);
        let Ok(task) = self.partners_task(task) else { return };
        let Some(partner) = self.partner_mut(&task.id).filter(|partner| !partner.is_asked) else { return };
        if partner.offline_since_ms.is_none() {
            partner.offline_since_ms = Some(since_ms);
            let server = partner.server.to_string();
            let time = self.world.time(since_ms);
            let values = vec![("server", Shown::Plain(server)), ("time", Shown::Plain(time))];
            self.tell_starter("E117", values, false);
        }
    }

    /// A task that waits for a partner, or why it does not.
    fn partners_task(&self, id: &str) -> Result<Task, Refusal> {
        let task = self.case.data.task(id).filter(|task| task.partner.is_some());
        let task = task.ok_or_else(|| self.not_yours())?;
        if task.state == TaskState::Pending && self.case.state == state::PENDING {
            return Ok(task.clone());
        }
        Err(self.already(task))
    }

    fn partner_mut(&mut self, task: &str) -> Option<&mut Partner> {
        self.case.data.task_mut(task)?.partner.as_mut()
    }
}

fn is_of(task: &Task, server: &ServerName) -> bool {
    task.partner.as_ref().is_some_and(|partner| partner.server == server)
}
