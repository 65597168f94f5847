//! Which rows of a table a scan reads: bounds by key, direction, limit.

use std::marker::PhantomData;

use crate::codec::{KeyOf, KeyWriter, PrefixOf};
use crate::engine::ByteRange;
use crate::limits::SCAN_ROWS_MAX;

/// A range of keys of type `K`. Bounds are by the order of keys, whichever way the rows are read. To continue, scan
/// again `after` (or, in reverse, `until`) the last key received.
#[derive(Debug)]
pub struct Scan<K> {
    /// Bytes behind the table tag.
    prefix: Vec<u8>,
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    reverse: bool,
    limit: usize,
    key: PhantomData<fn(K)>,
}

impl<K> Scan<K> {
    /// Every row of the table.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            prefix: Vec::new(),
            start: Vec::new(),
            end: None,
            reverse: false,
            limit: SCAN_ROWS_MAX,
            key: PhantomData,
        }
    }

    /// The rows whose keys begin with `prefix`. A text part matches whole: `!ab` does not begin `!abc`.
    #[must_use]
    pub fn prefix<P: PrefixOf<K> + ?Sized>(prefix: &P) -> Self {
        let mut writer = KeyWriter::for_table(0);
        prefix.encode_prefix(&mut writer);
        Self { prefix: without_tag(writer), ..Self::all() }
    }

    /// Only keys at or above `key`.
    #[must_use]
    pub fn from<Q: KeyOf<K> + ?Sized>(mut self, key: &Q) -> Self {
        self.start = encoded(key);
        self
    }

    /// Only keys above `key`.
    #[must_use]
    pub fn after<Q: KeyOf<K> + ?Sized>(mut self, key: &Q) -> Self {
        self.start = successor(encoded(key));
        self
    }

    /// Only keys below `key`.
    #[must_use]
    pub fn until<Q: KeyOf<K> + ?Sized>(mut self, key: &Q) -> Self {
        self.end = Some(encoded(key));
        self
    }

    /// Only keys at or below `key`.
    #[must_use]
    pub fn up_to<Q: KeyOf<K> + ?Sized>(mut self, key: &Q) -> Self {
        self.end = Some(successor(encoded(key)));
        self
    }

    /// From the highest key to the lowest.
    #[must_use]
    pub const fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// At most `rows` rows, and never more than [`SCAN_ROWS_MAX`], which is also the default.
    #[must_use]
    pub const fn limit(mut self, rows: usize) -> Self {
        self.limit = if rows < SCAN_ROWS_MAX { rows } else { SCAN_ROWS_MAX };
        self
    }

    pub(crate) const fn rows_max(&self) -> usize {
        self.limit
    }

    /// The byte range inside a table; the bounds can only narrow the prefix. `None` if it is empty.
    pub(crate) fn byte_range(&self, table_id: u16) -> Option<ByteRange> {
        let tagged = |bytes: &[u8]| [&table_id.to_be_bytes(), bytes].concat();
        let prefix = tagged(&self.prefix);
        let start = tagged(&self.start).max(prefix.clone());
        let prefix_end = after_prefix(&prefix);
        let end = match &self.end {
            Some(end) => tagged(end).min(prefix_end),
            None => prefix_end,
        };
        (start < end && self.limit > 0).then_some(ByteRange { start, end, reverse: self.reverse })
    }
}

fn without_tag(writer: KeyWriter) -> Vec<u8> {
    let mut bytes = writer.finish().bytes;
    bytes.drain(..2);
    bytes
}

fn encoded<K, Q: KeyOf<K> + ?Sized>(key: &Q) -> Vec<u8> {
    let mut writer = KeyWriter::for_table(0);
    key.encode_key(&mut writer);
    without_tag(writer)
}

/// The smallest bytes above `bytes`. No key is a prefix of another key of its table, so nothing lies between.
fn successor(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(0);
    bytes
}

/// The smallest bytes above everything that begins with `prefix`. Table ids end at `u16::MAX - 1`, so it exists.
fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![u8::MAX; 3]
}
