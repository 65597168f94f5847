//! The ranges of users, aliases and rooms that a registration claims.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::{
    limits::{NAMESPACES_MAX, PATTERN_BYTES_MAX, PATTERN_COMPILED_BYTES_MAX},
    overlap::{Automaton, Common, Comparison, Kind},
};

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
    /// To compare it with those of others; only of exclusive ones, and of no too large ones.
    automaton: Option<Automaton>,
}

/// Two patterns that claim one id, each for itself alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict<'a> {
    pub ours: &'a str,
    pub theirs: &'a str,
    /// Such an id; none where the patterns are the same and that is all that is known.
    pub example: Option<String>,
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
            let automaton = pattern.exclusive.then(|| Automaton::of(&pattern.regex)).and_then(|automaton| {
                let told = |error: &String| {
                    tracing::warn!(
                        kind,
                        pattern = pattern.regex,
                        error,
                        "an exclusive pattern is compared with others by its text alone"
                    )
                };
                automaton.inspect_err(told).ok()
            });
            Ok(Namespace { exclusive: pattern.exclusive, text: pattern.regex.clone(), regex, automaton })
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

    /// Patterns of both that claim one id for themselves alone. Where the comparison comes to no end, only texts are compared.
    pub(crate) fn conflict<'a>(
        &'a self,
        other: &'a Self,
        kind: Kind,
        comparison: &mut Comparison,
    ) -> Option<Conflict<'a>> {
        let reserved = |namespace: &&Namespace| namespace.exclusive;
        for ours in self.0.iter().filter(reserved) {
            for theirs in other.0.iter().filter(reserved) {
                let common = match (&ours.automaton, &theirs.automaton) {
                    (Some(one), Some(other)) => comparison.common(kind, one, other),
                    (_, _) => Common::Unknown,
                };
                let example = match common {
                    Common::Id(id) => Some(id),
                    Common::Nothing | Common::Unknown if ours.text == theirs.text => None,
                    Common::Nothing => continue,
                    Common::Unknown => {
                        comparison.is_unknown_of(&ours.text, &theirs.text);
                        continue;
                    }
                };
                return Some(Conflict { ours: &ours.text, theirs: &theirs.text, example });
            }
        }
        None
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
    fn what_two_reserve_for_themselves_is_a_conflict() {
        let conflict = |one: &[(&str, bool)], other: &[(&str, bool)]| {
            let mut comparison = Comparison::on(ruma::server_name!("example.org"));
            let (one, other) = (namespaces(one).unwrap(), namespaces(other).unwrap());
            let found = one.conflict(&other, Kind::Users, &mut comparison);
            found.map(|found| (found.ours.to_owned(), found.theirs.to_owned(), found.example))
        };
        let one = [("@a_.*", true), ("@b_.*", false)];
        let found = |ours: &str, theirs: &str, example: Option<&str>| {
            Some((ours.to_owned(), theirs.to_owned(), example.map(str::to_owned)))
        };
        let id = Some("@a_:example.org");
        assert_eq!(conflict(&one, &[("@a_.*", true)]), found("@a_.*", "@a_.*", id));
        assert_eq!(conflict(&one, &[("@c", true), ("@[a-c]_", true)]), found("@a_.*", "@[a-c]_", id));
        assert_eq!(conflict(&one, &[("@a_.*", false), ("@b_.*", true)]), None);
        // Whose automata are not known, and who match nobody here, are compared by their texts.
        let border = [(r"@bot\b.*", true)];
        assert_eq!(conflict(&border, &border), found(border[0].0, border[0].0, None));
        assert_eq!(conflict(&border, &[("@bot.*", true)]), None);
        let elsewhere = [("@a:elsewhere.example", true)];
        assert_eq!(conflict(&elsewhere, &elsewhere), found(elsewhere[0].0, elsewhere[0].0, None));
    }
}
