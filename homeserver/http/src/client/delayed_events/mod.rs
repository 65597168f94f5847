//! Delayed events (MSC4140), in the form that clients in use send and in that of the newest text.
//!
//! Scheduling by the query of `send` and `state` is in [`schedule`], called by those handlers.

use crate::Routes;

pub mod list;
pub mod schedule;
pub mod update;

/// Where the endpoints of the proposal are.
const PREFIX: &str = "/_matrix/client/unstable/org.matrix.msc4140";

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(schedule::handler)
        .ruma(list::all)
        .ruma(list::one)
        .ruma(update::by_body)
        .ruma_at(&format!("{PREFIX}/delayed_events/{{delay_id}}/{{action}}"), update::by_path)
}
