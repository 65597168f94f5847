//! Looks after what the platform may have lost: once in a while its approvals and the answers to our meetings are read again. An
//! interface that was not granted to the app is left alone for long; granting it in the console is what switches it on.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Inbox, Refusal, Rng, Shutdown, digest, handed_over};
use tokio::time::{Instant, sleep};

use super::{Office, rows::Stands, schedules::stands};
use crate::{
    Intervals,
    lenient::text,
    limits::{NOT_GRANTED_PAUSE, SCHEDULES_AT_ONCE, TAKEN_WITHIN},
};

/// Until when something is left alone.
#[derive(Default)]
struct Alone(Option<Instant>);

impl Alone {
    fn is_over(&self) -> bool {
        self.0.is_none_or(|until| until <= Instant::now())
    }

    fn heed(&mut self, what: &'static str, outcome: Result<(), Failure>) {
        self.0 = None;
        let Err(error) = outcome else { return };
        if matches!(error.kind, FailureKind::NotSignedIn(_) | FailureKind::Refused(Refusal::NotPermitted)) {
            tracing::info!(%error, what, "WeCom grants the app no right to read these; they are left alone for a while");
            self.0 = Some(Instant::now() + NOT_GRANTED_PAUSE);
        } else {
            tracing::warn!(%error, what, "what the platform may have lost is not read; it is tried again");
        }
    }
}

impl Office {
    /// Looks after it until `shutdown` fires.
    pub async fn keep(&self, inbox: &dyn Inbox, rng: &Rng, shutdown: &Shutdown) {
        if self.client.settings().app.is_none() {
            return shutdown.wait().await;
        }
        let (mut approvals, mut answers) = (Alone::default(), Alone::default());
        let Intervals { first_look, look, .. } = self.client.settings().intervals;
        let mut pause = first_look;
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                () = sleep(pause) => {}
            }
            let spread_ms = u64::try_from((look / 5).as_millis()).unwrap_or(1);
            pause = look - Duration::from_millis(rng.below(spread_ms));
            let round = async {
                if approvals.is_over() {
                    approvals.heed("approvals", self.look_after_approvals(inbox).await);
                }
                if answers.is_over() {
                    answers.heed("answers", self.look_after_answers(inbox).await);
                }
            };
            tokio::select! {
                () = shutdown.wait() => return,
                () = Box::pin(round) => {}
            }
        }
    }

    /// Reads what people answered to all meetings that are to come.
    ///
    /// # Errors
    /// When the platform or the shelf refuses; what was not handed over is read again in the next round.
    pub(super) async fn look_after_answers(&self, inbox: &dyn Inbox) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        let mut meetings = Vec::new();
        for (mark, over_s) in self.rows.open().await? {
            if over_s <= now_ms / 1_000 {
                self.rows.note_open(&mark, None).await?;
            } else if let Some(entry) = self.rows.entry(&mark).await?
                && let Stands::At(schedule) = entry.stands.clone()
            {
                meetings.push((schedule, mark, entry));
            }
        }
        for some in meetings.chunks(SCHEDULES_AT_ONCE) {
            let schedules: Vec<String> = some.iter().map(|(schedule, ..)| schedule.clone()).collect();
            let read = self.read(&schedules).await?;
            for there in read.iter().filter(|there| stands(there)) {
                let id = text(there, "schedule_id").unwrap_or_default();
                let Some((_, mark, entry)) = some.iter().find(|(schedule, ..)| *schedule == id) else {
                    continue;
                };
                let proof = digest(there.to_string().as_bytes());
                let arrivals = self.news(mark, entry, there, now_ms, &proof).await?;
                if !handed_over(inbox, arrivals.clone(), TAKEN_WITHIN).await {
                    return Err(Failure::later("what people answered was not taken"));
                }
                self.taken(&arrivals).await;
            }
        }
        Ok(())
    }
}
