//! Sending messages, state and redactions.

use model::limits::STICKY_DURATION_MS_MAX;
use rooms::{SendOptions, TransactionKey};

use crate::{Caller, MatrixError, Routes, extract::Arguments};

pub mod message;
pub mod redact;
pub mod state;

/// The argument of `send` and `state` that makes their event sticky.
const STICKY_DURATION: &str = "org.matrix.msc4354.sticky_duration_ms";

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(message::handler).ruma(redact::handler).ruma_optional_last(state::handler)
}

/// The time that an application service claims for an event instead of now; nobody else may.
/// [Timestamp massaging](https://spec.matrix.org/v1.19/application-service-api/#timestamp-massaging)
fn timestamp_ms(caller: &Caller, query: &Arguments) -> Result<Option<u64>, MatrixError> {
    let Some(text) = query.get("ts").filter(|_| caller.service.is_some()) else { return Ok(None) };
    let wrong = || MatrixError::invalid_param("ts must be a time in milliseconds since 1970");
    let time_ms: u64 = text.parse().map_err(|_| wrong())?;
    // Larger numbers are none of canonical JSON.
    if time_ms < 1 << 53 { Ok(Some(time_ms)) } else { Err(wrong()) }
}

/// For how long an event is to be sticky ([MSC4354](https://github.com/matrix-org/matrix-spec-proposals/pull/4354)).
///
/// # Errors
/// 400 `M_INVALID_PARAM` for anything but a number of milliseconds up to an hour.
fn sticky_duration_ms(query: &Arguments) -> Result<Option<u64>, MatrixError> {
    let Some(text) = query.get(STICKY_DURATION) else { return Ok(None) };
    let duration_ms = text.parse().ok().filter(|duration_ms| *duration_ms <= STICKY_DURATION_MS_MAX);
    let wrong = || {
        MatrixError::invalid_param(format!("{STICKY_DURATION} must be from 0 to {STICKY_DURATION_MS_MAX}"))
    };
    duration_ms.map(Some).ok_or_else(wrong)
}

/// A repeated request of the same device, endpoint and room is the same request. The scope outlives
/// a refreshed token.
fn options(caller: &Caller, endpoint: &str, room_id: &ruma::RoomId, transaction_id: String) -> SendOptions {
    let transaction = TransactionKey {
        scope: caller.device.as_ref().map(ToString::to_string).unwrap_or_default(),
        endpoint: format!("{endpoint} {room_id}"),
        transaction_id,
    };
    SendOptions { transaction: Some(transaction), ..SendOptions::default() }
}
