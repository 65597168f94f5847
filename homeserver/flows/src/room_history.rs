//! Purging the old messages of a room, as a task.

use administration::Task;
use base::Shutdown;
use model::{RoomNum, TimelinePos};
use rooms::HistoryPurge;
use ruma::RoomId;
use serde::{Deserialize, Serialize};

use crate::{
    Flows, FlowsError,
    room_deletion::{from_json, to_json},
    tasks::Run,
};

/// The kind of the task.
pub(crate) const KIND: &str = "purge_history";

#[derive(Serialize, Deserialize)]
struct Wanted {
    room: u64,
    before: i64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Done {
    up_to: Option<i64>,
    deleted: usize,
}

impl Flows {
    /// Writes down that the history of a room is purged up to a place; it begins soon.
    ///
    /// # Errors
    /// Its history is being purged already.
    pub async fn purge_history(&self, room_id: &RoomId, purge: HistoryPurge) -> Result<Task, FlowsError> {
        let input = to_json(&Wanted { room: purge.room.get(), before: purge.before.get() })?;
        Ok(self.0.administration.create_task(KIND, room_id.as_str(), &input).await?)
    }

    pub(crate) async fn run_history_purge(&self, task: Task, shutdown: &Shutdown) -> Result<Run, FlowsError> {
        let wanted: Wanted = from_json(&task.input)?;
        let mut done: Done = from_json(&task.progress).unwrap_or_default();
        let mut purge = HistoryPurge {
            room: RoomNum::new(wanted.room),
            before: TimelinePos::new(wanted.before),
            done: done.up_to.map(TimelinePos::new),
        };
        while let Some((next, deleted)) = self.0.rooms.purge_history_step(purge).await? {
            purge = next;
            done.up_to = purge.done.map(TimelinePos::get);
            done.deleted += deleted;
            self.0.administration.task_moved(&task.id, &to_json(&done)?).await?;
            if shutdown.is_triggered() {
                return Ok(Run::Interrupted);
            }
        }
        Ok(Run::Done(to_json(&done)?))
    }
}
