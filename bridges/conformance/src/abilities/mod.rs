//! Every ability by itself, each way.

mod around;
pub(crate) mod files;
pub(crate) mod inward;
mod office;
mod outward;
mod series;

pub use self::outward::card;
use crate::Case;

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    [inward::CASES, outward::CASES, files::CASES, around::CASES, office::CASES, series::CASES].concat()
}
