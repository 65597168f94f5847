//! What is done while the connector runs: what events told of is read again, answers to invitations are read, open tasks are read
//! now and then, and native approvals are subscribed to.

use std::convert::Infallible;

use bridge_api::{Failure, Inbox};
use tokio::time::{Instant, sleep_until};

use super::{
    answers, leaving,
    looks::Look,
    native,
    rows::{Kind, Open},
    scope, todos_read,
};
use crate::{
    Feishu,
    limits::{LOOK_AGAIN_AFTER, OPEN_ROWS, READ_AT_ONCE_MAX, SUBSCRIBED_AGAIN_AFTER},
};

/// Goes through the open entries of a kind, a part of them in each round.
struct Round {
    kind: Kind,
    row: u64,
    waiting: Vec<String>,
}

impl Round {
    const fn new(kind: Kind) -> Self {
        Self { kind, row: 0, waiting: Vec::new() }
    }

    /// Reads as many as are read at once, or all; the next round goes on behind them.
    async fn read(&mut self, feishu: &Feishu, open: &Open, inbox: &dyn Inbox) -> Result<(), Failure> {
        let (mut rows, mut read) = (0, 0);
        while read < READ_AT_ONCE_MAX {
            let Some(name) = self.waiting.pop() else {
                if rows == OPEN_ROWS {
                    break;
                }
                rows += 1;
                self.waiting = open.in_row(self.row, feishu.clock.now_ms()).await?;
                self.row = (self.row + 1) % OPEN_ROWS;
                continue;
            };
            read += 1;
            let outcome = match self.kind {
                Kind::Todo => todos_read::look_at(feishu, &name, inbox).await,
                Kind::Meeting => answers::look_at(feishu, &name, inbox).await,
                // Callbacks tell of approvals, and instances are read with their series.
                Kind::Approval | Kind::Instance => Ok(()),
            };
            match outcome {
                Err(failure) if failure.passes() => return Err(failure),
                Err(failure) => tracing::warn!(%failure, "an entry of ours cannot be read"),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Does all of it for ever.
pub async fn tend(feishu: &Feishu, inbox: &dyn Inbox) -> Infallible {
    let settings = &feishu.client.settings().office;
    let (mut todos, mut meetings) = (Round::new(Kind::Todo), Round::new(Kind::Meeting));
    let start = Instant::now();
    let (mut todos_at, mut meetings_at) = (start + settings.todos_every, start + settings.meetings_every);
    let (mut looks_at, mut subscribed_at) = (Some(start), Some(start));
    loop {
        let waiting = [looks_at, subscribed_at].into_iter().flatten();
        let next = waiting.fold(todos_at.min(meetings_at), Instant::min);
        tokio::select! {
            () = sleep_until(next) => {}
            () = feishu.office.looks.news() => looks_at = Some(Instant::now()),
        }
        let now = Instant::now();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(subscribed_at) {
            let done = told_of("subscribe to native approvals", native::subscribe(feishu).await);
            subscribed_at = (!done).then(|| Instant::now() + SUBSCRIBED_AGAIN_AFTER);
        }
        if is_due(looks_at) {
            let done = told_of("read what an event told of", look(feishu, inbox).await);
            looks_at = (!done).then(|| Instant::now() + LOOK_AGAIN_AFTER);
        }
        if is_due(Some(meetings_at)) {
            let round = meetings.read(feishu, &feishu.office.meetings, inbox);
            told_of("read answers to invitations", Box::pin(round).await);
            meetings_at = Instant::now() + settings.meetings_every;
        }
        if is_due(Some(todos_at)) {
            let round = todos.read(feishu, &feishu.office.todos, inbox);
            told_of("read open tasks", Box::pin(round).await);
            todos_at = Instant::now() + settings.todos_every;
        }
    }
}

/// Whether it was done; the log says why not.
fn told_of(what: &'static str, outcome: Result<(), Failure>) -> bool {
    let outcome_word = if outcome.is_ok() { "done" } else { "failed" };
    metrics::counter!("bridge_feishu_office_total", "what" => what, "outcome" => outcome_word).increment(1);
    match outcome {
        Ok(()) => true,
        Err(failure) => {
            tracing::warn!(what, %failure, "this is tried again");
            false
        }
    }
}

/// Reads everything that waits. One that fails holds up no other; one that is refused for good does not wait any more.
async fn look(feishu: &Feishu, inbox: &dyn Inbox) -> Result<(), Failure> {
    let mut failed = None;
    for look in feishu.office.looks.all().await? {
        feishu.office.looks.begin(&look).await;
        let outcome = match &look {
            Look::Todo(guid) => Box::pin(todos_read::look(feishu, guid, inbox)).await,
            Look::Native(code) => Box::pin(native::look(feishu, code, inbox)).await,
            Look::Leaving(told) => Box::pin(leaving::look(feishu, told, inbox)).await,
            Look::Person(id) => Box::pin(scope::person(feishu, id, inbox)).await,
            Look::Department(id) => Box::pin(scope::department(feishu, id, inbox)).await,
        };
        match outcome {
            Err(failure) if failure.passes() => failed = Some(failure),
            outcome => {
                told_of("read what an event told of", outcome);
                feishu.office.looks.done(&look).await?;
            }
        }
    }
    failed.map_or(Ok(()), Err)
}
