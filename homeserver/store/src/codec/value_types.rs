//! The types that may be values without a record: numbers, texts, identifiers, positions, JSON, tuples and lists.

use bytes::Bytes;
use model::{EventNum, RoomNum, StateKeyNum, StateNum, StreamPos, TimelinePos};
use ruma::{
    OwnedDeviceId, OwnedEventId, OwnedRoomAliasId, OwnedRoomId, OwnedServerName, OwnedTransactionId,
    OwnedUserId,
};
use serde_json::value::RawValue;

use super::{CodecError, Field, Value, ValueReader, ValueWriter};

/// A value that is one field and nothing behind it.
macro_rules! value_of_field {
    () => {
        fn encode(&self, out: &mut ValueWriter) {
            self.write(out);
        }

        fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
            let mut reader = ValueReader::new(bytes);
            let value = Self::read(&mut reader)?;
            reader.finish()?;
            Ok(value)
        }
    };
}

macro_rules! numbers {
    ($($type:ty: $write:ident($to:expr), $read:ident($from:expr);)+) => {$(
        impl Field for $type {
            fn write(&self, out: &mut ValueWriter) {
                out.$write($to(*self));
            }

            fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
                reader.$read().map($from)
            }
        }
        impl Value for $type {
            value_of_field!();
        }
    )+};
}

numbers! {
    u8: u8(|n| n), u8(|n| n);
    u16: u16(|n| n), u16(|n| n);
    u32: u32(|n| n), u32(|n| n);
    u64: u64(|n| n), u64(|n| n);
    i64: i64(|n| n), i64(|n| n);
    bool: u8(u8::from), u8(|n| n != 0);
    RoomNum: u64(RoomNum::get), u64(RoomNum::new);
    EventNum: u64(EventNum::get), u64(EventNum::new);
    StateKeyNum: u64(StateKeyNum::get), u64(StateKeyNum::new);
    StateNum: u64(StateNum::get), u64(StateNum::new);
    StreamPos: stream_position(|n| n), u64(StreamPos::new);
    TimelinePos: timeline_position(|n| n), i64(TimelinePos::new);
}

impl<const N: usize> Field for [u8; N] {
    fn write(&self, out: &mut ValueWriter) {
        out.fixed(self);
    }

    fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
        reader.array()
    }
}
impl<const N: usize> Value for [u8; N] {
    value_of_field!();
}

impl Field for () {
    fn write(&self, _: &mut ValueWriter) {}

    fn read(_: &mut ValueReader<'_>) -> Result<Self, CodecError> {
        Ok(())
    }
}
impl Value for () {
    value_of_field!();
}

fn text(bytes: &[u8]) -> Result<&str, CodecError> {
    std::str::from_utf8(bytes).map_err(|error| CodecError::new(error.to_string()))
}

fn parsed<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, CodecError> {
    result.map_err(|error| CodecError::new(error.to_string()))
}

/// Alone: the bytes as they are. As a part: with a length before them.
macro_rules! blobs {
    ($($type:ty: $value:ident => $to:expr, $from:expr;)+) => {$(
        impl Field for $type {
            fn write(&self, out: &mut ValueWriter) {
                let $value = self;
                out.sized($to);
            }

            fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
                $from(reader.sized()?)
            }
        }
        impl Value for $type {
            fn encode(&self, out: &mut ValueWriter) {
                let $value = self;
                out.bytes($to);
            }

            fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
                $from(bytes)
            }
        }
    )+};
}

blobs! {
    String: text => text.as_bytes(), |bytes| text(bytes).map(str::to_owned);
    Bytes: bytes => bytes, |bytes| Ok(Self::copy_from_slice(bytes));
    OwnedRoomId: id => id.as_bytes(), |bytes| parsed(Self::try_from(text(bytes)?));
    OwnedUserId: id => id.as_bytes(), |bytes| parsed(Self::try_from(text(bytes)?));
    OwnedEventId: id => id.as_bytes(), |bytes| parsed(Self::try_from(text(bytes)?));
    OwnedRoomAliasId: id => id.as_bytes(), |bytes| parsed(Self::try_from(text(bytes)?));
    OwnedServerName: id => id.as_bytes(), |bytes| parsed(Self::try_from(text(bytes)?));
    OwnedDeviceId: id => id.as_bytes(), |bytes| text(bytes).map(Self::from);
    OwnedTransactionId: id => id.as_bytes(), |bytes| text(bytes).map(Self::from);
    Box<RawValue>: json => json.get().as_bytes(), |bytes| parsed(RawValue::from_string(text(bytes)?.to_owned()));
}

impl<T: Field> Field for Option<T> {
    fn write(&self, out: &mut ValueWriter) {
        out.u8(u8::from(self.is_some()));
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            0 => Ok(None),
            1 => T::read(reader).map(Some),
            other => Err(CodecError::new(format!("{other} is neither absent nor present"))),
        }
    }
}
impl<T: Field> Value for Option<T> {
    value_of_field!();
}

/// Items must take at least one byte each.
impl<T: Field> Field for Vec<T> {
    fn write(&self, out: &mut ValueWriter) {
        // A value is bounded far below 4 Gi entries; the bound is checked when the row enters a batch.
        out.u32(u32::try_from(self.len()).unwrap_or(u32::MAX));
        for item in self {
            item.write(out);
        }
    }

    fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
        let length = reader.u32()? as usize;
        // A damaged length reaches neither the allocator nor the loop: every item takes a byte at least.
        if length > reader.left() {
            return Err(CodecError::new(format!("{length} items expected, {} bytes left", reader.left())));
        }
        let mut items = Self::with_capacity(length);
        for _ in 0..length {
            items.push(T::read(reader)?);
        }
        Ok(items)
    }
}
impl<T: Field> Value for Vec<T> {
    value_of_field!();
}

macro_rules! tuples {
    ($(($($part:ident $index:tt),+);)+) => {$(
        impl<$($part: Field),+> Field for ($($part,)+) {
            fn write(&self, out: &mut ValueWriter) {
                $(self.$index.write(out);)+
            }

            fn read(reader: &mut ValueReader<'_>) -> Result<Self, CodecError> {
                Ok(($($part::read(reader)?,)+))
            }
        }
        impl<$($part: Field),+> Value for ($($part,)+) {
            value_of_field!();
        }
    )+};
}

tuples! {
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}
