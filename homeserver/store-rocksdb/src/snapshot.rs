//! Reads: the same code on the live database and on a snapshot, which differ in their read options only.

use std::ops::ControlFlow;
use std::sync::Arc;

use rocksdb::{ColumnFamily, DB, ReadOptions, SnapshotWithThreadMode};
use self_cell::self_cell;
use store::{ByteRange, EachRow, EngineError, Profile, View};

use crate::limits::SCAN_PREFIX_BYTES;

/// A snapshot and the options that read from it.
pub(crate) struct Held<'a> {
    options: ReadOptions,
    /// Dropped after the options that point at it.
    snapshot: SnapshotWithThreadMode<'a, DB>,
}

self_cell!(
    /// A snapshot together with the database it needs.
    pub(crate) struct SnapshotView {
        owner: Arc<DB>,
        #[covariant]
        dependent: Held,
    }
);

impl SnapshotView {
    /// A view of this moment.
    pub(crate) fn take(database: Arc<DB>) -> Self {
        Self::new(database, |database| {
            let snapshot = database.snapshot();
            let mut options = ReadOptions::default();
            options.set_snapshot(&snapshot);
            Held { options, snapshot }
        })
    }
}

impl View for SnapshotView {
    fn get(&self, profile: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        get(self.borrow_owner(), &self.borrow_dependent().options, profile, key, found)
    }

    fn multi_get(
        &self,
        profile: Profile,
        keys: &[Vec<u8>],
        found: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), EngineError> {
        multi_get(self.borrow_owner(), &self.borrow_dependent().options, profile, keys, found)
    }

    fn scan(&self, profile: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        let mut options = ReadOptions::default();
        options.set_snapshot(&self.borrow_dependent().snapshot);
        scan(self.borrow_owner(), options, profile, range, each)
    }
}

pub(crate) fn get(
    database: &DB,
    options: &ReadOptions,
    profile: Profile,
    key: &[u8],
    found: &mut dyn FnMut(&[u8]),
) -> Result<(), EngineError> {
    if let Some(value) =
        database.get_pinned_cf_opt(family(database, profile)?, key, options).map_err(failure)?
    {
        found(&value);
    }
    Ok(())
}

pub(crate) fn multi_get(
    database: &DB,
    options: &ReadOptions,
    profile: Profile,
    keys: &[Vec<u8>],
    found: &mut dyn FnMut(usize, &[u8]),
) -> Result<(), EngineError> {
    let family = family(database, profile)?;
    let keys = keys.iter().map(Vec::as_slice);
    let values = database.batched_multi_get_cf_opt(family, keys, false, options);
    for (index, value) in values.into_iter().enumerate() {
        if let Some(value) = value.map_err(failure)? {
            found(index, &value);
        }
    }
    Ok(())
}

pub(crate) fn scan(
    database: &DB,
    mut options: ReadOptions,
    profile: Profile,
    range: &ByteRange,
    each: &mut EachRow<'_>,
) -> Result<(), EngineError> {
    options.set_iterate_lower_bound(range.start.as_slice());
    options.set_iterate_upper_bound(range.end.as_slice());
    options.set_total_order_seek(range.reverse || !under_one_prefix(range));
    let mut rows = database.raw_iterator_cf_opt(family(database, profile)?, options);
    if range.reverse {
        rows.seek_to_last();
    } else {
        rows.seek(&range.start);
    }
    while let Some((key, value)) = rows.item() {
        if let ControlFlow::Break(()) = each(key, value) {
            return Ok(());
        }
        if range.reverse {
            rows.prev();
        } else {
            rows.next();
        }
    }
    rows.status().map_err(failure)
}

/// Whether all keys of a forward range share the bytes that the prefix filter knows.
fn under_one_prefix(range: &ByteRange) -> bool {
    let Some(start) = range.start.get(..SCAN_PREFIX_BYTES) else { return false };
    if range.end.starts_with(start) {
        return true;
    }
    // The first key behind everything that begins with `start`.
    let last = start.iter().rposition(|byte| *byte < u8::MAX);
    last.is_some_and(|last| {
        let (head, end) = (&start[..last], range.end.as_slice());
        end.len() == last + 1 && end.starts_with(head) && end[last] == start[last] + 1
    })
}

pub(crate) fn family(database: &DB, profile: Profile) -> Result<&ColumnFamily, EngineError> {
    let missing = || EngineError::Corrupt(format!("the column family {:?} is missing", profile.name()));
    database.cf_handle(profile.name()).ok_or_else(missing)
}

pub(crate) fn failure(error: rocksdb::Error) -> EngineError {
    let kind = error.kind();
    let text = error.into_string();
    match kind {
        rocksdb::ErrorKind::Corruption => EngineError::Corrupt(text),
        _ if text.contains("No space left") || text.contains("Out of disk space") => EngineError::Full(text),
        rocksdb::ErrorKind::ShutdownInProgress => EngineError::Closed,
        _ => EngineError::Io(text),
    }
}
