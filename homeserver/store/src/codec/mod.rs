//! How keys and values become bytes: keys so that byte order is the order of the values, values compactly.
//!
//! A pending position anywhere in a key, or in a fixed-width slot of a value, leaves room for eight bytes whose
//! place is remembered; the committer writes the real position there.

mod key;
mod key_types;
mod prefix;
mod record;
mod value;
mod value_types;

pub use key::{Key, KeyOf, KeyReader, KeyWriter};
pub use prefix::PrefixOf;
pub use record::{from_record, to_record};
pub use value::{Field, Value, ValueReader, ValueWriter};

use smallvec::SmallVec;
use thiserror::Error;

/// Why stored bytes are not a key or value of the type asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct CodecError(pub String);

impl CodecError {
    /// An error with a text for the log.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// The bytes of a key without a table tag, for property tests of owners of key types.
#[doc(hidden)]
pub fn encode_key_for_tests<K, Q: KeyOf<K> + ?Sized>(key: &Q) -> Vec<u8> {
    let mut writer = KeyWriter::for_table(0);
    key.encode_key(&mut writer);
    writer.finish().bytes.split_off(2)
}

/// The bytes of a value, for property tests of owners of value types.
#[doc(hidden)]
pub fn encode_value_for_tests<V: Value>(value: &V) -> Vec<u8> {
    let mut writer = ValueWriter::default();
    value.encode(&mut writer);
    writer.finish().bytes
}

/// A place in encoded bytes where 8 bytes of a pending position stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Where the 8 bytes begin.
    offset: u32,
    /// Which of the commit's positions belongs here, from 0.
    index: u16,
    /// Whether the number is signed, that is, has its highest bit flipped.
    flipped: bool,
}

/// Encoded bytes and the places to patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pending: SmallVec<[Pending; 1]>,
}

impl Encoded {
    /// The largest position index used, plus one; 0 if none.
    pub(crate) fn positions_used(&self) -> u32 {
        self.pending.iter().map(|pending| u32::from(pending.index) + 1).max().unwrap_or(0)
    }

    /// Writes the real positions; `first` is the commit's position of index 0.
    pub(crate) fn patched(mut self, first: u64) -> Vec<u8> {
        for pending in &self.pending {
            let position = first + u64::from(pending.index);
            let number = if pending.flipped { position ^ SIGN } else { position };
            let start = pending.offset as usize;
            self.bytes[start..start + 8].copy_from_slice(&number.to_be_bytes());
        }
        self.bytes
    }
}

/// Flipping this bit makes signed numbers sort as unsigned ones.
pub(crate) const SIGN: u64 = 1 << 63;

macro_rules! positions {
    ($writer:ty) => {
        impl $writer {
            /// Writes a stream position, pending or real.
            pub fn stream_position(&mut self, position: model::StreamPos) {
                if let Some(index) = position.pending_index() {
                    self.remember_pending(index, false);
                }
                self.u64(position.get());
            }

            /// Writes a timeline position, pending or real.
            pub fn timeline_position(&mut self, position: model::TimelinePos) {
                if let Some(index) = position.pending_index() {
                    self.remember_pending(index, true);
                }
                self.i64(position.get());
            }

            fn remember_pending(&mut self, index: u16, flipped: bool) {
                // Keys and values are bounded far below 4 GiB; the bound is checked when the row enters a batch.
                let offset = u32::try_from(self.0.bytes.len()).unwrap_or(u32::MAX);
                self.0.pending.push(Pending { offset, index, flipped });
            }

            /// Writes one byte.
            pub fn u8(&mut self, number: u8) {
                self.0.bytes.push(number);
            }

            /// Writes 2 bytes, the highest first.
            pub fn u16(&mut self, number: u16) {
                self.0.bytes.extend_from_slice(&number.to_be_bytes());
            }

            /// Writes 4 bytes, the highest first.
            pub fn u32(&mut self, number: u32) {
                self.0.bytes.extend_from_slice(&number.to_be_bytes());
            }

            /// Writes 8 bytes, the highest first.
            pub fn u64(&mut self, number: u64) {
                self.0.bytes.extend_from_slice(&number.to_be_bytes());
            }

            /// Writes 8 bytes, the highest first, with the sign flipped so that negative sorts first.
            pub fn i64(&mut self, number: i64) {
                self.u64(number.cast_unsigned() ^ SIGN);
            }

            /// Writes bytes whose number the reader knows: no length, no escape.
            pub fn fixed(&mut self, bytes: &[u8]) {
                self.0.bytes.extend_from_slice(bytes);
            }
        }
    };
}
pub(crate) use positions;

macro_rules! read_numbers {
    ($reader:ident) => {
        impl $reader<'_> {
            /// Reads one byte.
            pub fn u8(&mut self) -> Result<u8, CodecError> {
                Ok(self.array::<1>()?[0])
            }

            /// Reads 2 bytes.
            pub fn u16(&mut self) -> Result<u16, CodecError> {
                Ok(u16::from_be_bytes(self.array()?))
            }

            /// Reads 4 bytes.
            pub fn u32(&mut self) -> Result<u32, CodecError> {
                Ok(u32::from_be_bytes(self.array()?))
            }

            /// Reads 8 bytes.
            pub fn u64(&mut self) -> Result<u64, CodecError> {
                Ok(u64::from_be_bytes(self.array()?))
            }

            /// Reads 8 bytes with the sign flipped.
            pub fn i64(&mut self) -> Result<i64, CodecError> {
                Ok((self.u64()? ^ SIGN).cast_signed())
            }

            /// Reads `N` bytes.
            pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
                let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or_else(|| {
                    CodecError::new(format!("{N} bytes expected, {} left", self.bytes.len()))
                })?;
                self.bytes = rest;
                Ok(*head)
            }

            /// Whether everything was read.
            pub fn is_at_end(&self) -> bool {
                self.bytes.is_empty()
            }
        }
    };
}
pub(crate) use read_numbers;
