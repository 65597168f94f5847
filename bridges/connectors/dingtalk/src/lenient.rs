//! Reads fields of JSON as loosely as the platform writes them: truths as texts, lists as texts.

use bridge_api::lenient::text_of;
pub use bridge_api::lenient::{items, number, text};
use serde_json::Value;

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
    match value.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
        Some(Value::String(text)) if text.starts_with('[') => {
            let items: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
            items.iter().filter_map(text_of).collect()
        }
        Some(value) => text_of(value).into_iter().collect(),
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
