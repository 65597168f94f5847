//! Values: the trait, the parts of tuples, and the writer and reader of their bytes.

use super::{CodecError, Encoded, Pending, SIGN, positions, read_numbers};

/// A type that can be the value of a row. Compared byte for byte by `expect_eq`, so an encoding must be the same for
/// equal values (no hash maps in records that conditions name).
pub trait Value: Sized {
    /// Writes the value.
    fn encode(&self, out: &mut ValueWriter);

    /// Reads what [`Value::encode`] wrote; all of `bytes`.
    fn decode(bytes: &[u8]) -> Result<Self, CodecError>;
}

/// A type that can be one of several parts of a value, because it knows its own end.
pub trait Field: Sized {
    /// Writes the part.
    fn write(&self, out: &mut ValueWriter);

    /// Reads what [`Field::write`] wrote and no more.
    fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError>;
}

/// Collects the bytes of a value.
#[derive(Debug, Default)]
pub struct ValueWriter(pub(super) Encoded);

positions!(ValueWriter);

impl ValueWriter {
    /// Writes bytes as they are; for the last part of a value.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.fixed(bytes);
    }

    /// Writes a length of 4 bytes and then the bytes.
    pub fn sized(&mut self, bytes: &[u8]) {
        // A value is bounded far below 4 GiB; the bound is checked when the row enters a batch.
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.fixed(bytes);
    }

    pub(crate) fn finish(self) -> Encoded {
        self.0
    }
}

/// Walks over the bytes of a value.
#[derive(Debug)]
pub struct ValueReader<'a> {
    bytes: &'a [u8],
}

read_numbers!(ValueReader);

impl<'a> ValueReader<'a> {
    /// Reads `bytes` from the start.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Reads what [`ValueWriter::sized`] wrote.
    pub fn sized(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.u32()? as usize;
        let (head, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| CodecError::new(format!("{length} bytes expected, {} left", self.bytes.len())))?;
        self.bytes = rest;
        Ok(head)
    }

    /// Takes everything that is left.
    pub const fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes;
        self.bytes = &[];
        rest
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Fails if bytes are left.
    pub fn finish(self) -> Result<(), CodecError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(CodecError::new(format!("{} bytes too many in a value", self.bytes.len())))
        }
    }
}
