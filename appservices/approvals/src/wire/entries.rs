//! Approvals in the approval centres of other platforms. What is decided there comes back as a press, under the key of the card.

use std::cmp::Reverse;

use cases::Case;
use office::{EntryElsewhere, link_to, put_entry_elsewhere};
use people::Chart;
use serde_json::{Value, json};
use store::Batch;

use super::{Approvals, LOCALPART, Scene};
use crate::{
    OfficeError,
    card::{Card, Pen, cards, form_values, shortened, title},
    instance::{Instance, TaskState, state},
    limits::{ENTRY_BYTES_MAX, ENTRY_LINES_MAX, ENTRY_TASKS_MAX},
};

impl Approvals {
    /// Puts an approval that was handed in where its people are on other platforms.
    pub(super) async fn put_entry(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        // What is secret is shown in encrypted chats alone.
        if self.kit().bridge().is_none() || case.data.rounds == 0 || case.data.is_secret {
            return Ok(());
        }
        let lang = self.kit().language(None, None).await?;
        let content = self.entry_of(case, scene, self.pen(lang));
        let key = format!("a/{}", case.id);
        let entry = EntryElsewhere { key: &key, rev: case.rev, kind: "approval", lang, content };
        Ok(put_entry_elsewhere(self.kit(), batch, LOCALPART, entry).await?)
    }

    fn entry_of(&self, case: &Case<Instance>, scene: &Scene, pen: Pen<'_>) -> Value {
        let world = scene.world();
        let chart = world.chart;
        let lines = form_values(case, &world, pen).take(ENTRY_LINES_MAX);
        let lines: Vec<_> = lines.map(|(label, value)| (shortened(&label), shortened(&value))).collect();
        let tasks: Vec<_> = cards(case).iter().filter_map(|card| task_entry(case, card, chart)).collect();
        let tasks = fitting(tasks, ENTRY_BYTES_MAX.saturating_sub(bytes_of(&json!(lines))));
        let link = self.kit().intent(LOCALPART).map(|intent| link_to(intent.user()));
        let ends_ms =
            case.data.tasks.iter().filter_map(|task| task.decided.as_ref()).map(|done| done.at_ms).max();
        let standing = standing(&case.state);
        json!({
            "number": case.no,
            "title": shortened(&title(case, &world, pen)),
            "link": link,
            "begun_ms": case.created_ms,
            "changed_ms": scene.at_ms,
            "lines": lines,
            "starter": chart.account_of(&case.data.starter),
            "starter_name": world.name(&case.data.starter),
            "state": standing,
            "ended_ms": if standing == "pending" { None } else { Some(ends_ms.unwrap_or(scene.at_ms)) },
            "tasks": tasks,
        })
    }
}

/// As many tasks as an entry has room for, in their order: those that wait for somebody first, then the newest.
fn fitting(mut tasks: Vec<Value>, bytes_max: usize) -> Vec<Value> {
    let mut places: Vec<usize> = (0..tasks.len()).collect();
    places.sort_by_key(|place| (tasks[*place]["state"] != "pending", Reverse(*place)));
    let mut bytes = 0;
    places.truncate(ENTRY_TASKS_MAX);
    places.retain(|place| {
        bytes += bytes_of(&tasks[*place]);
        bytes <= bytes_max
    });
    places.sort_unstable();
    places.into_iter().map(|place| tasks[place].take()).collect()
}

/// How long a value is as JSON, with what parts it from the next one.
fn bytes_of(value: &Value) -> usize {
    value.to_string().len() + 1
}

/// The task behind a card, for who is asked by it.
fn task_entry(case: &Case<Instance>, card: &Card, chart: &Chart) -> Option<Value> {
    let Card::Task { task, person } = card else { return None };
    let task = case.data.task(task)?;
    let is_open = case.state == state::PENDING;
    let state = match task.state {
        TaskState::Pending if is_open => "pending",
        TaskState::Approved => "approved",
        TaskState::Rejected => "rejected",
        TaskState::Returned if task.sends_back() => "rejected",
        TaskState::Transferred => "transferred",
        TaskState::Waiting
        | TaskState::Pending
        | TaskState::Returned
        | TaskState::Skipped
        | TaskState::Closed
        | TaskState::Expired => "closed",
    };
    Some(json!({
        "key": card.key(&case.id),
        "account": chart.account_of(person)?,
        "state": state,
        "step": task.node,
        "begun_ms": case.created_ms,
        "ended_ms": task.decided.as_ref().map(|decided| decided.at_ms),
        "needs_reason": true,
    }))
}

/// How an approval stands, in the words of entries.
fn standing(of: &str) -> &'static str {
    match of {
        state::APPROVED | state::REVERTED => "approved",
        state::REJECTED => "rejected",
        state::PENDING => "pending",
        _ => "canceled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_tasks_those_that_wait_stand_in_an_entry_and_then_the_newest() {
        let task = |n: usize| json!({ "key": n, "state": if n % 10 == 3 { "pending" } else { "approved" } });
        let tasks: Vec<Value> = (0..300).map(task).collect();
        let keys = |tasks: &[Value]| tasks.iter().filter_map(|task| task["key"].as_u64()).collect::<Vec<_>>();
        assert_eq!(keys(&fitting(tasks[..ENTRY_TASKS_MAX].to_vec(), usize::MAX)).len(), ENTRY_TASKS_MAX);
        let shown = keys(&fitting(tasks.clone(), usize::MAX));
        assert_eq!(shown.len(), ENTRY_TASKS_MAX);
        assert!((0..300).filter(|n| n % 10 == 3).all(|n| shown.contains(&n)), "all that wait: {shown:?}");
        assert!(shown.contains(&299) && !shown.contains(&0) && shown.is_sorted(), "{shown:?}");
        // Three have room by their bytes.
        let bytes = [273, 283, 293].map(|n| bytes_of(&tasks[n])).iter().sum();
        assert_eq!(keys(&fitting(tasks, bytes)), [273, 283, 293]);
    }
}
