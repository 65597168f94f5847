//! Records: serde structs as MessagePack maps with field names, so that a field can be added with a default.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CodecError;

/// Makes serde structs or enums usable as values: `store::record!(Device, Session);`. A position inside a record is
/// never patched; put pending positions in a tuple beside the record, or in the key.
#[macro_export]
macro_rules! record {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::Value for $type {
            fn encode(&self, out: &mut $crate::ValueWriter) {
                out.bytes(&$crate::to_record(self));
            }

            fn decode(bytes: &[u8]) -> ::std::result::Result<Self, $crate::CodecError> {
                $crate::from_record(bytes)
            }
        }
        impl $crate::Field for $type {
            fn write(&self, out: &mut $crate::ValueWriter) {
                out.sized(&$crate::to_record(self));
            }

            fn read(
                reader: &mut $crate::ValueReader<'_>,
            ) -> ::std::result::Result<Self, $crate::CodecError> {
                $crate::from_record(reader.sized()?)
            }
        }
    )+};
}

/// Encodes a record. A type that serde cannot write (a map with keys that are no texts, say) gives no bytes, which
/// no record decodes from; the round-trip test of the owner finds it.
pub fn to_record<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a record cannot be encoded: {}", std::any::type_name::<T>());
        Vec::new()
    })
}

/// Decodes a record.
pub fn from_record<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes).map_err(|error| CodecError::new(error.to_string()))
}
