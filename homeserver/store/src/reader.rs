//! Typed reads, the same on the live store and on a snapshot.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::batch::encode_key;
use crate::codec::{CodecError, Key, KeyOf, KeyReader, Value};
use crate::engine::View;
use crate::error::StoreError;
use crate::limits::MULTI_GET_KEYS_MAX;
use crate::scan::Scan;
use crate::table::Table;

/// Reads rows of typed tables. Functions that only read take `&Reader`, so that they work on a [`crate::Store`] (what is
/// there now) and on a [`crate::Snapshot`] (what was there at one position).
#[derive(Clone)]
pub struct Reader {
    view: Arc<dyn View>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader {
    pub(crate) const fn new(view: Arc<dyn View>) -> Self {
        Self { view }
    }

    /// The value of one key.
    pub async fn get<K: Key, V: Value, Q: KeyOf<K> + ?Sized>(
        &self,
        table: &Table<K, V>,
        key: &Q,
    ) -> Result<Option<V>, StoreError> {
        let mut value = None;
        let key = encode_key(table, key).bytes;
        self.view.get(table.profile, &key, &mut |bytes| value = Some(V::decode(bytes)))?;
        value.transpose().map_err(|error| corrupt(table, &error))
    }

    /// Whether a key has a row.
    pub async fn exists<K: Key, V, Q: KeyOf<K> + ?Sized>(
        &self,
        table: &Table<K, V>,
        key: &Q,
    ) -> Result<bool, StoreError> {
        let mut found = false;
        self.view.get(table.profile, &encode_key(table, key).bytes, &mut |_| found = true)?;
        Ok(found)
    }

    /// The values of many keys, in their order. At most [`MULTI_GET_KEYS_MAX`].
    pub async fn multi_get<K: Key, V: Value, Q: KeyOf<K>>(
        &self,
        table: &Table<K, V>,
        keys: &[Q],
    ) -> Result<Vec<Option<V>>, StoreError> {
        if keys.len() > MULTI_GET_KEYS_MAX {
            let (size, max) = (keys.len(), MULTI_GET_KEYS_MAX);
            return Err(StoreError::TooLarge { what: "keys of a read", size, max });
        }
        let encoded: Vec<_> = keys.iter().map(|key| encode_key(table, key).bytes).collect();
        let mut values: Vec<Option<V>> = std::iter::repeat_with(|| None).take(keys.len()).collect();
        let mut fault = None;
        self.view.multi_get(table.profile, &encoded, &mut |index, bytes| match V::decode(bytes) {
            Ok(value) => values[index] = Some(value),
            Err(error) => fault = Some(error),
        })?;
        fault.map_or(Ok(values), |error| Err(corrupt(table, &error)))
    }

    /// The rows of a range, in its direction, up to its limit.
    pub async fn scan<K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        scan: Scan<K>,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let mut rows = Vec::new();
        self.walk(table, &scan, |key, value| {
            rows.push((decode_key(key)?, V::decode(value)?));
            Ok(())
        })?;
        Ok(rows)
    }

    /// The keys of a range; cheaper than [`Reader::scan`] when values do not matter.
    pub async fn scan_keys<K: Key, V>(
        &self,
        table: &Table<K, V>,
        scan: Scan<K>,
    ) -> Result<Vec<K>, StoreError> {
        let mut keys = Vec::new();
        self.walk(table, &scan, |key, _| {
            keys.push(decode_key(key)?);
            Ok(())
        })?;
        Ok(keys)
    }

    /// The first row of a range in its direction.
    pub async fn first<K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        scan: Scan<K>,
    ) -> Result<Option<(K, V)>, StoreError> {
        Ok(self.scan(table, scan.limit(1)).await?.pop())
    }

    /// How many rows a range has, up to its limit.
    pub async fn count<K: Key, V>(&self, table: &Table<K, V>, scan: Scan<K>) -> Result<usize, StoreError> {
        let mut rows = 0;
        self.walk(table, &scan, |_, _| {
            rows += 1;
            Ok(())
        })?;
        Ok(rows)
    }

    fn walk<K, V>(
        &self,
        table: &Table<K, V>,
        scan: &Scan<K>,
        mut row: impl FnMut(&[u8], &[u8]) -> Result<(), CodecError>,
    ) -> Result<(), StoreError> {
        let Some(range) = scan.byte_range(table.id) else { return Ok(()) };
        let mut left = scan.rows_max();
        let mut fault = None;
        self.view.scan(table.profile, &range, &mut |key, value| {
            // The first two bytes of a key are the tag of the table.
            if let Err(error) = row(key.get(2..).unwrap_or_default(), value) {
                fault = Some(error);
                return ControlFlow::Break(());
            }
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        fault.map_or(Ok(()), |error| Err(corrupt(table, &error)))
    }
}

fn decode_key<K: Key>(bytes: &[u8]) -> Result<K, CodecError> {
    let mut reader = KeyReader::new(bytes);
    let key = K::decode(&mut reader)?;
    reader.finish()?;
    Ok(key)
}

fn corrupt<K, V>(table: &Table<K, V>, error: &CodecError) -> StoreError {
    StoreError::Corrupt { table: table.name, detail: error.0.as_str().into() }
}
