//! Every bound of the simulator. Bounds of the platform itself stand beside the rule that they belong to.

/// Bytes of a request that is read; a file of the platform has at most 20 MB.
pub(crate) const REQUEST_BYTES_MAX: usize = 40 << 20;
/// Messages that are kept; a test that needs more wants another simulator.
pub(crate) const MESSAGES_MAX: usize = 200_000;
/// Pieces of media that are kept.
pub(crate) const MEDIA_MAX: usize = 20_000;
/// People, chats, apps, cards and other records, each.
pub(crate) const RECORDS_MAX: usize = 20_000;
/// Tokens, codes and handles of replies that are kept, each; for one that is too many another one goes.
pub(crate) const CODES_MAX: usize = 100_000;
/// Uploads over one connection that are not finished.
pub(crate) const UPLOADS_MAX: usize = 64;
