//! Carrying out tasks that the administration has written down.
//!
//! One at a time, oldest first, for as long as the server runs. A step that fails because of the store is
//! tried again later; whatever else fails ends the task with its error, to be read by who asked for it.

use std::time::Duration;

use administration::{AdministrationError, Task};
use base::Shutdown;
use rooms::RoomsError;
use serde_json::Value;

use crate::{Flows, FlowsError, room_deletion, room_history};

/// Time before a task that the store stopped is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How a run of a task came back.
pub(crate) enum Run {
    /// It is done; this came out.
    Done(Value),
    /// The server stops; the task goes on at the next start.
    Interrupted,
}

impl Flows {
    /// Carries out tasks until the server stops.
    pub async fn run_tasks(&self, shutdown: Shutdown) {
        let mut changes = self.0.administration.task_changes();
        while !shutdown.is_triggered() {
            changes.mark_unchanged();
            match self.run_open_tasks(&shutdown).await {
                Ok(0) => {
                    tokio::select! {
                        () = shutdown.wait() => {}
                        _ = changes.changed() => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "carry out background tasks; will try again");
                    tokio::select! {
                        () = shutdown.wait() => {}
                        () = tokio::time::sleep(RETRY) => {}
                    }
                }
            }
        }
    }

    async fn run_open_tasks(&self, shutdown: &Shutdown) -> Result<usize, FlowsError> {
        let open = self.0.administration.open_tasks().await?;
        let count = open.len();
        for task in open {
            if shutdown.is_triggered() {
                break;
            }
            let id = task.id.clone();
            let outcome = match Box::pin(self.run_task(task, shutdown)).await {
                Ok(Run::Interrupted) => break,
                Ok(Run::Done(result)) => Ok(result),
                Err(error) if is_of_the_store(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!(task = id, %error, "a background task failed");
                    Err(error.to_string())
                }
            };
            self.0.administration.task_ended(&id, outcome.as_ref().map_err(Clone::clone)).await?;
        }
        Ok(count)
    }

    async fn run_task(&self, task: Task, shutdown: &Shutdown) -> Result<Run, FlowsError> {
        match task.kind.as_str() {
            room_deletion::KIND => self.run_room_deletion(task, shutdown).await,
            room_history::KIND => self.run_history_purge(task, shutdown).await,
            kind => Err(FlowsError::Task(format!("this version of the server knows no task {kind:?}"))),
        }
    }
}

fn is_of_the_store(error: &FlowsError) -> bool {
    matches!(
        error,
        FlowsError::Rooms(RoomsError::Store(_) | RoomsError::Contended)
            | FlowsError::Account(accounts::AccountError::Store(_))
            | FlowsError::Administration(AdministrationError::Store(_) | AdministrationError::Contended)
    )
}
