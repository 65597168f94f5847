//! An address of a program elsewhere, a project tool for example, that hears how tasks stand.
//!
//! Each change leaves one row for its task, in its batch. What the task is by then is sent, signed, one task after the other. While
//! nobody answers, all wait, longer each time, and what waited for days is given up; one that alone is not taken holds up no other,
//! and what is refused is not sent again. So a program that was away hears of each task as it is now, and never of two changes in the
//! wrong order. Secret tasks are not told of.

use std::{sync::Arc, time::Duration};

use base::Shutdown;
use cases::Case;
use hmac::{Hmac, KeyInit as _, Mac as _};
use outbound::{Limits, Outbound, Request};
use sha2::Sha256;
use store::{Batch, Scan, StoreError};

use super::{Tasks, told::told_of};
use crate::{
    OfficeError,
    limits::{
        HOOK_ANSWER_BYTES_MAX, HOOK_KEPT_MS, HOOK_LOOK_INTERVAL, HOOK_PAUSE, HOOK_PAUSE_MAX,
        HOOK_ROWS_AT_ONCE, HOOK_TIME_MAX,
    },
    tables::{HOOK, HookRow},
    task::{Task, state},
};

/// Where tasks are told of.
#[derive(Clone)]
pub struct Hook {
    /// The address.
    pub url: String,
    /// What signs, known there as well.
    pub secret: String,
    /// The way there; its guard says what may be reached.
    pub outbound: Outbound,
}

/// The names of the headers: which change, when it was sent in ms since 1970, and the signature over that time, a dot and the body.
const DELIVERY: &str = "x-lianqiao-delivery";
const TIMESTAMP: &str = "x-lianqiao-timestamp";
const SIGNATURE: &str = "x-lianqiao-signature";

/// What comes of telling.
enum Told {
    /// It was taken.
    Yes,
    /// Nobody has time there now.
    Later(String),
    /// It is never taken.
    Refused(String),
}

impl Hook {
    async fn tell(&self, delivery: &str, at_ms: u64, body: String) -> Told {
        let at = at_ms.to_string();
        let Some(signature) = self.signature(&at, &body) else {
            return Told::Refused("the secret cannot sign".to_owned());
        };
        let request = Request::post_json(&self.url, body)
            .header(DELIVERY, delivery)
            .header(TIMESTAMP, &at)
            .header(SIGNATURE, &signature);
        let limits = Limits { bytes_max: HOOK_ANSWER_BYTES_MAX, time_max: HOOK_TIME_MAX, redirects_max: 0 };
        match self.outbound.open(request, limits).await {
            Ok(answer) => match answer.status() {
                status if status.is_success() => Told::Yes,
                status if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) => {
                    Told::Later(format!("it answers {status}"))
                }
                status => Told::Refused(format!("it answers {status}")),
            },
            Err(error) if error.is_temporary() => Told::Later(error.to_string()),
            Err(error) => Told::Refused(error.to_string()),
        }
    }

    /// `sha256=` and the HMAC-SHA-256 in hexadecimal digits.
    fn signature(&self, at: &str, body: &str) -> Option<String> {
        use std::fmt::Write as _;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).ok()?;
        mac.update(format!("{at}.{body}").as_bytes());
        let mut text = "sha256=".to_owned();
        for byte in mac.finalize().into_bytes() {
            write!(text, "{byte:02x}").ok()?;
        }
        Some(text)
    }
}

impl Tasks {
    /// Has a task told of, as it is when its turn comes.
    pub(super) fn tell_hook_later(&self, batch: &mut Batch, case: &Case<Task>) {
        if self.0.parts.hook.is_none() || !is_told(case) {
            return;
        }
        let row = HookRow { rev: case.rev, since_ms: self.kit().clock().now_ms() };
        batch.put(&HOOK, &case.id, &row);
        let news = Arc::clone(&self.0.hook_news);
        batch.on_visible(move |_| news.notify_one());
    }

