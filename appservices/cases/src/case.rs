//! A case, and what a decision makes of it.

use std::collections::BTreeSet;

use crate::{Entry, Refusal};

/// An object that goes through hands. `D` is the data of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case<D> {
    /// ULID, for ever.
    pub id: String,
    /// What people call it, `AP-20261105-0012`.
    pub no: String,
    /// The kind, `approval` for example.
    pub kind: String,
    /// The state, a word of the kind.
    pub state: String,
    /// Records so far; the number of the newest.
    pub seq: u64,
    /// Rises with every change, so that whoever shows the case can tell old from new.
    pub rev: u64,
    /// Hash of the newest record; before the first the hash of what the case was made by.
    pub head: String,
    /// When it was created, in ms since 1970.
    pub created_ms: u64,
    /// Lists in which the case stands: (list, person), for example `("todo", "E17")`.
    pub lists: BTreeSet<(String, String)>,
    /// What the kind knows of it.
    pub data: D,
}

/// What an action makes of a case. Nothing of it has happened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<D, E> {
    /// The case afterwards. `seq`, `rev` and `head` are the engine's and rise when it is written.
    pub case: Case<D>,
    /// What is to be recorded, in order.
    pub entries: Vec<Entry>,
    /// What the kind is to bring about.
    pub effects: Vec<E>,
}

/// A case that is being changed: as it was read, and what was decided since.
#[derive(Clone, Debug)]
pub struct Change<D, E> {
    /// As it was read; nothing for a new one.
    pub before: Option<Case<D>>,
    /// All decisions since, as one.
    pub decision: Decision<D, E>,
}

impl<D, E> Change<D, E> {
    /// A case that is new.
    #[must_use]
    pub const fn new(case: Case<D>) -> Self {
        Self { before: None, decision: Decision { case, entries: Vec::new(), effects: Vec::new() } }
    }

    /// Decides one thing more.
    ///
    /// # Errors
    /// What the decision refuses; nothing has changed then.
    pub fn then(
        &mut self,
        decide: impl FnOnce(&Case<D>) -> Result<Decision<D, E>, Refusal>,
    ) -> Result<(), Refusal> {
        let decision = decide(&self.decision.case)?;
        self.decision.case = decision.case;
        self.decision.entries.extend(decision.entries);
        self.decision.effects.extend(decision.effects);
        Ok(())
    }
}

impl<D: Clone, E> Change<D, E> {
    /// A case as it was read.
    #[must_use]
    pub fn of(case: Case<D>) -> Self {
        Self { before: Some(case.clone()), ..Self::new(case) }
    }
}

impl<D: PartialEq, E> Change<D, E> {
    /// Whether anything came of it.
    #[must_use]
    pub fn is_something(&self) -> bool {
        let after = &self.decision.case;
        let is_same = |before: &Case<D>| before.data == after.data && before.state == after.state;
        !self.decision.effects.is_empty() || !self.before.as_ref().is_some_and(is_same)
    }
}
