//! Every ability by itself, each way.

mod around;
mod files;
mod inward;
mod outward;

use crate::Case;

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    [inward::CASES, outward::CASES, files::CASES, around::CASES].concat()
}
