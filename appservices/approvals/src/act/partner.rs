//! Steps that people of a partner decide: their bot comes, asks somebody, and tells what they decided.

use cases::Refusal;
use ruma::{OwnedServerName, ServerName};

use crate::{
    desk::{About, Desk, Effect, Shown},
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
        self.effects.push(Effect::Cancel { name: format!("partner/{}", task.id) });
        let mut administrators = self.world.chart.in_role(ADMINISTRATORS).to_vec();
        administrators.retain(|administrator| *administrator != self.case.data.starter);
        for administrator in &administrators {
            self.add_task(&task.node, task.round, administrator.clone(), TaskState::Pending);
        }
        if let Some(old) = self.case.data.task_mut(&task.id) {
            old.state = TaskState::Transferred;
        }
        let about =
            About { node: Some(&task.node), task: Some(&task.id), is_automatic: true, ..About::default() };
        self.record("partner_has_nobody", state::PENDING, about);
        if administrators.is_empty() {
            self.close(task.round);
            self.arrive(Walked::Stuck);
            return Ok(());
        }
        let who = self.world.names(&administrators);
        self.tell_starter("E116", vec![("who", Shown::Plain(who))], false);
        Ok(())
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
