//! Devices of people on other servers: their list is kept, followed by what their server announces, and fetched anew when
//! something is missing.

mod believed;
mod fetched;
mod kills;
mod lists;

pub(crate) use self::lists::hears_of;
