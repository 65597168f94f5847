//! Tasks and native approvals that changed. Their events say little, and late: the thing itself is read again.

use super::{Envelope, EventError, fields::text};
use crate::{limits::ID_BYTES_MAX, office::looks::Look};

/// The task of an event.
pub fn task(envelope: &Envelope) -> Result<Look, EventError> {
    id(envelope, "task_id").map(Look::Todo)
}

/// The approval of an event.
pub fn approval(envelope: &Envelope) -> Result<Look, EventError> {
    id(envelope, "instance_code").map(Look::Native)
}

/// An id that goes into paths and rows.
fn id(envelope: &Envelope, field: &str) -> Result<String, EventError> {
    let id = text(&envelope.event, field);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_good = !id.is_empty() && id.len() <= ID_BYTES_MAX / 2 && id.bytes().all(plain);
    if is_good { Ok(id.to_owned()) } else { Err(EventError::missing(field)) }
}
