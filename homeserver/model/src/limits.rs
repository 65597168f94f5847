//! Bounds of events and identifiers.

/// Bytes of the canonical JSON of an event, signatures included, at most
/// ([size limits](https://spec.matrix.org/v1.19/client-server-api/#size-limits)).
pub const EVENT_BYTES_MAX: usize = 65_536;

/// Bytes of `sender`, `room_id`, `type`, `state_key` and `event_id`, each, at most. Below room version 11 an event of
/// another server may have as many code points in `type` and `state_key`; it is known and rejected.
pub const EVENT_FIELD_BYTES_MAX: usize = 255;

/// Parents (`prev_events`) an event may name.
pub const PREV_EVENTS_MAX: usize = 20;

/// Events an event may name as its authority (`auth_events`).
pub const AUTH_EVENTS_MAX: usize = 10;

/// The greatest integer of canonical JSON, 2^53 − 1; also the greatest `depth`.
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// The least integer of canonical JSON, −(2^53 − 1).
pub const INTEGER_MIN: i64 = -INTEGER_MAX;

/// Objects and arrays an event may nest. Deeper input is refused before any recursive parser sees it.
pub const NESTING_MAX: usize = 100;

/// How long an event may be sticky (MSC4354), in ms; longer counts as this.
pub const STICKY_DURATION_MS_MAX: u64 = 60 * 60 * 1_000;

/// Positions one commit may be asked for ahead of time.
pub const PENDING_POSITIONS_MAX: u64 = 1 << 16;
