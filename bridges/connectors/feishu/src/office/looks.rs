//! What has to be read again because an event told of it. It is durable before the event is acknowledged, and reading is done
//! afterwards: the platform waits three seconds and no longer.

use std::{collections::BTreeSet, sync::Arc};

use bridge_api::{Failure, Shelf};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify};

use crate::limits::{ENTRY_KEPT_MS, LOOKS_MAX};

const KEY: &str = "looks";

/// Something to read again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// A task, by the platform's id.
    Todo(String),
    /// A native approval, by the code of its instance.
    Native(String),
    /// Somebody who is said to have left the company.
    Leaving(Leaving),
    /// Somebody who changed, or whom the app may see from now on, by their open id.
    Person(String),
    /// A department that the app may see from now on.
    Department(String),
}

/// What an event said of somebody's leaving.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leaving {
    /// Their open id.
    pub person: String,
    /// The id of the event.
    pub event: String,
    /// When the event was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// All that waits.
pub struct Looks {
    shelf: Arc<dyn Shelf>,
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    /// As the row has it, once it was read.
    row: Option<BTreeSet<Look>>,
    /// What was told since it was last begun to read.
    fresh: BTreeSet<Look>,
}

impl Looks {
    /// What lies on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, waiting: Mutex::default(), news: Notify::new() }
    }

    /// Puts more behind the others, durably.
    ///
    /// # Errors
    /// When too much waits, or the shelf refuses: the platform has to tell it again.
    pub async fn add(&self, looks: Vec<Look>) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock().await;
        let mut all = self.row(&mut waiting).await?;
        let before = all.len();
        all.extend(looks.iter().cloned());
        if all.len() > LOOKS_MAX {
            return Err(Failure::later("too much waits to be read again"));
        }
        if all.len() > before {
            self.write(&mut waiting, all).await?;
        }
        waiting.fresh.extend(looks);
        self.news.notify_one();
        Ok(())
    }

    /// All that waits now.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn all(&self) -> Result<Vec<Look>, Failure> {
        let mut waiting = self.waiting.lock().await;
        Ok(self.row(&mut waiting).await?.into_iter().collect())
    }

    /// It is read from now on: what is told of it from now on counts anew.
    pub async fn begin(&self, look: &Look) {
        self.waiting.lock().await.fresh.remove(look);
    }

    /// It was read, and waits no longer unless something was told of it meanwhile.
    ///
    /// # Errors
    /// When the shelf refuses: it is read once more.
    pub async fn done(&self, look: &Look) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock().await;
        let mut all = self.row(&mut waiting).await?;
        if waiting.fresh.contains(look) || !all.remove(look) {
            return Ok(());
        }
        self.write(&mut waiting, all).await
    }

    /// Waits until there is something new.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    async fn row(&self, waiting: &mut Waiting) -> Result<BTreeSet<Look>, Failure> {
        if waiting.row.is_none() {
            waiting.row = Some(self.shelf.read(KEY).await?.unwrap_or_default());
        }
        Ok(waiting.row.clone().unwrap_or_default())
    }

    async fn write(&self, waiting: &mut Waiting, all: BTreeSet<Look>) -> Result<(), Failure> {
        self.shelf.write(KEY, &all, ENTRY_KEPT_MS).await?;
        waiting.row = Some(all);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn what_waits_outlives_a_kill_and_has_a_bound() {
        let rows = Arc::new(Rows::default());
        let looks = Looks::new(rows.clone());
        let todo = |number: usize| Look::Todo(format!("g-{number}"));
        looks.add(vec![todo(1), Look::Native("I-1".into()), todo(1)]).await.expect("kept");
        looks.begin(&todo(1)).await;
        looks.add(vec![todo(1)]).await.expect("kept");
        looks.done(&todo(1)).await.expect("kept");
        assert_eq!(looks.all().await.expect("read").len(), 2, "it was told again while it was read");
        looks.begin(&todo(1)).await;
        looks.done(&todo(1)).await.expect("kept");
        let looks = Looks::new(rows.clone());
        assert_eq!(looks.all().await.expect("read"), [Look::Native("I-1".into())]);
        assert!(looks.add((0..LOOKS_MAX).map(todo).collect()).await.is_err(), "one too many");
        rows.refuse(true);
        assert!(looks.add(vec![todo(1)]).await.is_err(), "nothing is acknowledged that is not kept");
    }
}
