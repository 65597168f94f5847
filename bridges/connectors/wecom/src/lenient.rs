//! Reads fields of JSON as loosely as the platform writes them: numbers as texts and the other way round.

use serde_json::Value;

/// A text that is not empty; numbers are taken for texts.
pub fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
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

/// The texts of a list, or of a text in which they stand with `|` between them: both shapes are the platform's.
pub fn names(value: &Value, name: &str) -> Vec<String> {
    match value.get(name) {
        Some(Value::String(text)) => {
            text.split('|').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_however_they_are_written() {
        let value = json!({"a": "5", "b": 5, "c": "x|y|", "d": ["x"], "e": null, "f": ""});
        assert_eq!((number(&value, "a"), number(&value, "b"), number(&value, "e")), (Some(5), Some(5), None));
        assert_eq!(
            (names(&value, "c"), names(&value, "d")),
            (vec!["x".into(), "y".into()], vec!["x".into()])
        );
        assert!(
            names(&value, "e").is_empty() && names(&value, "f").is_empty() && items(&value, "z").is_empty()
        );
        assert_eq!((text(&value, "b").as_deref(), text(&value, "f")), (Some("5"), None));
    }
}
