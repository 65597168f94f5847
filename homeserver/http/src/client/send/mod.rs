//! Sending messages, state and redactions.

use rooms::{SendOptions, TransactionKey};

use crate::{Caller, Routes};

pub mod message;
pub mod redact;
pub mod state;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(message::handler).ruma(redact::handler).ruma_optional_last(state::handler)
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
