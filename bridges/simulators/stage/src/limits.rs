//! Every bound that all simulators share.

/// Bytes of a command on the control port: a file as base64.
pub(crate) const COMMAND_BYTES_MAX: usize = 40 << 20;
/// Connections that one port serves at a time; more wait to be accepted.
pub(crate) const CONNECTIONS_MAX: usize = 4_096;
/// Bytes of an answer to a post that are read.
pub(crate) const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Events between the moment that they happen and their first try.
pub(crate) const EVENTS_WAITING_MAX: usize = 100_000;
/// Events that are under way or wait for another try.
pub(crate) const EVENTS_UNDERWAY_MAX: usize = 20_000;
/// Events that a fault holds back to send them in another order.
pub(crate) const HELD_BACK_MAX: usize = 64;
/// After how long held back events are sent although fewer came than a fault waited for.
pub(crate) const HELD_BACK_MS_MAX: u64 = 1_000;
/// Lines that the record of deliveries keeps.
pub(crate) const DELIVERIES_KEPT_MAX: usize = 10_000;
/// What waits for one connection.
pub(crate) const OUTGOING_WAITING_MAX: usize = 10_000;
/// Bytes of a frame that a client may send.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;
/// Parts of one form.
pub(crate) const FORM_PARTS_MAX: usize = 100;
