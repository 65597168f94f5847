//! Reads fields of JSON as loosely as the platform writes them.

pub use bridge_api::lenient::{items, number, text};
use serde_json::Value;

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
