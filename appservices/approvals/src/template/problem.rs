//! What keeps a template from being published, in the words of a table.

use std::fmt;

use kit::texts::{Lang, Texts};

/// What is wrong with a template: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The node or field; empty where it is the whole.
    pub place: String,
    /// The key of the words for it.
    pub key: &'static str,
    /// What their gaps are filled with; a `problem` is the key of further words.
    pub values: Vec<(&'static str, String)>,
}

impl Problem {
    /// Without gaps.
    #[must_use]
    pub fn new(place: &str, key: &'static str) -> Self {
        Self { place: place.to_owned(), key, values: Vec::new() }
    }

    /// The same, filling a gap.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// In the words of a table.
    #[must_use]
    pub fn said(&self, texts: &Texts, lang: Lang) -> String {
        let shown = self.values.iter().map(|(name, value)| match *name {
            "problem" => (*name, texts.fill(lang, value, &[])),
            _ => (*name, value.clone()),
        });
        let shown: Vec<(&str, String)> = shown.collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let words = texts.fill(lang, self.key, &values);
        if self.place.is_empty() { words } else { format!("{}: {words}", self.place) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(&Texts::with(&[crate::TEXTS]), Lang::En))
    }
}
