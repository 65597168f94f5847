//! Every table of this crate, with the question it answers.

use store::TableInfo;

/// Every table of this crate, for the store's list.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    Vec::new()
}
