//! One look at what waits for a platform, and what a stop makes of it: questions end at once, a letter has a moment to arrive.

use base::Shutdown;
use ruma::UserId;

use super::{MailWords, Post, Posted};
use crate::{bridges::Seat, error::Stuck, limits::STOP_TIME_MAX};

/// One look at what waits for a platform.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub seat: &'a Seat,
    pub post: &'a dyn Post,
    pub shutdown: &'a Shutdown,
}

impl Look<'_> {
    /// What comes of a question to the homeserver; none when the stop comes first.
    pub async fn unless_stopped<T>(
        &self,
        asked: impl Future<Output = Result<T, Stuck>>,
    ) -> Result<Option<T>, Stuck> {
        tokio::select! {
            biased;
            () = self.shutdown.wait() => Ok(None),
            answer = asked => answer.map(Some),
        }
    }

    /// What becomes of a letter. After the stop its way is waited for no longer than a connector has.
    pub async fn posted(&self, to: &UserId, words: &MailWords) -> Result<Posted, String> {
        let stopped = async {
            self.shutdown.wait().await;
            tokio::time::sleep(STOP_TIME_MAX).await;
        };
        tokio::select! {
            biased;
            outcome = self.post.post(to, words) => outcome,
            () = stopped => Err("the bridges stop".to_owned()),
        }
    }
}
