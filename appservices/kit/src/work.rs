//! Asking a bot to do its part, and committing what it did together with the end of the task.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use store::{Batch, StoreError};

use crate::{Bot, BotError, Fired, Heard, Kit, limits::CONFLICTS_MAX};

/// What a bot is asked to do.
pub(crate) enum Task<'a> {
    Started,
    Heard(&'a Heard),
    Timer(&'a Fired),
    Undeliverable { key: &'a str, reason: &'a str },
}

/// What ends a task in the store. It stands in the batch before the bot's own rows, so that a timer may set itself again.
pub(crate) type End<'a> = &'a (dyn Fn(&mut Batch) + Send + Sync);

impl Kit {
    /// Has a bot do its part, once. What it gives up on ends as well: told of in the log, so that one event that it
    /// cannot digest does not keep it from all others.
    ///
    /// # Errors
    /// What may pass: nothing was written then, and it is to be asked again.
    pub(crate) async fn have(&self, bot: &dyn Bot, task: &Task<'_>, end: End<'_>) -> Result<(), BotError> {
        for _ in 0..CONFLICTS_MAX {
            let mut batch = Batch::new();
            end(&mut batch);
            match asked(bot, task, &mut batch).await {
                Ok(()) => {}
                Err(error) if may_pass(&error) => return Err(error),
                Err(error) => {
                    metrics::counter!("bots_given_up_total", "bot" => bot.localpart()).increment(1);
                    tracing::error!(%error, bot = bot.localpart(), "a bot gives up on what it was asked");
                    batch = Batch::new();
                    end(&mut batch);
                }
            }
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(BotError::Later(format!("others changed the same rows {CONFLICTS_MAX} times in between")))
    }
}

async fn asked(bot: &dyn Bot, task: &Task<'_>, batch: &mut Batch) -> Result<(), BotError> {
    let done = AssertUnwindSafe(async {
        match task {
            Task::Started => bot.started(batch).await,
            Task::Heard(heard) => bot.heard(heard, batch).await,
            Task::Timer(fired) => bot.timer(fired, batch).await,
            Task::Undeliverable { key, reason } => bot.undeliverable(key, reason, batch).await,
        }
    });
    done.catch_unwind().await.unwrap_or_else(|_| Err(BotError::Broken("the bot panicked".to_owned())))
}

fn may_pass(error: &BotError) -> bool {
    match error {
        BotError::Later(_) => true,
        BotError::Broken(_) => false,
        BotError::Store(error) => match error {
            StoreError::Conflict
            | StoreError::Busy
            | StoreError::Full
            | StoreError::ReadOnly(_)
            | StoreError::Closed
            | StoreError::Io(_) => true,
            StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => false,
        },
    }
}
