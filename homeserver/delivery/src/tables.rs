//! Every table of this crate: ids 1000 to 1049 are push, 1050 to 1099 delayed events, 1100 to 1149 application services. Each module
//! declares its own beside the code that reads them.

use store::TableInfo;

use crate::{appservices, delayed_events, push};

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    [push::tables(), delayed_events::tables(), appservices::tables()].concat()
}
