//! Every sentence a person reads, in Chinese and English, by key.
//!
//! A text is a row of a table, never a literal in code. Holes are names in braces.

mod errors;
mod own;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

pub use self::{errors::ERRORS, own::OWN};

/// A language of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
    /// Both, for cards in rooms where people read either.
    Both,
}

impl Lang {
    /// The language of this name: `zh`, `en` or `both`, and what people call them.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().to_lowercase().as_str() {
            "zh" | "cn" | "中文" | "汉语" | "chinese" => Some(Self::Zh),
            "en" | "英文" | "英语" | "english" => Some(Self::En),
            "both" | "双语" => Some(Self::Both),
            _ => None,
        }
    }

    /// The language that a word is written in: Chinese if it has a Chinese character.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let is_han = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
        if word.chars().any(is_han) { Self::Zh } else { Self::En }
    }
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What code calls it.
    pub key: &'static str,
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// A row of a table.
#[must_use]
pub const fn entry(key: &'static str, zh: &'static str, en: &'static str) -> Entry {
    Entry { key, zh, en }
}

/// What is wrong with a table: a key that stands twice, a text that is empty, holes that differ; for tests of tables.
#[must_use]
pub fn faults(table: &[Entry]) -> Vec<String> {
    let mut keys = HashSet::new();
    let fault = |entry: &Entry| {
        if !keys.insert(entry.key) {
            Some(format!("{} stands twice", entry.key))
        } else if entry.zh.is_empty() || entry.en.is_empty() {
            Some(format!("{} is empty", entry.key))
        } else if holes(entry.zh) != holes(entry.en) {
            Some(format!("{} has other holes in English", entry.key))
        } else {
            None
        }
    };
    table.iter().filter_map(fault).collect()
}

/// What is written with: texts, in a language.
#[derive(Clone, Copy, Debug)]
pub struct Pen<'a> {
    /// The table.
    pub texts: &'a Texts,
    /// The language.
    pub lang: Lang,
}

impl Pen<'_> {
    /// A text of the table, its holes filled.
    #[must_use]
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.fill(self.lang, key, values)
    }
}

/// All texts of the program: those of the kit and those of its bots.
#[derive(Clone, Debug)]
pub struct Texts(HashMap<&'static str, Entry>);

impl Texts {
    /// The kit's own texts and errors, and these tables.
    #[must_use]
    pub fn with(tables: &[&'static [Entry]]) -> Self {
        let all = [ERRORS, OWN].into_iter().chain(tables.iter().copied()).flatten();
        Self(all.map(|entry| (entry.key, *entry)).collect())
    }

    /// A text with its holes filled; in both languages, the Chinese one stands above the English one.
    #[must_use]
    pub fn fill(&self, lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
        let Some(entry) = self.0.get(key) else {
            tracing::error!(key, "a text is missing");
            return key.to_owned();
        };
        match lang {
            Lang::Zh => filled(entry.zh, values),
            Lang::En => filled(entry.en, values),
            Lang::Both => format!("{}\n{}", filled(entry.zh, values), filled(entry.en, values)),
        }
    }
}

/// Fills holes in one walk, so that a value with braces in it is not filled again.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let hole = behind.split_once('}');
        let value = hole.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (hole, value) {
            (Some((_, after)), Some((_, value))) => {
                out.push_str(value);
                rest = after;
            }
            (Some(_) | None, _) => {
                out.push('{');
                rest = behind;
            }
        }
    }
    out + rest
}

/// The holes of a text, sorted.
fn holes(text: &str) -> Vec<&str> {
    let mut holes: Vec<_> =
        text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
    holes.sort_unstable();
    holes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        let own = [ERRORS, OWN].concat();
        assert_eq!(faults(&own), Vec::<String>::new());
        for code in ["E101", "E120", "E203", "E303", "E401", "E404"] {
            assert!(own.iter().any(|entry| entry.key == code), "{code}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_found() {
        let table =
            [entry("a", "{n}", "{n}"), entry("a", "甲", "a"), entry("b", "{n}", "{m}"), entry("c", "", "c")];
        assert_eq!(faults(&table), ["a stands twice", "b has other holes in English", "c is empty"]);
    }

    #[test]
    fn a_value_with_braces_is_not_filled_again() {
        let texts = Texts::with(&[]);
        let said = texts.fill(Lang::En, "E106", &[("a", "{b}"), ("b", "two"), ("c", "three")]);
        assert_eq!(said, "No such command. Did you mean {b}, two or three?");
        assert_eq!(texts.fill(Lang::Zh, "E101", &[("who", "李四")]), "你不是当前处理人。现在由 李四 处理。");
        let both = texts.fill(Lang::Both, "E107", &[("no", "AP-1")]);
        assert_eq!(both, "找不到编号 AP-1，或你无权查看。\nAP-1 does not exist or you may not see it.");
        assert_eq!(texts.fill(Lang::En, "no such key", &[]), "no such key");
    }

    #[test]
    fn a_language_is_known_by_its_names_and_its_script() {
        for (name, lang) in
            [("中文", Some(Lang::Zh)), (" EN ", Some(Lang::En)), ("双语", Some(Lang::Both)), ("fr", None)]
        {
            assert_eq!(Lang::named(name), lang, "{name}");
        }
        assert_eq!((Lang::of("帮助"), Lang::of("help"), Lang::of("")), (Lang::Zh, Lang::En, Lang::En));
    }
}