    /// Tells the address of tasks, if there is one, until the shutdown.
    pub async fn carry_hook(self, shutdown: Shutdown) {
        let mut failures: u32 = 0;
        while self.0.parts.hook.is_some() && !shutdown.is_triggered() {
            // What is under way when it ends stays, and is told of again.
            let outcome = tokio::select! {
                () = shutdown.wait() => return,
                outcome = Box::pin(self.tell_hook()) => outcome,
            };
            let wait = match outcome {
                Ok(true) => continue,
                Ok(false) => {
                    failures = 0;
                    HOOK_LOOK_INTERVAL
                }
                Err(error) => {
                    let wait = pause(failures);
                    failures = failures.saturating_add(1);
                    tracing::warn!(%error, failures, "tasks cannot be told of elsewhere now; will try again");
                    wait
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.hook_news.notified(), if failures == 0 => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Tells of the tasks that wait, once; whether there may be more.
    ///
    /// # Errors
    /// What may pass; those that were not told of stay.
    pub(crate) async fn tell_hook(&self) -> Result<bool, OfficeError> {
        let Some(hook) = &self.0.parts.hook else { return Ok(false) };
        let rows = self.kit().store().scan(&HOOK, Scan::all().limit(HOOK_ROWS_AT_ONCE)).await?;
        let is_full = rows.len() == HOOK_ROWS_AT_ONCE;
        let mut failed = None;
        for (id, row) in rows {
            let case = self.house().await?.cases.get::<Task>(&id).await?.filter(is_told);
            let now_ms = self.kit().clock().now_ms();
            let outcome = match &case {
                Some(case) => {
                    let body = told_of(case, &self.house().await?.chart()).to_string();
                    hook.tell(&format!("{id}.{}", case.rev), now_ms, body).await
                }
                None => Told::Yes,
            };
            let said = match outcome {
                Told::Yes => "told",
                // One alone may be what is not taken: it holds up no other.
                Told::Later(reason) if now_ms.saturating_sub(row.since_ms) < HOOK_KEPT_MS => match failed {
                    None => {
                        failed = Some(reason);
                        continue;
                    }
                    Some(_) => return Err(OfficeError::Later(reason)),
                },
                Told::Later(reason) | Told::Refused(reason) => {
                    tracing::error!(task = id, reason, "a change of a task is not told of elsewhere");
                    "given_up"
                }
            };
            metrics::counter!("bots_task_hook_total", "outcome" => said).increment(1);
            let mut batch = Batch::new();
            batch.expect_eq(&HOOK, &id, &row).delete(&HOOK, &id);
            match self.kit().store().commit(batch).await {
                // It has changed again: the newer row has its own turn.
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        failed.map_or(Ok(is_full), |reason| Err(OfficeError::Later(reason)))
    }
}

/// Whether anybody outside hears of a task.
fn is_told(case: &Case<Task>) -> bool {
    case.state != state::PROPOSED && !case.data.is_secret
}

/// How long to wait after so many failures before this one.
fn pause(failures: u32) -> Duration {
    HOOK_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(HOOK_PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use outbound::OutboundSettings;

    use super::*;

    #[test]
    fn what_is_told_is_signed_with_its_time() {
        let hook = Hook {
            url: String::new(),
            secret: "a-secret-of-sixteen".to_owned(),
            outbound: Outbound::new(OutboundSettings::default()).unwrap(),
        };
        let signature = hook.signature("1793836800000", "{}").unwrap();
        assert_eq!(signature, "sha256=f9abb46013af0d39ef42b6cecea03ada2dd315b6f374e024eff2e4d85277a5a9");
    }

    #[test]
    fn pauses_grow_to_their_bound() {
        assert_eq!([0, 1, 2].map(pause), [1, 2, 4].map(|times| HOOK_PAUSE * times));
        assert_eq!([20, u32::MAX].map(pause), [HOOK_PAUSE_MAX; 2]);
    }
}
