//! Whether a platform takes what is sent to it. A line on which arrivals come, or that is up because nothing is held open, is
//! down all the same when for some time nothing that was sent has arrived.

use std::time::Duration;

use bridge_api::{Failure, FailureKind};
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

/// Nothing that is sent arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Away {
    /// What the platform or the way to it says.
    pub failure: Failure,
    /// Since when.
    pub since: Instant,
}

/// What becomes of what is sent to one platform.
pub(crate) struct Reach {
    /// How long everything has to fail.
    patience: Duration,
    /// The first failure since the last answer.
    failing_since: Mutex<Option<Instant>>,
    /// The last answer.
    answered: Mutex<Option<Instant>>,
    away: watch::Sender<Option<Away>>,
}

impl Reach {
    /// A platform that is away when everything failed for so long.
    pub fn new(patience: Duration) -> Self {
        let away = watch::Sender::new(None);
        Self { patience, failing_since: Mutex::default(), answered: Mutex::default(), away }
    }

    /// Notes what became of a request, and hands it on.
    pub fn heard<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        match &outcome {
            Ok(_) => self.answers(),
            Err(failure) => self.failed(failure),
        }
        outcome
    }

    /// The platform answers, or nothing waits for it any more.
    pub fn answers(&self) {
        *self.failing_since.lock() = None;
        *self.answered.lock() = Some(Instant::now());
        self.away.send_if_modified(|away| away.take().is_some());
    }

    fn failed(&self, failure: &Failure) {
        match failure.kind {
            FailureKind::Refused(_) | FailureKind::Silenced(_) => self.answers(),
            // It has enough of us, and is there.
            FailureKind::Limited { .. } => {}
            FailureKind::Later(_) | FailureKind::NotSignedIn(_) | FailureKind::Garbled(_) => {
                let since = *self.failing_since.lock().get_or_insert_with(Instant::now);
                if since.elapsed() >= self.patience {
                    self.away.send_if_modified(|away| match away {
                        Some(_) => false,
                        None => {
                            *away = Some(Away { failure: failure.clone(), since });
                            true
                        }
                    });
                }
            }
        }
    }

    /// Whether there was an answer after this moment.
    pub fn answered_since(&self, moment: Instant) -> bool {
        self.answered.lock().is_some_and(|answered| answered > moment)
    }

    /// Whether nothing arrives there now.
    pub fn away(&self) -> Option<Away> {
        self.away.borrow().clone()
    }

    /// Hears when that changes.
    pub fn subscribe(&self) -> watch::Receiver<Option<Away>> {
        self.away.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::Refusal;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn fails(reach: &Reach, failure: Failure) {
        assert!(reach.heard(Err::<(), _>(failure)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_platform_is_away_when_for_a_minute_everything_failed_and_there_again_with_any_answer() {
        let reach = Reach::new(MINUTE);
        fails(&reach, Failure::later("502"));
        tokio::time::advance(MINUTE - Duration::from_secs(1)).await;
        fails(&reach, Failure::later("502"));
        assert_eq!(reach.away(), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        fails(&reach, Failure::new(FailureKind::NotSignedIn("the secret is another".into())));
        assert_eq!(reach.away().map(|away| away.since.elapsed()), Some(MINUTE));
        fails(&reach, Failure::refused(Refusal::Gone));
        assert_eq!(reach.away(), None, "a refusal is an answer");
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_among_failures_and_limits_alone_are_no_outage() {
        let reach = Reach::new(MINUTE);
        for _ in 0..10 {
            fails(&reach, Failure::later("502"));
            tokio::time::advance(MINUTE / 2).await;
            assert!(reach.heard(Ok(())).is_ok());
            tokio::time::advance(MINUTE / 2).await;
            fails(&reach, Failure::new(FailureKind::Limited { after: Duration::ZERO, app: true }));
        }
        assert_eq!(reach.away(), None);
    }
}
