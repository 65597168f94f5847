//! Templates that cannot be read at all: what is wrong, in the words of the table.

use serde_json::error::Category;

use super::Problem;
use crate::limits::CARD_VALUE_CHARACTERS_MAX;

/// What the reader of JSON says before a name, and the key of our words for it.
const NAMED: [(&str, &str); 5] = [
    ("missing field ", "problem.json_missing"),
    ("unknown field ", "problem.json_unknown"),
    ("unknown variant ", "problem.json_variant"),
    ("duplicate field ", "problem.json_twice"),
    // A mode of a node.
    ("", "problem.json_variant"),
];

/// Why a text is no template.
#[must_use]
pub fn unreadable(error: &serde_json::Error) -> Problem {
    let said = error.to_string();
    let named = NAMED.iter().find_map(|(before, key)| {
        let (name, _) = said.strip_prefix(before)?.strip_prefix('`')?.split_once('`')?;
        Some((*key, name.chars().take(CARD_VALUE_CHARACTERS_MAX).collect::<String>()))
    });
    if let (Some((key, what)), Category::Data) = (named, error.classify()) {
        return Problem::new("", key).with("what", what);
    }
    let key = match error.classify() {
        Category::Data => "problem.json_kind",
        Category::Io | Category::Syntax | Category::Eof => "problem.json",
    };
    Problem::new("", key).with("line", error.line().to_string()).with("column", error.column().to_string())
}

#[cfg(test)]
mod tests {
    use kit::texts::{Lang, Texts};

    use super::*;
    use crate::template::Template;

    #[test]
    fn what_cannot_be_read_is_said_in_both_languages() {
        let texts = Texts::with(&[crate::TEXTS]);
        let good = r#"{"v":1,"id":"x","name":{"zh":"X"},"aliases":["x"],"form":[{"id":"a","type":"text"}],
            "flow":[{"id":"n1","type":"approve","mode":"or","who":{"role":"cfo"}}]}"#;
        assert!(serde_json::from_str::<Template>(good).is_ok());
        // (what stands there, what stands there instead, what is said)
        for (old, new, zh, en) in [
            ("\"v\":1,", "", "缺少 `v`", "`v` is missing"),
            ("\"v\":1", "\"v\":1,\"w\":1", "`w` 不是可以写的字段", "`w` is no field that can stand here"),
            ("\"text\"", "\"verse\"", "`verse` 不是可以用的值", "`verse` is no value that can stand here"),
            ("\"approve\"", "\"ask\"", "`ask` 不是可以用的值", "`ask` is no value that can stand here"),
            ("\"or\"", "\"all\"", "`all` 不是可以用的值", "`all` is no value that can stand here"),
            ("\"v\":1", "\"v\":1,\"v\":1", "`v` 写了两次", "`v` is there twice"),
            ("\"v\":1", "\"v\":", "第 1 行第 6 列不是 JSON", "no JSON at line 1, column 6"),
            (
                "[\"x\"]",
                "7",
                "第 1 行第 45 列的值类型不对",
                "a value of another kind is expected at line 1, column 45",
            ),
        ] {
            let error = serde_json::from_str::<Template>(&good.replacen(old, new, 1)).unwrap_err();
            let problem = unreadable(&error);
            let said = [Lang::Zh, Lang::En].map(|lang| problem.said(&texts, lang));
            assert_eq!(said, [zh, en], "{error}");
        }
    }
}
