//! Who leaves while approvals wait for them: their tasks go to their heads, and what another server waits for goes to whoever
//! does now what they did.
//!
//! A timer looks at the organisation once in a while; a version that was looked at is not looked at again. The work of
//! one look is bounded, and a version counts as done when a look found nothing more to do.

use cases::CasesError;
use people::Status;
use serde_json::json;
use store::Batch;

use super::{Approvals, Change, KIND, LOCALPART};
use crate::{
    OfficeError,
    act::Action,
    desk::Actor,
    instance::Instance,
    limits::{LEAVERS_CASES_MAX, LEAVERS_INTERVAL_MS},
    tables::LEAVERS_DONE,
};

/// The key of the timer.
pub(super) const TIMER: &str = "leavers";

impl Approvals {
    /// Has the next look come.
    pub(super) fn look_later(&self, batch: &mut Batch) {
        let at_ms = self.kit().clock().now_ms().saturating_add(LEAVERS_INTERVAL_MS);
        self.kit().timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Looks who has left since the last look.
    pub(super) async fn look_for_leavers(&self, batch: &mut Batch) -> Result<(), OfficeError> {
        self.look_later(batch);
        let house = self.house().await?;
        let chart = house.chart();
        self.keep_administration(batch, &chart).await?;
        self.keep_auditors(batch, &chart).await?;
        let done = self.kit().store().get(&LEAVERS_DONE, &()).await?;
        if done == Some(chart.version()) {
            return Ok(());
        }
        for person in chart.people().filter(|person| person.status == Status::Left) {
            let mut waiting = house.cases.listed(KIND, "todo", &person.id.0).await?;
            waiting.truncate(LEAVERS_CASES_MAX);
            let mut moved = Box::pin(self.pass_on_requests(batch, &person.id, &chart)).await?;
            for id in waiting {
                let Some(case) = house.cases.get::<Instance>(&id).await? else { continue };
                let scene = self.scene_of(&case.data, self.kit().clock().now_ms()).await?;
                let mut change = Change::of(case);
                let left = Action::Left { person: person.id.clone() };
                if scene.act(&mut change, &left, &Actor::nobody()).is_ok()
                    && !change.decision.entries.is_empty()
                {
                    let marker = format!("left/{}/{}/{}", person.id, chart.version(), id);
                    match self.carry_out(batch, change, &scene, &marker).await {
                        Ok(_) => moved = true,
                        // Nothing of it is in the batch, and it holds up no other.
                        Err(OfficeError::Cases(CasesError::Full(reason))) => {
                            tracing::error!(
                                case = id,
                                reason,
                                "a case of somebody who left cannot be passed on"
                            );
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            // One person a look: two might wait in the same case, and a batch changes a case once.
            if moved {
                return Ok(());
            }
        }
        batch.put(&LEAVERS_DONE, &(), &chart.version());
        Ok(())
    }
}
