//! The history of a room: pages, single events and what surrounds them, relations and threads.

use model::TimelinePos;
use rooms::access::Viewer;
use ruma::UInt;

use crate::{Caller, MatrixError, Routes};

pub mod context;
pub mod event;
pub mod messages;
pub mod relations;
pub mod threads;
pub mod timestamp_to_event;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(messages::handler)
        .ruma(context::handler)
        .ruma(event::handler)
        .ruma(relations::all)
        .ruma(relations::with_rel_type)
        .ruma(relations::with_rel_type_and_event_type)
        .ruma(threads::handler)
        .ruma(timestamp_to_event::handler)
}

/// Who looks, for the domain.
pub(in crate::client) fn viewer(caller: &Caller) -> Viewer<'_> {
    Viewer { user: &caller.user, device: caller.device.as_deref() }
}

/// A place in a timeline, from a token of ours or of `/sync`; 400 `M_INVALID_PARAM` for any other text.
pub(super) fn place(name: &str, token: Option<&str>) -> Result<Option<TimelinePos>, MatrixError> {
    let foreign = |_| MatrixError::invalid_param(format!("{name} is not a token of this server"));
    token.map(|token| rooms::token::decode(token).map_err(foreign)).transpose()
}

/// How many a client wants; more than memory can count is as good as a lot.
pub(super) fn count(limit: UInt) -> usize {
    usize::try_from(u64::from(limit)).unwrap_or(usize::MAX)
}
