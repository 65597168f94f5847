//! A case, and what a decision makes of it.

use std::collections::BTreeSet;

use crate::Entry;

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
