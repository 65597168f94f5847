//! Batches: writes that happen together or not at all, their conditions, and who is to hear of them.

use std::fmt;
use std::sync::Arc;

use model::{StreamPos, TimelinePos};
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::codec::{Encoded, KeyOf, KeyWriter, Value, ValueWriter};
use crate::error::StoreError;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_OPERATIONS_MAX, BATCH_POSITIONS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::table::{Profile, Table};

/// Who hears of a commit. Told to the listeners after the data is durable and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every device of these users.
    Users(Arc<[OwnedUserId]>),
    /// Every device of this user.
    User(OwnedUserId),
    /// One device.
    Device(OwnedUserId, OwnedDeviceId),
    /// Every reader of this server. Rare.
    Everyone,
}

/// The positions a commit got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    pub(crate) first: StreamPos,
    pub(crate) last: StreamPos,
}

impl Commit {
    /// The first position of the commit.
    #[must_use]
    pub const fn first(&self) -> StreamPos {
        self.first
    }

    /// The last position of the commit; the frontier is at or past it.
    #[must_use]
    pub const fn last(&self) -> StreamPos {
        self.last
    }

    /// The real position behind a pending one of this batch; a real position stays as it is.
    #[must_use]
    pub fn resolve(&self, position: StreamPos) -> StreamPos {
        match position.pending_index() {
            Some(index) => StreamPos::new(self.first.get() + u64::from(index)),
            None => position,
        }
    }

    /// Like [`Commit::resolve`], for a place in a timeline.
    #[must_use]
    pub fn resolve_timeline(&self, position: TimelinePos) -> TimelinePos {
        match position.pending_index() {
            Some(index) => self.resolve(StreamPos::pending(index)).into(),
            None => position,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) profile: Profile,
    pub(crate) key: Encoded,
    pub(crate) value: Option<Encoded>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) profile: Profile,
    pub(crate) key: Vec<u8>,
    /// The exact value demanded, or `None` for "no row".
    pub(crate) value: Option<Vec<u8>>,
}

pub(crate) type Hook = Box<dyn FnOnce(&Commit) + Send + Sync>;

