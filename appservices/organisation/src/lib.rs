//! The bot of the organisation, `@org`: who is who, staff lists, accounts bound to people, spaces and rooms of departments.
//!
//! What it tells of people is what `visibility` allows. The rooms follow the chart: whoever comes into a department is
//! asked into its rooms, whoever moves away leaves them after a while, and whoever leaves the company leaves at once. People who
//! are new get a link by which they come in for the first time; who is away or has left is suspended or locked out.
//! Read `bot.rs`, then `rooms/mod.rs`.

mod binding;
mod bot;
mod entrances;
mod history;
pub mod limits;
mod links;
mod lists;
mod newcomers;
mod rooms;
mod standings;
mod tables;
#[cfg(test)]
mod tests;
mod texts;
mod visibility;
mod who;

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use people::{Chart, DepartmentPath, People};

pub use self::{
    bot::LOCALPART,
    links::{GivenLink, Links, SomeLinks, Unseen, file as file_of_links},
    rooms::key_of as space_of,
    tables::tables,
    texts::TEXTS,
};

/// How many steps of approvals would have nobody in a department, as of a chart.
pub type Steps = BTreeMap<DepartmentPath, usize>;

/// Counts steps of approvals that would have nobody.
pub type CountSteps = Arc<dyn Fn(Arc<Chart>) -> Pin<Box<dyn Future<Output = Steps> + Send>> + Send + Sync>;

/// What the bot is built from.
pub struct OrganisationParts {
    /// The kit.
    pub kit: kit::Kit,
    /// The organisation.
    pub people: People,
    /// For dry runs.
    pub steps: CountSteps,
    /// Whether departments have spaces and rooms.
    pub has_rooms: bool,
    /// How long somebody who moved away stays in the old rooms, in ms.
    pub leaves_after_ms: u64,
    /// Lets people in for the first time.
    pub links: Links,
}

/// The bot. Cloning it is one reference count.
#[derive(Clone)]
pub struct Organisation(Arc<OrganisationParts>);

impl Organisation {
    /// The bot over its parts. Reads nothing yet.
    #[must_use]
    pub fn new(parts: OrganisationParts) -> Self {
        Self(Arc::new(parts))
    }
}
