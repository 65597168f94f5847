//! What we ask of other servers for our users: profiles, aliases, directories, spaces, keys, when people
//! are busy.
//!
//! What comes back is another server's word and no more: it is checked for being about what was asked, and never
//! stored as truth.

mod availability;
mod device_keys;
mod directory;
mod media;
mod multipart;
mod profile;
mod space;

pub use self::device_keys::{ClaimedByServer, KeysByServer};
pub(crate) use self::space::{Spaces, spaces};
