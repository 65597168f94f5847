//! Tasks among the to-dos of other platforms, and what is ticked off there: by the same law, with the platform's call as the proof.

use cases::Case;
use kit::Heard;
use office::{EntryElsewhere, link_to, press_of, put_entry_elsewhere};
use people::Chart;
use serde_json::{Value, json};
use store::Batch;

use super::{Change, LOCALPART, Scene, Tasks, is_something};
use crate::{
    OfficeError,
    act::Action,
    task::{Mode, Priority, Task, state},
};

/// Begins the key of a task's entry; the task follows.
const ENTRY_KEY: &str = "tk/";

impl Tasks {
    /// Puts a task that somebody wants done where its people are on other platforms.
    pub(super) async fn put_entry(
        &self,
        batch: &mut Batch,
        case: &Case<Task>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        // What is secret is shown in encrypted chats alone.
        if self.kit().bridge().is_none() || case.state == state::PROPOSED || case.data.is_secret {
            return Ok(());
        }
        let lang = self.kit().language(None, None).await?;
        let link = match &case.data.home {
            Some(room) => Some(room.matrix_to_uri().to_string()),
            None => self.kit().intent(LOCALPART).map(|intent| link_to(intent.user())),
        };
        let mut content = entry(case, &scene.chart);
        content["link"] = json!(link);
        content["changed_ms"] = json!(scene.at_ms);
        let key = format!("{ENTRY_KEY}{}", case.id);
        let entry = EntryElsewhere { key: &key, rev: case.rev, kind: "todo", lang, content };
        Ok(put_entry_elsewhere(self.kit(), batch, LOCALPART, entry).await?)
    }

    /// Something may have been done to a to-do on another platform: it counts as if it had been tapped here.
    pub(super) async fn ticked(&self, heard: &Heard, batch: &mut Batch) -> Result<(), OfficeError> {
        let Some(press) = press_of(self.kit(), LOCALPART, heard).await? else { return Ok(()) };
        let Some(id) = press.key.strip_prefix(ENTRY_KEY) else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Task>(id).await? else { return Ok(()) };
        let action = match press.action.as_str() {
            "done" => Action::Progress(100),
            "reopen" => Action::Reopen,
            _ => return Ok(()),
        };
        let scene = self.scene_at(&case, heard).await?;
        let actor = press.actor(&scene.chart);
        let number = case.no.clone();
        let mut change = Change::of(case);
        if let Err(refusal) = scene.act(&mut change, &action, &actor) {
            // The to-do reads otherwise there until the task changes next; who may do what is decided here.
            tracing::info!(
                task = number,
                refusal = refusal.code,
                "what was done to a to-do elsewhere does not count"
            );
            return Ok(());
        }
        if is_something(&change) {
            self.carry_out(batch, change, &scene, heard.event_id.as_str()).await?;
        }
        Ok(())
    }
}

fn entry(case: &Case<Task>, chart: &Chart) -> Value {
    let data = &case.data;
    let is_done = case.state == state::DONE;
    let assignees: Vec<Value> = data
        .assignees
        .iter()
        .filter_map(|assignee| {
            let is_done = is_done || assignee.progress == 100;
            Some(json!({ "account": chart.account_of(&assignee.person)?, "is_done": is_done }))
        })
        .collect();
    let followers: Vec<_> = data.followers.iter().filter_map(|person| chart.account_of(person)).collect();
    let state = match case.state.as_str() {
        state::DONE => "done",
        state::CANCELLED => "canceled",
        _ => "open",
    };
    let priority = match data.priority {
        Priority::Urgent => "urgent",
        Priority::High => "high",
        Priority::Medium => "normal",
        Priority::Low => "low",
    };
    json!({
        "number": case.no,
        "title": data.title,
        "description": data.description,
        "begun_ms": case.created_ms,
        "creator": chart.account_of(&data.creator),
        "assignees": assignees,
        "followers": followers,
        "is_done_by_any": data.mode == Mode::Any,
        "due_ms": data.due_ms,
        "priority": priority,
        "state": state,
    })
}
