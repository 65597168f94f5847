//! What those who look after the organisation hear when the program elsewhere does not take changes.

use kit::{Letter, To, message};
use people::import::WRITERS;
use store::Batch;

use super::address::Untaken;
use crate::{
    OfficeError, Tasks,
    limits::{DAY_MS, HOOK_KEPT_MS, HOOK_WARNING_INTERVAL_MS},
    tables::HOOK_WARNED,
    wire::LOCALPART,
};

/// Of what they hear.
#[derive(Clone, Copy)]
pub(super) enum Warning {
    /// A change is refused, and waits.
    Refused,
    /// A change waited for days, and is told of no more.
    GivenUp,
}

impl Warning {
    fn text(self) -> &'static str {
        match self {
            Self::Refused => "tk.hook.refused",
            Self::GivenUp => "tk.hook.given_up",
        }
    }
}

impl Tasks {
    /// Tells those who may change the organisation what becomes of the change of this task; of each warning once in
    /// [`HOOK_WARNING_INTERVAL_MS`] until all was taken, since a program that is away for long fails for many tasks. The log names
    /// them all.
    pub(super) async fn warn_of_hook(
        &self,
        batch: &mut Batch,
        warning: Warning,
        no: &str,
        why: &Untaken,
    ) -> Result<(), OfficeError> {
        let now_ms = self.kit().clock().now_ms();
        let key = warning.text();
        let warned_ms = self.kit().store().get(&HOOK_WARNED, key).await?;
        if warned_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < HOOK_WARNING_INTERVAL_MS) {
            return Ok(());
        }
        batch.expect_read(&HOOK_WARNED, key, warned_ms.as_ref()).put(&HOOK_WARNED, key, &now_ms);
        let days = (HOOK_KEPT_MS / DAY_MS).to_string();
        let chart = self.house().await?.chart();
        for person in chart.in_role(WRITERS).iter().filter_map(|id| chart.active(id)) {
            let Some(account) = person.account.clone() else { continue };
            let pen = self.pen_of(person).await?;
            let answer = match why {
                Untaken::Refused { status: Some(status), .. } => {
                    pen.say("tk.hook.answer", &[("status", &status.to_string())])
                }
                Untaken::Refused { status: None, .. } => pen.say("tk.hook.unasked", &[]),
                Untaken::Away(_) => pen.say("tk.hook.away", &[]),
            };
            let text = pen.say(key, &[("no", no), ("days", &days), ("answer", &answer)]);
            let content = message(&text, std::slice::from_ref(&account));
            let key = format!("tkhook/{key}/{now_ms}/{}", person.id);
            self.kit().outbox().put(batch, Letter::message(key, LOCALPART, To::Direct(account), content));
        }
        Ok(())
    }

    /// Nothing waits any more that was not taken: the next time is told of at once.
    pub(super) async fn forget_hook_warnings(&self) -> Result<(), OfficeError> {
        let keys = [Warning::Refused, Warning::GivenUp].map(|warning| warning.text().to_owned());
        if self.kit().store().multi_get(&HOOK_WARNED, &keys).await?.iter().all(Option::is_none) {
            return Ok(());
        }
        let mut batch = Batch::new();
        for key in &keys {
            batch.delete(&HOOK_WARNED, key);
        }
        self.kit().store().commit(batch).await?;
        Ok(())
    }
}
