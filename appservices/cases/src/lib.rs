//! One engine for what goes through hands: approvals today, tasks and tickets on the same ground.
//!
//! A case is an object with a state and data of its kind. A kind decides by pure functions from (case, action, moment,
//! organisation) to a [`Decision`] or a [`Refusal`]; the engine writes what was decided in one batch: the case, on the
//! condition that nobody changed it since it was read, and its records, each chained to the one before by its hash and
//! signed. So of two decisions about one thing, the second meets the case that the first left behind.
//! What a decision causes (messages, timers) the kind puts into the same batch.
//!
//! This crate knows neither rooms nor the wire. Read `case.rs`, then `record/mod.rs`, then `engine/mod.rs`.

mod case;
mod chain;
mod engine;
mod error;
mod export;
mod handover;
pub mod limits;
mod record;
mod refusal;
mod signer;
mod tables;
#[cfg(test)]
mod tests;

pub use self::{
    case::{Case, Change, Decision},
    chain::{Broken, Fault, Verified, verify},
    engine::{Beginning, Cases, CasesParts},
    error::CasesError,
    export::{Export, ExportFault, Exported, Report, origin_of, verify_export},
    handover::{Handover, rotate},
    record::{Entry, Proof, Record, Source, Via, hash_of},
    refusal::Refusal,
    signer::{PublicKeys, Signer},
    tables::tables,
};
