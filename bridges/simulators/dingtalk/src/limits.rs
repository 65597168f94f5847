//! Every bound of the simulator. Bounds of the platform itself stand beside the rule that they belong to.

/// Bytes of a request that is read; a file of the platform has at most 20 MB.
pub(crate) const REQUEST_BYTES_MAX: usize = 40 << 20;
/// Messages that are kept; a test that needs more wants another simulator.
pub(crate) const MESSAGES_MAX: usize = 200_000;
/// Pieces of media and download codes that are kept, each.
pub(crate) const MEDIA_MAX: usize = 20_000;
/// People, chats, apps, cards and other records, each.
pub(crate) const RECORDS_MAX: usize = 20_000;
/// Sessions of robots; the oldest go first.
pub(crate) const SESSIONS_MAX: usize = 100_000;
/// Bytes of a frame that a client may send.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;
/// Unanswered pings after which a connection is given up.
pub(crate) const PINGS_UNANSWERED_MAX: u32 = 2;
/// Tickets of the stream that nobody redeemed yet; one of them goes for each that is too many.
pub(crate) const TICKETS_MAX: usize = 1_000;
