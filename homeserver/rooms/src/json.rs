//! Small helpers to write canonical JSON contents.

use ruma::{CanonicalJsonObject, CanonicalJsonValue, Int};

/// An object from keys and values.
pub(crate) fn object<const N: usize>(entries: [(&str, CanonicalJsonValue); N]) -> CanonicalJsonObject {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A string value.
pub(crate) fn text(value: impl Into<String>) -> CanonicalJsonValue {
    CanonicalJsonValue::String(value.into())
}

/// An integer value.
pub(crate) fn number(value: i32) -> CanonicalJsonValue {
    CanonicalJsonValue::Integer(Int::from(value))
}

/// Parses JSON text as canonical JSON: no floats, no numbers beyond 2^53 - 1.
///
/// # Errors
/// A sentence for the client.
pub fn canonical_object(json: &str) -> Result<CanonicalJsonObject, crate::RoomsError> {
    let value: CanonicalJsonValue = serde_json::from_str(json)
        .map_err(|error| crate::RoomsError::BadJson(format!("not canonical JSON: {error}")))?;
    match value {
        CanonicalJsonValue::Object(object) => Ok(object),
        CanonicalJsonValue::Null
        | CanonicalJsonValue::Bool(_)
        | CanonicalJsonValue::Integer(_)
        | CanonicalJsonValue::String(_)
        | CanonicalJsonValue::Array(_) => Err(crate::RoomsError::BadJson("not a JSON object".to_owned())),
    }
}
