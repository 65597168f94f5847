//! Words in the two languages of the house.

use serde::{Deserialize, Serialize};

/// A language in which the bridges speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// The same words in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Words {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Words {
    /// The words in one language.
    pub const fn of(&self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

/// Names words, a line for each: `NAME = "Chinese" | "English";`.
#[macro_export]
macro_rules! words {
    ($($name:ident = $zh:literal | $en:literal;)+) => {
        $(const $name: $crate::Words = $crate::Words { zh: $zh, en: $en };)+
    };
}
