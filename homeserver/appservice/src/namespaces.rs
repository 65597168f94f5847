//! The ranges of users, aliases and rooms that a registration claims.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::limits::{NAMESPACES_MAX, PATTERN_BYTES_MAX, PATTERN_COMPILED_BYTES_MAX};

/// One line of a registration.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pattern {
    #[serde(default)]
    pub exclusive: bool,
    pub regex: String,
}

#[derive(Debug)]
struct Namespace {
    exclusive: bool,
    text: String,
    regex: Regex,
}

/// The patterns of one kind. A pattern counts from the beginning of an id, and says itself where it ends: that is how
/// registrations in use are written.
/// [Specification](https://spec.matrix.org/v1.19/application-service-api/#registration)
#[derive(Debug, Default)]
pub struct Namespaces(Vec<Namespace>);

impl Namespaces {
    /// Compiles patterns; the error names the one that is wrong.
    pub(crate) fn compile(kind: &str, patterns: &[Pattern]) -> Result<Self, String> {
        if patterns.len() > NAMESPACES_MAX {
            return Err(format!("namespaces.{kind} has more than {NAMESPACES_MAX} patterns"));
        }
        let compiled = patterns.iter().map(|pattern| {
            let wrong =
                |reason: String| format!("namespaces.{kind}: the pattern `{}` {reason}", pattern.regex);
            if pattern.regex.is_empty() || pattern.regex.len() > PATTERN_BYTES_MAX {
                return Err(wrong(format!("is empty or longer than {PATTERN_BYTES_MAX} bytes")));
            }
            let regex = RegexBuilder::new(&format!(r"\A(?:{})", pattern.regex))
                .size_limit(PATTERN_COMPILED_BYTES_MAX)
                .dfa_size_limit(PATTERN_COMPILED_BYTES_MAX)
                .build()
                .map_err(|error| wrong(format!("cannot be used: {error}")))?;
            Ok(Namespace { exclusive: pattern.exclusive, text: pattern.regex.clone(), regex })
        });
        compiled.collect::<Result<_, String>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an id lies in one of them.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|namespace| namespace.regex.is_match(id))
    }

    /// Whether an id lies in one that nobody else may use.
    #[must_use]
    pub fn reserves(&self, id: &str) -> bool {
        self.0.iter().any(|namespace| namespace.exclusive && namespace.regex.is_match(id))
    }

    /// A pattern that both claim for themselves alone, as far as their texts show it.
    pub(crate) fn conflict(&self, other: &Self) -> Option<&str> {
        let reserved = |namespace: &&Namespace| namespace.exclusive;
        let mut own = self.0.iter().filter(reserved);
        let same =
            own.find(|namespace| other.0.iter().filter(reserved).any(|theirs| theirs.text == namespace.text));
        same.map(|namespace| namespace.text.as_str())
    }

    /// The patterns, for lists: each with whether it is exclusive.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|namespace| (namespace.text.as_str(), namespace.exclusive))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces(patterns: &[(&str, bool)]) -> Result<Namespaces, String> {
        let patterns: Vec<_> = patterns
            .iter()
            .map(|(regex, exclusive)| Pattern { exclusive: *exclusive, regex: (*regex).to_owned() })
            .collect();
        Namespaces::compile("users", &patterns)
    }

    #[test]
    fn a_pattern_counts_from_the_beginning() {
        let some = namespaces(&[(r"@irc_.*:example\.org", true), ("@bot", false)]).unwrap();
        for (id, contained, reserved) in [
            ("@irc_alice:example.org", true, true),
            ("@irc_alice:exampleXorg", false, false),
            ("@not@irc_alice:example.org", false, false),
            ("@bot:example.org", true, false),
            ("@bottom:example.org", true, false),
            ("@alice:example.org", false, false),
        ] {
            assert_eq!((some.contains(id), some.reserves(id)), (contained, reserved), "{id}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_used_is_named() {
        let huge = "(a{1000}){1000}".to_owned();
        for wrong in ["(", "@(?!bot).*", "", &huge] {
            let error = namespaces(&[("@fine:.*", false), (wrong, true)]).unwrap_err();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
        }
    }

    #[test]
    fn the_same_reserved_pattern_twice_is_a_conflict() {
        let one = namespaces(&[("@a_.*", true), ("@b_.*", false)]).unwrap();
        assert_eq!(one.conflict(&namespaces(&[("@a_.*", true)]).unwrap()), Some("@a_.*"));
        assert_eq!(one.conflict(&namespaces(&[("@a_.*", false), ("@b_.*", true)]).unwrap()), None);
    }
}
