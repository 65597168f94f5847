//! What people keep in the platform's own apps: tasks, calendars, meetings, approvals.

pub(crate) mod calendar;
pub(crate) mod calendars;
pub(crate) mod comments;
pub(crate) mod external;
pub(crate) mod instances;
pub(crate) mod meetings;
pub(crate) mod native;
mod native_changes;
mod synced;
pub(crate) mod tasks;
mod told;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Event;
use calendar::Entry;
use calendars::SharedCalendar;
use comments::Comment;
use external::{Definition, Instance};
use meetings::{Held, Reserve};
use native::Native;
use tasks::Task;

/// All of it.
#[derive(Default)]
pub(crate) struct Office {
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) comments: BTreeMap<String, Comment>,
    /// What was made under a `client_token` or an `idempotency_key`, by app and key.
    pub(crate) made: BTreeMap<(String, String), String>,
    pub(crate) entries: BTreeMap<String, Entry>,
    /// Calendars beside those that apps and people have of their own, by the id that the API gives them.
    pub(crate) calendars: BTreeMap<String, SharedCalendar>,
    /// Meetings that apps reserved.
    pub(crate) reserves: BTreeMap<String, Reserve>,
    /// Meetings that take place or took place.
    pub(crate) held: BTreeMap<String, Held>,
    /// Definitions of external approvals, by app and `approval_code`.
    pub(crate) definitions: BTreeMap<(String, String), Definition>,
    /// External approvals, by app and `instance_id`.
    pub(crate) instances: BTreeMap<(String, String), Instance>,
    pub(crate) natives: BTreeMap<String, Native>,
    /// The apps that subscribed to a native definition, with its code.
    pub(crate) subscribed: BTreeSet<(String, String)>,
    /// What waits behind the event of the same approval that is under way, by app and approval.
    pub(crate) ordered: BTreeMap<String, VecDeque<Event>>,
    /// Where addresses that begin with the first are really found.
    pub(crate) detour: Option<(String, String)>,
}
