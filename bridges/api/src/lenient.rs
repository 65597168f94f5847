//! Reads fields of JSON as loosely as platforms write them: numbers as texts and the other way round, `null` for nothing.

use serde_json::Value;

/// A text that is not empty; numbers are taken for texts.
pub fn text(value: &Value, name: &str) -> Option<String> {
    text_of(value.get(name)?)
}

/// The same of a value by itself.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number of zero or more.
pub fn number(value: &Value, name: &str) -> Option<u64> {
    match value.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The items of a list; nothing is an empty one.
pub fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_however_they_are_written() {
        let value = json!({"a": "5", "b": 5, "d": ["x"], "e": null, "f": ""});
        assert_eq!((number(&value, "a"), number(&value, "b"), number(&value, "e")), (Some(5), Some(5), None));
        assert_eq!((text(&value, "b").as_deref(), text(&value, "f")), (Some("5"), None));
        assert!(items(&value, "z").is_empty() && items(&value, "e").is_empty());
        assert_eq!(items(&value, "d"), [json!("x")]);
    }
}
