//! What apps do with approvals of the platform for people: they begin them, take them back, and pass tasks on.

use super::native::{NATIVE_CODE, NativeTask, REVERTED};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;

impl State {
    /// An app begins an approval for somebody. A `uuid` that was used already is refused; none at all is an empty one.
    pub(crate) fn begin_native(
        &mut self,
        starter: &str,
        approvers: Vec<String>,
        lines: Vec<(String, String)>,
        uuid: &str,
    ) -> Result<String, Refusal> {
        // It counts for the whole company.
        let place = (String::new(), format!("{NATIVE_CODE} {uuid}"));
        if self.office.made.contains_key(&place) && !uuid.is_empty() {
            return Err(Refusal::code(60_012));
        }
        if self.office.natives.len() >= RECORDS_MAX {
            return Err(Refusal::code(1_395_001));
        }
        let code = self.start_native(starter, "Approval", approvers, lines, uuid)?;
        if !uuid.is_empty() {
            self.office.made.insert(place, code.clone());
        }
        Ok(code)
    }

    /// Somebody takes back what they asked for, as long as it is not decided.
    pub(crate) fn cancel_native(&mut self, person: &str, code: &str) -> Result<(), Refusal> {
        let now_ms = self.stage.now_ms();
        let native = self.office.natives.get_mut(code).ok_or(Refusal::code(1_390_003))?;
        if native.starter != person {
            return Err(Refusal::code(1_390_009));
        }
        if native.status != "PENDING" {
            return Err(Refusal::code(1_390_001));
        }
        (native.status, native.end_ms) = ("CANCELED", now_ms);
        let mut changed = Vec::new();
        for task in native.tasks.iter_mut().filter(|task| task.status == "PENDING") {
            (task.status, task.end_ms) = ("DONE", now_ms);
            changed.push(task.clone());
        }
        self.tell_native_tasks(code, &changed);
        self.tell_native(code, "CANCELED");
        Ok(())
    }

    /// An approval that was agreed to is revoked, once.
    pub(crate) fn revert_native(&mut self, code: &str) -> Result<(), Refusal> {
        let now_ms = self.stage.now_ms();
        let native = self.office.natives.get_mut(code).ok_or(Refusal::code(1_390_003))?;
        if native.status != "APPROVED" || native.reverted_ms.is_some() {
            return Err(Refusal::code(1_390_001));
        }
        native.reverted_ms = Some(now_ms);
        self.tell_native(code, REVERTED);
        Ok(())
    }

    /// Somebody who is asked has another person asked in their place, in the approval to which the task belongs.
    pub(crate) fn transfer_native(
        &mut self,
        person: &str,
        (code, task_id): (&str, &str),
        to: &str,
        comment: &str,
    ) -> Result<(), Refusal> {
        let now_ms = self.stage.now_ms();
        let next_id = format!("6{}", 100_000_000 + self.stage.number());
        let native = self.office.natives.get_mut(code).ok_or(Refusal::code(1_390_003))?;
        let own = native.tasks.iter_mut().find(|task| task.task_id == task_id);
        let own = own.ok_or(Refusal::code(1_390_010))?;
        if own.person != person {
            return Err(Refusal::code(1_390_009));
        }
        if own.status != "PENDING" {
            return Err(Refusal::code(1_390_010));
        }
        (own.status, own.end_ms) = ("TRANSFERRED", now_ms);
        comment.clone_into(&mut own.comment);
        let old = own.clone();
        let new = NativeTask {
            task_id: next_id,
            person: to.to_owned(),
            status: "PENDING",
            end_ms: 0,
            comment: String::new(),
        };
        native.tasks.push(new.clone());
        self.tell_native_tasks(code, &[old, new]);
        Ok(())
    }
}
