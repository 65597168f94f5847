//! The key-value contract: typed tables, batches with conditions, group commit, snapshots.
