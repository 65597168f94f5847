//! The types that may be keys: numbers, texts, identifiers, short ids, positions, and tuples of them.

use model::{EventNum, RoomNum, StateKeyNum, StateNum, StreamPos, TimelinePos};
use ruma::{
    DeviceId, EventId, OwnedDeviceId, OwnedEventId, OwnedRoomAliasId, OwnedRoomId, OwnedServerName,
    OwnedTransactionId, OwnedUserId, RoomAliasId, RoomId, ServerName, TransactionId, UserId,
};

use super::{CodecError, Key, KeyOf, KeyReader, KeyWriter};

/// Makes an own key type usable in tables: `store::key!(MyKind);` beside its `impl store::Key`.
#[macro_export]
macro_rules! key {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::KeyOf<$type> for $type {
            fn encode_key(&self, out: &mut $crate::KeyWriter) {
                $crate::Key::encode(self, out);
            }
        }
        $crate::prefixes!($type, $type);
    )+};
}

macro_rules! numbers {
    ($($type:ty: $write:ident($to:expr), $read:ident($from:expr);)+) => {$(
        impl Key for $type {
            fn encode(&self, out: &mut KeyWriter) {
                out.$write($to(*self));
            }

            fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
                reader.$read().map($from)
            }
        }
        key!($type);
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

macro_rules! texts {
    ($($owned:ty, $borrowed:ty, $decode:expr;)+) => {$(
        impl Key for $owned {
            fn encode(&self, out: &mut KeyWriter) {
                KeyOf::<$owned>::encode_key(AsRef::<$borrowed>::as_ref(self), out);
            }

            fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
                let text = reader.string()?;
                ($decode)(text)
            }
        }
        key!($owned);

        impl KeyOf<$owned> for $borrowed {
            fn encode_key(&self, out: &mut KeyWriter) {
                let text: &str = self.as_ref();
                out.text(text.as_bytes());
            }
        }
        $crate::prefixes!($owned, $borrowed);
    )+};
}

fn parsed<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, CodecError> {
    result.map_err(|error| CodecError::new(error.to_string()))
}

texts! {
    String, str, Ok;
    OwnedRoomId, RoomId, |text: String| parsed(Self::try_from(text));
    OwnedUserId, UserId, |text: String| parsed(Self::try_from(text));
    OwnedEventId, EventId, |text: String| parsed(Self::try_from(text));
    OwnedRoomAliasId, RoomAliasId, |text: String| parsed(Self::try_from(text));
    OwnedServerName, ServerName, |text: String| parsed(Self::try_from(text));
    OwnedDeviceId, DeviceId, |text: String| Ok(Self::from(text));
    OwnedTransactionId, TransactionId, |text: String| Ok(Self::from(text));
}

impl Key for Vec<u8> {
    fn encode(&self, out: &mut KeyWriter) {
        out.text(self);
    }

    fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        Ok(reader.text()?.into_owned())
    }
}
key!(Vec<u8>);

impl KeyOf<Vec<u8>> for [u8] {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.text(self);
    }
}

impl<const N: usize> Key for [u8; N] {
    fn encode(&self, out: &mut KeyWriter) {
        out.fixed(self);
    }

    fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        reader.array()
    }
}

impl<const N: usize> KeyOf<Self> for [u8; N] {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(self);
    }
}
crate::prefixes!([u8; 32], [u8; 32]);

impl Key for () {
    fn encode(&self, _: &mut KeyWriter) {}

    fn decode(_: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        Ok(())
    }
}
impl KeyOf<Self> for () {
    fn encode_key(&self, _: &mut KeyWriter) {}
}

/// `None` sorts before every `Some`.
impl<K: Key> Key for Option<K> {
    fn encode(&self, out: &mut KeyWriter) {
        self.encode_key(out);
    }

    fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            0 => Ok(None),
            1 => K::decode(reader).map(Some),
            other => Err(CodecError::new(format!("{other} is neither absent nor present"))),
        }
    }
}

impl<K, Q: KeyOf<K>> KeyOf<Option<K>> for Option<Q> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.u8(u8::from(self.is_some()));
        if let Some(key) = self {
            key.encode_key(out);
        }
    }
}

macro_rules! tuples {
    ($(($($key:ident $part:ident $index:tt),+);)+) => {$(
        impl<$($key: Key),+> Key for ($($key,)+) {
            fn encode(&self, out: &mut KeyWriter) {
                $(self.$index.encode(out);)+
            }

            fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError> {
                Ok(($($key::decode(reader)?,)+))
            }
        }

        impl<$($key,)+ $($part: KeyOf<$key>),+> KeyOf<($($key,)+)> for ($($part,)+) {
            fn encode_key(&self, out: &mut KeyWriter) {
                $(self.$index.encode_key(out);)+
            }
        }
    )+};
}

tuples! {
    (A QA 0, B QB 1);
    (A QA 0, B QB 1, C QC 2);
    (A QA 0, B QB 1, C QC 2, D QD 3);
    (A QA 0, B QB 1, C QC 2, D QD 3, E QE 4);
}
