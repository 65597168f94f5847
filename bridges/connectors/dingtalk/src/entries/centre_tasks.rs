//! The tasks of our approvals in DingTalk's approval centre: one for each who is asked, ended when they are asked no more.

use bridge_api::{Approval, ApprovalTask, ApprovalTaskState, EntryKey, Failure, digest};
use serde_json::{Value, json};

use super::{
    Entries, Kind,
    centre::{NO_LINK, Put, Row},
    cut, refused,
};
use crate::{
    client::Call,
    ids,
    lenient::{items, number, text},
    limits::CENTRE_TASKS_MAX,
};

const TASKS: &str = "/v1.0/workflow/processCentres/tasks";

/// Of the digest of a step's name that is its id there, in characters.
const STEP_CHARACTERS: usize = 16;

impl Entries {
    /// Finds the tasks of a call whose answer was lost.
    pub(super) async fn adopt(&self, approval: &Approval, id: &str, row: &mut Row) -> Result<(), Failure> {
        let Some(read) = self.instance(id).await? else {
            return Err(Failure::later("the approval is not shown to us"));
        };
        for there in items(&read, "tasks") {
            let Some(number) = number(there, "taskId") else { continue };
            let is_known = |key: &EntryKey| row.tasks.iter().any(|put| put.key == *key);
            let ours = approval.tasks.iter().find(|task| {
                !is_known(&task.key)
                    && text(there, "userId").as_deref() == ids::user(&task.person)
                    && text(there, "activityId") == Some(activity(task))
            });
            if let Some(task) = ours.filter(|_| row.tasks.iter().all(|put| put.number != number)) {
                let is_ended = text(there, "status").as_deref() != Some("RUNNING");
                row.tasks.push(Put { key: task.key.clone(), number, is_ended });
            }
        }
        row.is_adding = false;
        Ok(())
    }

    pub(super) async fn end_tasks(
        &self,
        approval: &Approval,
        id: &str,
        row: &mut Row,
    ) -> Result<(), Failure> {
        let mut ended = Vec::new();
        for put in row.tasks.iter().filter(|put| !put.is_ended) {
            let task = approval.tasks.iter().find(|task| task.key == put.key);
            let (status, result) = match task.map(|task| task.state) {
                Some(ApprovalTaskState::Pending) => continue,
                Some(ApprovalTaskState::Approved) => ("COMPLETED", Some("AGREE")),
                Some(ApprovalTaskState::Rejected) => ("COMPLETED", Some("REFUSE")),
                Some(ApprovalTaskState::Transferred | ApprovalTaskState::Closed) | None => ("CANCELED", None),
            };
            let mut change = json!({"taskId": put.number, "status": status});
            if let Some(result) = result {
                change["result"] = json!(result);
            }
            ended.push((put.number, change));
        }
        for some in ended.chunks(CENTRE_TASKS_MAX) {
            let changes: Vec<&Value> = some.iter().map(|(_, change)| change).collect();
            let body = json!({"processInstanceId": id, "tasks": changes});
            self.client.call(&Call::put(TASKS, body)).await?;
            let is_one = |put: &&mut Put| some.iter().any(|(number, _)| *number == put.number);
            row.tasks.iter_mut().filter(is_one).for_each(|put| put.is_ended = true);
        }
        Ok(())
    }

    /// Puts a task for each who is asked and has none, step by step.
    pub(super) async fn add_tasks(
        &self,
        approval: &Approval,
        id: &str,
        row: &mut Row,
    ) -> Result<(), Failure> {
        let link = approval.head.link.as_deref().ok_or_else(|| refused(NO_LINK))?;
        let is_new = |task: &&ApprovalTask| {
            task.state == ApprovalTaskState::Pending
                && row.tasks.iter().all(|put| put.key != task.key)
                && ids::user(&task.person).is_some()
        };
        let mut new: Vec<&ApprovalTask> = approval.tasks.iter().filter(is_new).collect();
        new.sort_by_key(|task| activity(task));
        for step in new.chunk_by(|one, other| one.step == other.step) {
            for some in step.chunks(CENTRE_TASKS_MAX) {
                let Some(first) = some.first() else { continue };
                let asked: Vec<Value> =
                    some.iter().map(|task| json!({"userId": ids::user(&task.person), "url": link})).collect();
                let body = json!({"processInstanceId": id, "activityId": activity(first), "tasks": asked});
                row.is_adding = true;
                self.write_row(Kind::Approval, &approval.head.key, row).await?;
                let answer = self.client.call(&Call::post(TASKS, body)).await?;
                row.is_adding = false;
                for made in items(&answer, "result") {
                    let theirs =
                        some.iter().find(|task| text(made, "userId").as_deref() == ids::user(&task.person));
                    if let (Some(task), Some(number)) = (theirs, number(made, "taskId")) {
                        row.tasks.push(Put { key: task.key.clone(), number, is_ended: false });
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the platform calls the step of a task.
fn activity(task: &ApprovalTask) -> String {
    let step = digest(task.step.as_bytes());
    format!("step-{}", cut(&step, STEP_CHARACTERS))
}
