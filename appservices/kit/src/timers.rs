//! Timers that outlive the process: a row by key, and a row by time.

use std::sync::Arc;

use serde_json::Value;
use store::Batch;
use tokio::sync::Notify;

use crate::tables::{TIMERS, TIMERS_DUE, TimerRow};

/// Sets and cancels timers. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    news: Arc<Notify>,
}

impl Timers {
    /// Sets a timer, or moves the one of the same key. `at_ms` is in milliseconds since 1970; a time that has passed
    /// fires at once.
    pub fn set(&self, batch: &mut Batch, bot: &str, key: &str, at_ms: u64, payload: Value) {
        batch.put(&TIMERS, key, &TimerRow { bot: bot.to_owned(), at_ms, payload });
        // The row of an earlier time stays and is thrown away when its time comes: reading it here would cost a
        // condition in every batch.
        batch.put(&TIMERS_DUE, &(at_ms, key), &());
        let news = Arc::clone(&self.news);
        batch.on_visible(move |_| news.notify_one());
    }

    /// Cancels a timer, if it is there.
    pub fn cancel(&self, batch: &mut Batch, key: &str) {
        batch.delete(&TIMERS, key);
    }

    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}
