//! Events of other servers enter our rooms: what is missing is fetched, what is not allowed stays out.

mod history;
mod meeting;
mod missing;
mod order;
mod slow_servers;
mod transactions;
mod trust;

pub(crate) use self::meeting::{Meeting, meeting, meeting_in};
