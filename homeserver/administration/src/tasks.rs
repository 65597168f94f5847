//! Work that outlives a request and a restart.
//!
//! A task is a row: what is to be done, how far it has come, how it ended. Who carries it out writes its
//! progress after every step and must bear repeating the last one, because a crash may come between a step
//! and the note of it. Open tasks have a queue of their own, read at each start.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Batch, Scan, StoreError};
use tokio::sync::watch;

use crate::{
    Administration, AdministrationError,
    limits::{TASK_KEPT_MS, TASKS_DROPPED_MAX, TASKS_OF_SUBJECT_MAX, TASKS_OPEN_MAX, WRITE_TRIES_MAX},
    tables::{TASK, TASK_OF_SUBJECT, TASK_OPEN, TaskRow},
};

/// Random characters of a task's id.
const ID_LENGTH: usize = 16;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskState {
    /// Nobody has begun.
    Scheduled,
    /// Begun; also after a restart in the middle.
    Active,
    /// Done.
    Complete,
    /// Given up.
    Failed,
}

impl TaskState {
    /// Whether there is nothing left to do.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Scheduled | Self::Active => false,
            Self::Complete | Self::Failed => true,
        }
    }
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What kind of work; whoever carries it out knows the word.
    pub kind: String,
    /// What it is about, for example a room id.
    pub subject: String,
    /// When it was created, in ms since 1970.
    pub created_ms: u64,
    /// When it moved last, in ms since 1970.
    pub updated_ms: u64,
    /// Where it stands.
    pub state: TaskState,
    /// What is to be done.
    pub input: Value,
    /// How far it has come; at last what came out.
    pub progress: Value,
    /// Why it failed.
    pub error: Option<String>,
}

impl Administration {
    /// Writes a task down, to be carried out soon.
    ///
    /// # Errors
    /// One of this kind and subject is open already, or too many are.
    pub async fn create_task(
        &self,
        kind: &str,
        subject: &str,
        input: &Value,
    ) -> Result<Task, AdministrationError> {
        let open = self.open_tasks().await?;
        if let Some(same) = open.iter().find(|task| task.kind == kind && task.subject == subject) {
            return Err(AdministrationError::UnderWay(same.id.clone()));
        }
        if open.len() >= TASKS_OPEN_MAX {
            return Err(AdministrationError::Busy);
        }
        let id = self.0.rng.string(ID_LENGTH);
        let now_ms = self.0.clock.now_ms();
        let row = TaskRow {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            created_ms: now_ms,
            updated_ms: now_ms,
            state: TaskState::Scheduled,
            input: input.to_string(),
            progress: Value::Null.to_string(),
            error: None,
        };
        let mut batch = Batch::new();
        batch.expect_absent(&TASK, &id);
        batch.put(&TASK, &id, &row);
        batch.put(&TASK_OPEN, &(now_ms, id.clone()), &());
        batch.put(&TASK_OF_SUBJECT, &(subject.to_owned(), now_ms, id.clone()), &());
        self.0.store.commit(batch).await?;
        self.0.tasks_changed.send_modify(|count| *count = count.wrapping_add(1));
        Ok(described(id, row))
    }

