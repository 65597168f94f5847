//! The edge: messages and reactions become actions, effects become letters and timers, all in the batch that the kit
//! commits. Nothing is decided here.

mod actions;
mod boards;
mod bot;
mod cards;
mod commands;
mod create;
mod deliver;
mod digests;
mod entries;
mod fields;
mod hook;
mod house;
mod inspection;
mod leavers;
mod lists;
mod scene;
mod sources;
mod templates;
mod told;
mod words;

use std::sync::Arc;

use cases::{Beginning, Case, hash_of};
use kit::Kit;
use people::People;
use serde_json::json;
use store::Batch;
use tokio::sync::{Notify, OnceCell};
use workdays::Workdays;

pub use self::hook::Hook;
pub(crate) use self::{house::House, scene::Scene};
use crate::{
    OfficeError,
    desk::{Effect, ORIGIN},
    minutes::Proposal,
    task::{Task, state},
};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "task";

/// The kind of these cases.
pub const KIND: &str = "task";

/// What the number of a task begins with.
pub(crate) const PREFIX: &str = "TK";

/// The bot for tasks. Cloning it is one reference count.
#[derive(Clone)]
pub struct Tasks(Arc<Inner>);

/// What the bot is given beside the kit.
#[derive(Clone, Default)]
pub struct TasksParts {
    /// The organisation, as other bots of this process see it; without one it is read from the store.
    pub people: Option<People>,
    /// The working days; without any they are read from the store.
    pub workdays: Option<Workdays>,
    /// After what time silence takes a task from another department, in ms; never without.
    pub accepts_after_ms: Option<u64>,
    /// The bot that keeps the ledger of the organisation, where records are held; without one this bot keeps one.
    pub ledger: Option<&'static str>,
    /// Where tasks are told of elsewhere, if anywhere.
    pub hook: Option<Hook>,
}

struct Inner {
    kit: Kit,
    parts: TasksParts,
    /// Opened when it is needed first, because that reads the store.
    house: OnceCell<House>,
    /// There is a task to be told of elsewhere.
    hook_news: Arc<Notify>,
}

/// A task that is being changed.
pub(crate) type Change = cases::Change<Task, Effect>;

/// Whether anything came of a change, besides that it was shown.
pub(crate) fn is_something(change: &Change) -> bool {
    let same = |before: &Case<Task>| {
        let shown_ms = before.data.shown_ms;
        let after = Task { shown_ms, ..change.decision.case.data.clone() };
        before.data == after && before.state == change.decision.case.state
    };
    !change.decision.effects.is_empty() || !change.before.as_ref().is_some_and(same)
}

impl Tasks {
    /// The bot over the kit. Reads nothing yet.
    #[must_use]
    pub fn new(kit: Kit, parts: TasksParts) -> Self {
        Self(Arc::new(Inner { kit, parts, house: OnceCell::new(), hook_news: Arc::default() }))
    }

    /// The organisation whose tasks these are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn people(&self) -> Result<People, OfficeError> {
        Ok(self.house().await?.people.clone())
    }

    pub(crate) fn kit(&self) -> &Kit {
        &self.0.kit
    }

    pub(crate) async fn house(&self) -> Result<&House, OfficeError> {
        self.0.house.get_or_try_init(|| House::open(&self.0.kit, &self.0.parts)).await
    }

    /// Gives a new task its number of today.
    pub(crate) async fn begin(
        &self,
        batch: &mut Batch,
        task: Task,
        scene: &Scene,
    ) -> Result<Case<Task>, OfficeError> {
        let day = workdays::local(scene.at_ms, &scene.zone).strftime("%Y%m%d").to_string();
        let origin = hash_of(ORIGIN.as_bytes());
        let beginning =
            Beginning { kind: KIND, prefix: PREFIX, day: &day, state: state::OPEN, origin, data: task };
        Ok(self.house().await?.cases.begin(batch, beginning).await?)
    }

    /// Puts what was decided into the batch: the task, its records, and what they bring about. `marker` tells the
    /// letters of this event or timer from all others.
    pub(crate) async fn carry_out(
        &self,
        batch: &mut Batch,
        change: Change,
        scene: &Scene,
        marker: &str,
    ) -> Result<Case<Task>, OfficeError> {
        let Change { before, mut decision } = change;
        self.place_cards(before.as_ref(), &mut decision.case).await?;
        let cases = &self.house().await?.cases;
        let (after, effects, records) = cases.write_recorded(batch, before.as_ref(), decision)?;
        let ledger = self.0.parts.ledger.unwrap_or(LOCALPART);
        office::keep_in_ledger(self.kit(), batch, ledger, &records).await?;
        self.deliver(batch, before.as_ref(), &after, effects, scene, marker).await?;
        Ok(after)
    }
}

/// Has a to-do of minutes become a task, once somebody confirms it. `key` makes it once: the same key again changes
/// nothing before the bot took it up, so let it name the meeting and the line.
pub fn propose(kit: &Kit, batch: &mut Batch, key: &str, proposal: &Proposal) {
    let payload = json!({ "proposal": proposal });
    kit.timers().set(batch, LOCALPART, &format!("{}{key}", create::PROPOSED), kit.clock().now_ms(), payload);
}
