//! Events and their history, from and for other servers.

use model::Pdu;
use serde_json::value::RawValue;

use crate::{MatrixError, Routes};

pub mod backfill;
pub mod event;
pub mod event_auth;
pub mod missing_events;
pub mod send;
pub mod state;
pub mod state_ids;
pub mod timestamp_to_event;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(backfill::handler)
        .ruma(event::handler)
        .ruma(event_auth::handler)
        .ruma(missing_events::handler)
        .ruma(send::handler)
        .ruma(state::handler)
        .ruma(state_ids::handler)
        .ruma(timestamp_to_event::handler)
}

/// The stored bytes as they are.
fn raw(pdus: &[Pdu]) -> Result<Vec<Box<RawValue>>, MatrixError> {
    pdus.iter().map(crate::federation::membership::send_join::raw).collect()
}
