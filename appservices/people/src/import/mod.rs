//! Staff lists: a file becomes rows, rows are compared with the chart, and what differs is a plan.
//!
//! Everything here is pure. An error concerns its row and stops no other; `service.rs` keeps what was looked at and
//! writes what is to be applied.

mod columns;
mod plan;
mod reading;
mod report;
mod row;
mod shared;
mod table;

pub(crate) use self::plan::STRANGER;
pub use self::{
    columns::Column,
    plan::{Change, Kind, Plan, WRITERS, plan},
    reading::{Encoding, StaffList, decode, read},
    report::{Say, Telling},
    row::{RowError, Rule},
    table::table,
};

#[cfg(test)]
mod tests;
