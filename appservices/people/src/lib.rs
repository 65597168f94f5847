//! Who works here: people, departments, heads and roles, as of any moment; import of a staff list.
//!
//! [`Chart`] is the organisation at one version: a value without storage, which every rule about heads and roles
//! is asked of. [`People`] keeps the versions and answers for any of them, so that a decision can be explained by the
//! chart that it was made with. `import` reads staff lists: first what would change, then the change.
//! This crate knows neither rooms nor the wire. Read `chart.rs` first.

mod chart;
mod department;
mod error;
pub mod import;
pub mod limits;
mod person;
mod service;
mod tables;
#[cfg(test)]
mod tests;

pub use self::{
    chart::{Chart, Department},
    department::{DepartmentNote, DepartmentVisibility},
    error::{ListFault, PeopleError},
    person::{DepartmentPath, Language, Person, PersonId, Status},
    service::{Applied, People, PeopleParts, Preview, Since},
    tables::tables,
};
