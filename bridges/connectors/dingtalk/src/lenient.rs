//! Reads fields of JSON as loosely as the platform writes them: numbers as texts, truths as texts, `null` for nothing.

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

/// Whether something is so; nothing is not so.
pub fn truth(value: &Value, name: &str) -> bool {
    match value.get(name) {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}

/// The texts of a list; one alone is a list too, and a list may be written as a text.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    let of = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(of).collect(),
        Some(Value::String(text)) if text.starts_with('[') => {
            let items: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
            items.iter().filter_map(of).collect()
        }
        Some(value) => of(value).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_however_they_are_written() {
        let value = json!({"a": "5", "b": 5, "c": "true", "d": true, "e": null, "f": "[2,3]", "g": ["x", 4], "h": ""});
        assert_eq!((number(&value, "a"), number(&value, "b"), number(&value, "e")), (Some(5), Some(5), None));
        assert!(truth(&value, "c") && truth(&value, "d") && !truth(&value, "e") && !truth(&value, "zz"));
        assert_eq!(texts(&value, "f"), ["2", "3"]);
        assert_eq!(texts(&value, "g"), ["x", "4"]);
        assert_eq!((text(&value, "b").as_deref(), text(&value, "h")), (Some("5"), None));
    }
}
