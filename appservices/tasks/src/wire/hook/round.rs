//! One round of telling: the tasks whose turn it is, those first that were never tried, so that what is not taken holds up
//! no other.

use std::{collections::BTreeMap, time::Duration};

use cases::Case;
use store::{Batch, Scan, StoreError};

use super::{Hook, address::Untaken, is_told, pause, warning::Warning};
use crate::{
    OfficeError, Tasks,
    limits::{HOOK_KEPT_MS, HOOK_LOOK_INTERVAL, HOOK_REFUSALS_IN_A_ROW_MAX, HOOK_ROWS_AT_ONCE},
    tables::{HOOK, HookRow, TriedRow},
    task::Task,
    wire::told::told_of,
};

/// What waits to be told of.
struct Due {
    /// The tasks whose turn it is, at most [`HOOK_ROWS_AT_ONCE`]: those that were never tried, then those that were tried longest ago.
    tasks: Vec<(String, HookRow)>,
    /// Whether it is the turn of more.
    has_more: bool,
    /// How many tasks were tried and not taken, also those whose turn it is not.
    untaken: usize,
}

/// What became of a task whose turn it was.
enum Told {
    /// It was taken.
    Taken,
    /// Nobody is told of it any more.
    Gone,
    /// It waits on.
    Waits(Untaken),
}

impl Tasks {
    /// Tells of the tasks whose turn it is, once; how long to wait before the next look, which is nothing where there may be more.
    ///
    /// # Errors
    /// What may pass, once nobody has time for a second task; those that were not told of stay.
    pub(crate) async fn tell_hook(&self) -> Result<Duration, OfficeError> {
        let Some(hook) = &self.0.parts.hook else { return Ok(HOOK_LOOK_INTERVAL) };
        let Due { tasks, has_more, mut untaken } = self.due_for_hook().await?;
        let (mut alone, mut refusals, mut is_taken) = (None, 0, false);
        for (id, row) in tasks {
            let told = self.tell_of(hook, &id, &row, alone.is_some()).await?;
            untaken = untaken.saturating_sub(usize::from(row.tried.is_some()));
            match told {
                Told::Taken => (refusals, is_taken) = (0, true),
                Told::Gone => {}
                Told::Waits(why) => {
                    untaken += 1;
                    match why {
                        // One alone may be what is not taken: it waits by itself and holds up no other.
                        Untaken::Away(_) if alone.is_none() => alone = Some(pause_of(&row)),
                        Untaken::Away(reason) => return Err(OfficeError::Later(reason)),
                        Untaken::Refused { .. } => refusals += 1,
                    }
                }
            }
            // It refuses everything, it seems: the rest need not hear that, too, before the next look.
            if refusals == HOOK_REFUSALS_IN_A_ROW_MAX {
                return Ok(HOOK_LOOK_INTERVAL);
            }
        }
        if is_taken && untaken == 0 {
            self.forget_hook_warnings().await?;
        }
        Ok(match alone {
            _ if has_more => Duration::ZERO,
            Some(wait) => wait.min(HOOK_LOOK_INTERVAL),
            None => HOOK_LOOK_INTERVAL,
        })
    }

    async fn due_for_hook(&self) -> Result<Due, OfficeError> {
        let now_ms = self.kit().clock().now_ms();
        let (mut due, mut has_more, mut untaken) = (BTreeMap::new(), false, 0);
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
                untaken += usize::from(row.tried.is_some());
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
                let tasks = due.into_iter().map(|((_, _, id), row)| (id, row)).collect();
                return Ok(Due { tasks, has_more, untaken });
            }
        }
    }

    /// Tells of one task and notes what came of it. `is_second` says that nobody had time for another task just before.
    async fn tell_of(
        &self,
        hook: &Hook,
        id: &str,
        row: &HookRow,
        is_second: bool,
    ) -> Result<Told, OfficeError> {
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
        let (said, told) = match untaken {
            Some((case, why)) if now_ms.saturating_sub(row.since_ms) < HOOK_KEPT_MS => {
                (self.note_untaken(&mut batch, case, row, &why, is_second).await?, Told::Waits(why))
            }
            Some((case, why)) => {
                tracing::error!(
                    task = case.no,
                    reason = why.reason(),
                    "a change of a task was not taken elsewhere for days and is given up"
                );
                batch.delete(&HOOK, id);
                self.warn_of_hook(&mut batch, Warning::GivenUp, &case.no, &why).await?;
                ("given_up", Told::Gone)
            }
            None => {
                batch.delete(&HOOK, id);
                ("told", if case.is_some() { Told::Taken } else { Told::Gone })
            }
        };
        metrics::counter!("bots_task_hook_total", "outcome" => said).increment(1);
        match self.kit().store().commit(batch).await {
            // It has changed again: the newer row has its own turn.
            Ok(_) | Err(StoreError::Conflict) => Ok(told),
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
        is_second: bool,
    ) -> Result<&'static str, OfficeError> {
        let now_ms = self.kit().clock().now_ms();
        let before = row.tried.as_ref().map_or(0, |tried| tried.refusals);
        let wait_ms = u64::try_from(pause_of(row).as_millis()).unwrap_or(u64::MAX);
        let alone = TriedRow { refusals: before.saturating_add(1), again_ms: now_ms.saturating_add(wait_ms) };
        let (said, tried) = match why {
            // All wait for who is away; the others have their turn first.
            Untaken::Away(_) if is_second => ("away", TriedRow { refusals: before, again_ms: now_ms }),
            Untaken::Away(reason) => {
                tracing::warn!(
                    task = case.no,
                    reason,
                    "a change of a task cannot be told of elsewhere now; will try again"
                );
                ("away", alone)
            }
            Untaken::Refused { reason, .. } => {
                tracing::error!(
                    task = case.no,
                    reason,
                    "a change of a task is refused elsewhere; will try again"
                );
                self.warn_of_hook(batch, Warning::Refused, &case.no, why).await?;
                ("refused", alone)
            }
        };
        batch.put(&HOOK, &case.id, &HookRow { tried: Some(tried), ..row.clone() });
        Ok(said)
    }
}

/// How long a task waits by itself that is not taken once more.
fn pause_of(row: &HookRow) -> Duration {
    pause(row.tried.as_ref().map_or(0, |tried| tried.refusals))
}
