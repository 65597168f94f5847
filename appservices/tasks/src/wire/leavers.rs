//! Who leaves while they have tasks: these go to their heads.
//!
//! A timer looks at the organisation once in a while; a version that was looked at is not looked at again. The work of
//! one look is bounded, and a version counts as done when a look found nothing more to do.

use people::Status;
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Tasks};
use crate::{
    OfficeError,
    act::Action,
    limits::{LEAVERS_INTERVAL_MS, MOVED_AT_ONCE_MAX, TASKS_READ_MAX},
    tables::LEAVERS_DONE,
};

/// The key of the timer.
pub(super) const TIMER: &str = "tkleavers";

impl Tasks {
    /// Has the next look come.
    pub(super) fn look_later(&self, batch: &mut Batch) {
        let at_ms = self.kit().clock().now_ms().saturating_add(LEAVERS_INTERVAL_MS);
        self.kit().timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Looks who has left since the last look, and who is in a zone that is new.
    pub(super) async fn look_for_leavers(&self, batch: &mut Batch) -> Result<(), OfficeError> {
        self.look_later(batch);
        let chart = self.house().await?.chart();
        let done = self.kit().store().get(&LEAVERS_DONE, &()).await?;
        if done == Some(chart.version()) {
            return Ok(());
        }
        for person in chart.people().filter(|person| person.status == Status::Left) {
            let lists = ["todo", "made"].map(|list| (list, person.id.0.clone()));
            let mut moved = false;
            for case in self.tasks_in(&lists, TASKS_READ_MAX).await?.into_iter().take(MOVED_AT_ONCE_MAX) {
                let left = Action::Left { person: person.id.clone() };
                let marker = format!("left/{}/{}/{}", person.id, chart.version(), case.id);
                moved |= self.by_itself(batch, case, &left, &marker, false).await?;
            }
            // One person a look: two might have the same task, and a batch changes a task once.
            if moved {
                return Ok(());
            }
        }
        self.set_digests(batch).await?;
        batch.put(&LEAVERS_DONE, &(), &chart.version());
        Ok(())
    }
}
