//! What is not part of a room's history: receipts and read markers, typing, presence.

use serde::Deserialize;

use crate::{MatrixError, Routes};

pub mod presence;
pub mod read_markers;
pub mod receipt;
pub mod typing;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(receipt::handler)
        .ruma(read_markers::handler)
        .ruma(typing::handler)
        .ruma(presence::get)
        .ruma(presence::put)
}

/// Whether the fully-read marker may move back (MSC4446).
fn may_go_back(body: &[u8]) -> Result<bool, MatrixError> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, rename = "com.beeper.allow_backward")]
        allow_backward: bool,
    }
    let body: Body =
        serde_json::from_slice(body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    Ok(body.allow_backward)
}
