//! Who is in a room: joining, leaving, inviting and keeping out.

use serde::Deserialize;

use crate::{MatrixError, Routes};

pub mod ban;
pub mod forget;
pub mod invite;
pub mod join;
pub mod joined_rooms;
pub mod kick;
pub mod knock;
pub mod leave;
pub mod unban;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(ban::handler)
        .ruma(forget::handler)
        .ruma(invite::handler)
        .ruma(join::by_id)
        .ruma(join::by_id_or_alias)
        .ruma(joined_rooms::handler)
        .ruma(kick::handler)
        .ruma(knock::handler)
        .ruma(leave::handler)
        .ruma(unban::handler)
}

/// Whether whoever removes a user wants what the user sent redacted as well
/// ([MSC4293](https://github.com/matrix-org/matrix-spec-proposals/pull/4293)).
fn redacts_events(body: &[u8]) -> Result<bool, MatrixError> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        redact_events: bool,
        #[serde(default, rename = "org.matrix.msc4293.redact_events")]
        redact_events_unstable: bool,
    }
    let body: Body =
        serde_json::from_slice(body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    Ok(body.redact_events || body.redact_events_unstable)
}
