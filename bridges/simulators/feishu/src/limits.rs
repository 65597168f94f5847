//! Every bound of the simulator. Bounds of the platform itself stand beside the rule that they belong to.

/// Bytes of a request that is read; a file of the platform has at most 30 MB.
pub(crate) const REQUEST_BYTES_MAX: usize = 40 << 20;
/// Messages that are kept; a test that needs more wants another simulator.
pub(crate) const MESSAGES_MAX: usize = 200_000;
/// Pieces of media that are kept.
pub(crate) const MEDIA_MAX: usize = 2_000;
/// People, chats, apps and departments, each.
pub(crate) const RECORDS_MAX: usize = 20_000;
/// Tickets for connections that nobody made yet; one of them goes for each that is too many.
pub(crate) const TICKETS_MAX: usize = 1_000;
/// Bytes of a payload in one frame; what is longer is cut into fragments.
pub(crate) const FRAGMENT_BYTES: usize = 64 << 10;
/// Bytes of a frame that a client may send.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;
/// Headers of one frame that a client may send.
pub(crate) const FRAME_HEADERS_MAX: usize = 64;