/// Writes to be committed together. Conditions are judged before the writes of the same batch. A bound that is
/// passed is remembered and answered by the commit.
#[derive(Default)]
pub struct Batch {
    pub(crate) writes: Vec<Write>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) on_commit: Vec<Hook>,
    pub(crate) on_visible: Vec<Hook>,
    positions: u32,
    bytes: usize,
    fault: Option<StoreError>,
    pub(crate) nobody_waits: bool,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("writes", &self.writes.len())
            .field("conditions", &self.conditions.len())
            .field("positions", &self.positions)
            .field("bytes", &self.bytes)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that nobody waits at a screen for this batch: it leaves the pauses that batches of background threads leave.
    pub fn nobody_waits(&mut self) -> &mut Self {
        self.nobody_waits = true;
        self
    }

    /// Writes a row, over an older one of the same key.
    pub fn put<K, V: Value, Q: KeyOf<K> + ?Sized>(
        &mut self,
        table: &Table<K, V>,
        key: &Q,
        value: &V,
    ) -> &mut Self {
        let key = encode_key(table, key);
        let value = encode_value(value);
        self.count(key.bytes.len(), value.bytes.len());
        self.positions = self.positions.max(key.positions_used()).max(value.positions_used());
        self.write(Write { profile: table.profile, key, value: Some(value) })
    }

    /// Deletes a row, if it is there.
    pub fn delete<K, V, Q: KeyOf<K> + ?Sized>(&mut self, table: &Table<K, V>, key: &Q) -> &mut Self {
        let key = encode_key(table, key);
        self.count(key.bytes.len(), 0);
        self.write(Write { profile: table.profile, key, value: None })
    }

    /// Demands that no row has this key when the batch is judged.
    pub fn expect_absent<K, V, Q: KeyOf<K> + ?Sized>(&mut self, table: &Table<K, V>, key: &Q) -> &mut Self {
        self.expect(table, key, None)
    }

    /// Demands that the row of this key has exactly this value when the batch is judged.
    pub fn expect_eq<K, V: Value, Q: KeyOf<K> + ?Sized>(
        &mut self,
        table: &Table<K, V>,
        key: &Q,
        value: &V,
    ) -> &mut Self {
        self.expect(table, key, Some(encode_value(value)))
    }

    /// Demands the value that was read: the same as [`Batch::expect_eq`] for `Some`, [`Batch::expect_absent`] for
    /// `None`.
    pub fn expect_read<K, V: Value, Q: KeyOf<K> + ?Sized>(
        &mut self,
        table: &Table<K, V>,
        key: &Q,
        value: Option<&V>,
    ) -> &mut Self {
        self.expect(table, key, value.map(encode_value))
    }

    /// The next of the positions this commit will get, as a stand-in for keys and values. Ascending.
    pub fn position(&mut self) -> StreamPos {
        let index = self.positions;
        self.positions += 1;
        if self.positions > BATCH_POSITIONS_MAX {
            self.refuse("positions of a batch", index as usize + 1, BATCH_POSITIONS_MAX as usize);
        }
        StreamPos::pending(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// Names readers to wake when the commit is visible.
    pub fn announce(&mut self, audience: Audience) -> &mut Self {
        self.audiences.push(audience);
        self
    }

    /// Runs `hook` on the committer thread when the batch is durable, **before** the frontier passes it and before any
    /// reader is woken: the place to refresh what is kept in memory. It must be short and must not block; a panic in it
    /// is logged and stops nothing. Not run when the batch is refused.
    pub fn on_commit(&mut self, hook: impl FnOnce(&Commit) + Send + Sync + 'static) -> &mut Self {
        self.on_commit.push(Box::new(hook));
        self
    }

    /// Runs `hook` on the committer thread when readers see the batch: the place to wake whoever reads what it wrote, who
    /// would see nothing when woken by [`Batch::on_commit`]. Otherwise as that.
    pub fn on_visible(&mut self, hook: impl FnOnce(&Commit) + Send + Sync + 'static) -> &mut Self {
        self.on_visible.push(Box::new(hook));
        self
    }

    /// Whether the batch writes, demands and announces nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.conditions.is_empty() && self.audiences.is_empty()
    }

    /// Bytes of all keys and values so far.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts and deletes so far.
    #[must_use]
    pub const fn writes(&self) -> usize {
        self.writes.len()
    }

    /// Whether anything in the batch stands at a position of its commit.
    pub(crate) const fn asks_for_positions(&self) -> bool {
        self.positions > 0
    }

    /// How many positions the commit takes: those asked for, and at least one.
    pub(crate) fn positions_taken(&self) -> u64 {
        u64::from(self.positions.max(1))
    }

    /// The first bound that was passed.
    pub(crate) const fn fault(&mut self) -> Option<StoreError> {
        self.fault.take()
    }

    fn expect<K, V, Q: KeyOf<K> + ?Sized>(
        &mut self,
        table: &Table<K, V>,
        key: &Q,
        value: Option<Encoded>,
    ) -> &mut Self {
        let key = encode_key(table, key);
        if !key.pending.is_empty() || value.as_ref().is_some_and(|value| !value.pending.is_empty()) {
            let detail = "a condition names a position that is not given yet".into();
            self.fault.get_or_insert(StoreError::Corrupt { table: table.name, detail });
        }
        let value = value.map(|value| value.bytes);
        self.count(key.bytes.len(), value.as_ref().map_or(0, Vec::len));
        self.conditions.push(Condition { profile: table.profile, key: key.bytes, value });
        self
    }

    /// Keeps a write, unless the batch is refused already: what is over its bound must not grow on.
    fn write(&mut self, write: Write) -> &mut Self {
        if self.fault.is_none() {
            self.writes.push(write);
        }
        self
    }

    fn count(&mut self, key_bytes: usize, value_bytes: usize) {
        self.bytes += key_bytes + value_bytes;
        let operations = self.writes.len() + self.conditions.len() + 1;
        for (what, size, max) in [
            ("key", key_bytes, KEY_BYTES_MAX),
            ("value", value_bytes, VALUE_BYTES_MAX),
            ("batch", self.bytes, BATCH_BYTES_MAX),
            ("operations of a batch", operations, BATCH_OPERATIONS_MAX),
        ] {
            if size > max {
                self.refuse(what, size, max);
            }
        }
    }

    fn refuse(&mut self, what: &'static str, size: usize, max: usize) {
        self.fault.get_or_insert(StoreError::TooLarge { what, size, max });
    }
}

pub(crate) fn encode_key<K, V, Q: KeyOf<K> + ?Sized>(table: &Table<K, V>, key: &Q) -> Encoded {
    let mut writer = KeyWriter::for_table(table.id);
    key.encode_key(&mut writer);
    writer.finish()
}

fn encode_value<V: Value>(value: &V) -> Encoded {
    let mut writer = ValueWriter::default();
    value.encode(&mut writer);
    writer.finish()
}
