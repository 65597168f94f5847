//! Patterns of `event_match`, compiled once. Case never counts.

use regex::bytes::{Regex, RegexBuilder};

use crate::{
    glob::Glob,
    limits::{PUSH_PATTERN_BYTES_MAX, PUSH_PATTERN_COMPILED_BYTES_MAX},
};

/// A matcher for text that is already in lower case.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// The whole text, nothing to expand.
    Exact(String),
    /// The whole text, with wildcards.
    Whole(Glob),
    /// A word or words somewhere in the text.
    Word(String),
    /// A word with wildcards somewhere in the text; the text may also be the pattern itself.
    WordGlob(String, Regex),
    /// A pattern that nobody may ask for.
    Nothing,
}

impl Pattern {
    /// For everything but message bodies: the pattern stands for the whole text.
    pub(super) fn whole(pattern: &str) -> Self {
        let pattern = pattern.to_lowercase();
        if pattern.len() > PUSH_PATTERN_BYTES_MAX {
            Self::Nothing
        } else if pattern.contains(['*', '?']) {
            Self::Whole(Glob::new(&pattern))
        } else {
            Self::Exact(pattern)
        }
    }

    /// For message bodies: the pattern stands between word boundaries. A word is made of `[A-Za-z0-9_]`.
    pub(super) fn word(pattern: &str) -> Self {
        let pattern = pattern.to_lowercase();
        if pattern.len() > PUSH_PATTERN_BYTES_MAX {
            return Self::Nothing;
        }
        if !pattern.contains(['*', '?']) {
            return Self::Word(pattern);
        }
        let expression = format!(r"(?-u:^|\W|\b){}(?-u:\b|\W|$)", expand(&pattern));
        match RegexBuilder::new(&expression).size_limit(PUSH_PATTERN_COMPILED_BYTES_MAX).build() {
            Ok(regex) => Self::WordGlob(pattern, regex),
            Err(_) => Self::Nothing,
        }
    }

    pub(super) fn matches_lower(&self, text: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == text,
            Self::Whole(glob) => glob.matches(text),
            Self::Word(word) => contains_word(text, word),
            Self::WordGlob(pattern, regex) => text == pattern || regex.is_match(text.as_bytes()),
            Self::Nothing => false,
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        // Nearly all keys and patterns are in lower case; then equality needs no copy.
        match self {
            Self::Exact(expected) if expected == text => true,
            Self::Exact(expected) if expected.len() != text.len() && text.is_ascii() => false,
            _ => self.matches_lower(&text.to_lowercase()),
        }
    }
}

/// Runs of wildcards become one counted repetition: `?**?` is "two or more".
fn expand(pattern: &str) -> String {
    let mut expression = String::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let literal = rest.find(['*', '?']).unwrap_or(rest.len());
        expression.push_str(&regex::escape(&rest[..literal]));
        rest = &rest[literal..];
        let wild = rest.find(|c| c != '*' && c != '?').unwrap_or(rest.len());
        if wild > 0 {
            let ones = rest[..wild].matches('?').count();
            let open = if rest[..wild].contains('*') { "," } else { "" };
            expression.push_str(&format!(".{{{ones}{open}}}"));
            rest = &rest[wild..];
        }
    }
    expression
}

/// Whether `word` stands in the text between boundaries: the ends, or any place with a character on one side
/// that is no part of a word.
pub(super) fn contains_word(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return text.is_empty();
    }
    let is_word = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let (opens, closes) = (is_word(word.chars().next()), is_word(word.chars().next_back()));
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(word)) {
        let start = from + found;
        let end = start + word.len();
        let before = is_word(text[..start].chars().next_back());
        let after = is_word(text[end..].chars().next());
        if !(opens && before || closes && after) {
            return true;
        }
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_boundaries() {
        for (text, pattern, expected) in [
            ("hello alice!", "alice", true),
            ("hello Alice!", "ALICE", true),
            ("malice", "alice", false),
            ("alice2", "alice", false),
            ("alices alice", "alice", true),
            ("it is alice-like", "alice", true),
            ("foo bar", "foo bar", true),
            ("xfoo bar", "foo bar", false),
            ("你好小明", "小明", true),
            ("a c++ b", "c++", true),
            ("", "", true),
            ("text", "", false),
            ("please meet al", "al*", true),
            ("cake and pie", "c*e", true),
            ("cupcake", "ca?e", false),
            ("a cake", "ca?e", true),
            ("@room", "@room", true),
            ("email@roommate", "@room", false),
        ] {
            assert_eq!(Pattern::word(pattern).matches(text), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn whole_patterns_span_the_text() {
        for (text, pattern, expected) in [
            ("m.room.message", "m.room.message", true),
            ("m.room.messages", "m.room.message", false),
            ("M.Room.Message", "m.room.message", true),
            ("m.room.message", "m.room.*", true),
            ("m.room.message", "m.room", false),
            ("", "", true),
        ] {
            assert_eq!(Pattern::whole(pattern).matches(text), expected, "{pattern} against {text}");
        }
    }

    #[test]
    fn endless_patterns_match_nothing() {
        assert!(!Pattern::word(&"*?a".repeat(2_000)).matches("aaaa"));
        assert!(!Pattern::whole(&"*".repeat(2_000)).matches("a"));
    }
}
