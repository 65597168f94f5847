//! Through whose hands a case goes: who is asked, what their words amount to, where it goes on.

mod ahead;
mod outcome;
mod resolve;
mod round;
pub(crate) mod walk;

pub(crate) use ahead::{needed, preview};
pub(crate) use resolve::resolve;
pub use resolve::{ADMINISTRATORS, SEES_SENSITIVE};
