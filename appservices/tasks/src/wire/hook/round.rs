//! One round of telling: the tasks whose turn it is, those first that were never tried, so that what is not taken holds up
//! no other.

use std::collections::BTreeMap;

use cases::Case;
use store::{Batch, Scan, StoreError};

use super::{Hook, address::Untaken, is_told, pause, warning::Warning};
use crate::{
    OfficeError, Tasks,
    limits::{HOOK_KEPT_MS, HOOK_REFUSALS_IN_A_ROW_MAX, HOOK_ROWS_AT_ONCE},
    tables::{HOOK, HookRow, TriedRow},
    task::Task,
    wire::told::told_of,
};

impl Tasks {
    /// Tells of the tasks whose turn it is, once; whether there may be more.
    ///
    /// # Errors
    /// What may pass, once nobody has time for a second task; those that were not told of stay.
    pub(crate) async fn tell_hook(&self) -> Result<bool, OfficeError> {
        let Some(hook) = &self.0.parts.hook else { return Ok(false) };
        let (due, has_more) = self.due_for_hook().await?;
        let (mut away, mut refusals) = (None, 0);
        for (id, row) in due {
            match self.tell_of(hook, &id, &row).await? {
                None => refusals = 0,
                // One alone may be what is not taken: it holds up no other.
                Some(Untaken::Away(reason)) => match away {
                    None => away = Some(reason),
                    Some(_) => return Err(OfficeError::Later(reason)),
                },
                Some(Untaken::Refused { .. }) => refusals += 1,
            }
            // It refuses everything, it seems: the rest need not hear that, too, before the next look.
            if refusals == HOOK_REFUSALS_IN_A_ROW_MAX {
                return Ok(false);
            }
        }
        away.map_or(Ok(has_more), |reason| Err(OfficeError::Later(reason)))
    }

    /// The tasks whose turn it is, at most [`HOOK_ROWS_AT_ONCE`], and whether there are more. Those that were never tried come
    /// first, then those that were tried longest ago.
    async fn due_for_hook(&self) -> Result<(Vec<(String, HookRow)>, bool), OfficeError> {
        let now_ms = self.kit().clock().now_ms();
        let (mut due, mut has_more) = (BTreeMap::new(), false);
        let mut after: Option<String> = None;
        loop {
            let mut scan = Scan::all().limit(HOOK_ROWS_AT_ONCE);
            if let Some(after) = &after {
                scan = scan.after(after);
            }
            let page = self.kit().store().scan(&HOOK, scan).await?;
            let is_last = page.len() < HOOK_ROWS_AT_ONCE;
            after = page.last().map(|(id, _)| id.clone());
            for (id, row) in page {
                let turn_ms = row.tried.as_ref().map_or(0, |tried| tried.again_ms);
                if turn_ms <= now_ms {
                    due.insert((turn_ms, row.since_ms, id), row);
                }
                if due.len() > HOOK_ROWS_AT_ONCE {
                    due.pop_last();
                    has_more = true;
                }
            }
            if is_last {
                return Ok((due.into_iter().map(|((_, _, id), row)| (id, row)).collect(), has_more));
            }
        }
    }

    /// Tells of one task and notes what came of it; why it waits on, if it does.
    async fn tell_of(&self, hook: &Hook, id: &str, row: &HookRow) -> Result<Option<Untaken>, OfficeError> {
        let case = self.house().await?.cases.get::<Task>(id).await?.filter(is_told);
        let now_ms = self.kit().clock().now_ms();
        let untaken = match &case {
            Some(case) => {
                let body = told_of(case, &self.house().await?.chart()).to_string();
                hook.tell(&format!("{id}.{}", case.rev), now_ms, body).await.err().map(|why| (case, why))
            }
            None => None,
        };
        let mut batch = Batch::new();
        batch.expect_eq(&HOOK, id, row);
        let (said, waits) = match untaken {
            Some((case, why)) if now_ms.saturating_sub(row.since_ms) < HOOK_KEPT_MS => {
                (self.note_untaken(&mut batch, case, row, &why).await?, Some(why))
            }
            Some((case, why)) => {
                tracing::error!(
                    task = case.no,
                    reason = why.reason(),
                    "a change of a task was not taken elsewhere for days and is given up"
                );
                batch.delete(&HOOK, id);
                self.warn_of_hook(&mut batch, Warning::GivenUp, &case.no, &why).await?;
                ("given_up", None)
            }
            None => {
                batch.delete(&HOOK, id);
                ("told", None)
            }
        };
        metrics::counter!("bots_task_hook_total", "outcome" => said).increment(1);
        match self.kit().store().commit(batch).await {
            // It has changed again: the newer row has its own turn.
            Ok(_) | Err(StoreError::Conflict) => Ok(waits),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes when a task that was not taken has its next turn; the word for metrics.
    async fn note_untaken(
        &self,
        batch: &mut Batch,
        case: &Case<Task>,
        row: &HookRow,
        why: &Untaken,
    ) -> Result<&'static str, OfficeError> {
        let now_ms = self.kit().clock().now_ms();
        let before = row.tried.as_ref().map_or(0, |tried| tried.refusals);
        let (said, tried) = match why {
            // All wait for who is away; the others have their turn first.
            Untaken::Away(_) => ("away", TriedRow { refusals: before, again_ms: now_ms }),
            Untaken::Refused { reason, .. } => {
                tracing::error!(
                    task = case.no,
                    reason,
                    "a change of a task is refused elsewhere; will try again"
                );
                self.warn_of_hook(batch, Warning::Refused, &case.no, why).await?;
                let wait_ms = u64::try_from(pause(before).as_millis()).unwrap_or(u64::MAX);
                let again_ms = now_ms.saturating_add(wait_ms);
                ("refused", TriedRow { refusals: before.saturating_add(1), again_ms })
            }
        };
        batch.put(&HOOK, &case.id, &HookRow { tried: Some(tried), ..row.clone() });
        Ok(said)
    }
}