    /// One task.
    ///
    /// # Errors
    /// The store's own.
    pub async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let row = self.0.store.get(&TASK, &id.to_owned()).await?;
        Ok(row.map(|row| described(id.to_owned(), row)))
    }

    /// The tasks about a subject, oldest first.
    ///
    /// # Errors
    /// The store's own.
    pub async fn tasks_of(&self, subject: &str) -> Result<Vec<Task>, StoreError> {
        let scan = Scan::prefix(&subject.to_owned()).limit(TASKS_OF_SUBJECT_MAX);
        let keys = self.0.store.scan_keys(&TASK_OF_SUBJECT, scan).await?;
        self.by_ids(keys.into_iter().map(|key| key.2).collect()).await
    }

    /// Tasks that are not finished, oldest first.
    ///
    /// # Errors
    /// The store's own.
    pub async fn open_tasks(&self) -> Result<Vec<Task>, StoreError> {
        let keys = self.0.store.scan_keys(&TASK_OPEN, Scan::all().limit(TASKS_OPEN_MAX)).await?;
        self.by_ids(keys.into_iter().map(|key| key.1).collect()).await
    }

    async fn by_ids(&self, ids: Vec<String>) -> Result<Vec<Task>, StoreError> {
        let rows = self.0.store.multi_get(&TASK, &ids).await?;
        Ok(ids.into_iter().zip(rows).filter_map(|(id, row)| Some(described(id, row?))).collect())
    }

    /// Notes how far a task has come.
    ///
    /// # Errors
    /// [`AdministrationError::NotFound`] for a task that is finished or unknown.
    pub async fn task_moved(&self, id: &str, progress: &Value) -> Result<(), AdministrationError> {
        let text = progress.to_string();
        self.change_task(id, move |row| {
            row.state = TaskState::Active;
            row.progress.clone_from(&text);
        })
        .await
    }

    /// Notes how a task ended: what came out, or why it failed.
    ///
    /// # Errors
    /// [`AdministrationError::NotFound`] for a task that is finished or unknown.
    pub async fn task_ended(
        &self,
        id: &str,
        outcome: Result<&Value, String>,
    ) -> Result<(), AdministrationError> {
        let outcome = outcome.map(Value::to_string);
        self.change_task(id, move |row| match &outcome {
            Ok(result) => {
                row.state = TaskState::Complete;
                row.progress.clone_from(result);
            }
            Err(error) => {
                row.state = TaskState::Failed;
                row.error = Some(error.clone());
            }
        })
        .await
    }

    async fn change_task(&self, id: &str, change: impl Fn(&mut TaskRow)) -> Result<(), AdministrationError> {
        let key = id.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&TASK, &key).await?.filter(|row| !row.state.is_final());
            let old = old.ok_or(AdministrationError::NotFound)?;
            let mut new = old.clone();
            change(&mut new);
            new.updated_ms = self.0.clock.now_ms();
            let mut batch = Batch::new();
            batch.expect_eq(&TASK, &key, &old);
            batch.put(&TASK, &key, &new);
            if new.state.is_final() {
                batch.delete(&TASK_OPEN, &(new.created_ms, key.clone()));
            }
            match self.0.store.commit(batch).await {
                Ok(_) => {
                    self.0.tasks_changed.send_modify(|count| *count = count.wrapping_add(1));
                    return Ok(());
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdministrationError::Contended)
    }

    /// Hears whenever a task is created, moves or ends.
    #[must_use]
    pub fn task_changes(&self) -> watch::Receiver<u64> {
        self.0.tasks_changed.subscribe()
    }

    /// Waits for the end of a task.
    ///
    /// # Errors
    /// [`AdministrationError::NotFound`] for an unknown one.
    pub async fn finished_task(&self, id: &str) -> Result<Task, AdministrationError> {
        let mut changes = self.0.tasks_changed.subscribe();
        loop {
            let task = self.task(id).await?.ok_or(AdministrationError::NotFound)?;
            if task.state.is_final() {
                return Ok(task);
            }
            let _ = changes.changed().await;
        }
    }

    /// Drops tasks that ended long ago, some at a time, beginning after `after`. Returns where to go on;
    /// nothing at the end.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_old_tasks(&self, after: Option<String>) -> Result<Option<String>, StoreError> {
        let mut scan = Scan::all().limit(TASKS_DROPPED_MAX);
        if let Some(after) = &after {
            scan = scan.after(after);
        }
        let rows = self.0.store.scan(&TASK, scan).await?;
        let next = (rows.len() == TASKS_DROPPED_MAX).then(|| rows.last().map(|(id, _)| id.clone())).flatten();
        let before_ms = self.0.clock.now_ms().saturating_sub(TASK_KEPT_MS);
        let mut batch = Batch::new();
        for (id, row) in rows {
            if row.state.is_final() && row.updated_ms < before_ms {
                batch.delete(&TASK, &id);
                batch.delete(&TASK_OF_SUBJECT, &(row.subject, row.created_ms, id));
            }
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        Ok(next)
    }
}

fn described(id: String, row: TaskRow) -> Task {
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    Task {
        id,
        input: json(&row.input),
        progress: json(&row.progress),
        kind: row.kind,
        subject: row.subject,
        created_ms: row.created_ms,
        updated_ms: row.updated_ms,
        state: row.state,
        error: row.error,
    }
}
