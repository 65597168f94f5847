//! Whether the store takes writes.

use std::sync::Arc;

/// What readiness probes and operators see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Reads and writes work.
    #[default]
    Ok,
    /// Writes are refused while less room is left on the disk than the configured floor; they resume by themselves.
    Full,
    /// A write failed, so none is taken until the program is started again. Reads go on.
    Failed(Arc<str>),
    /// The store was closed.
    Closed,
}
