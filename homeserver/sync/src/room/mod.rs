//! One room in an answer.

pub(crate) mod archived;
pub(crate) mod ephemeral;
pub(crate) mod events;
pub(crate) mod joined;
pub(crate) mod state;
pub(crate) mod stripped;
