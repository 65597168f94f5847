//! Globs as Matrix has them: `*` is any run of characters, `?` exactly one, everything else is itself.

/// A glob ready for matching. Case is the caller's business: lower both sides to ignore it.
#[derive(Clone, Debug)]
pub struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(char),
    One,
    Any,
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut parts = Vec::with_capacity(pattern.len());
        for character in pattern.chars() {
            let part = match character {
                '*' => Part::Any,
                '?' => Part::One,
                literal => Part::Literal(literal),
            };
            // A run of stars is one star; more would only cost time.
            if part != Part::Any || parts.last() != Some(&Part::Any) {
                parts.push(part);
            }
        }
        Self { parts }
    }

    /// Whether the whole text matches. At each star only the last one is retried, so the cost is at most
    /// pattern length × text length, both of which the callers bound.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut at = 0;
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut ahead = rest.clone();
            let next = ahead.next();
            match (self.parts.get(at), next) {
                (Some(Part::Any), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                (Some(Part::One), Some(_)) => {
                    at += 1;
                    rest = ahead;
                    continue;
                }
                (Some(Part::Literal(literal)), Some(character)) if *literal == character => {
                    at += 1;
                    rest = ahead;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((star, mut from)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            at = star;
            rest = from.clone();
            retry = Some((star, from));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn globs_match_as_written() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "anything", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbcd", false),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("a?c*", "abcd", true),
            ("*a*b", "xxaxxbab", true),
            ("*a*b", "xxaxxba", false),
            ("[a]", "a", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} against {text}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "a*".repeat(500);
        assert!(!Glob::new(&pattern).matches(&"a".repeat(300)));
        assert!(Glob::new(&pattern).matches(&"a".repeat(600)));
    }

    proptest! {
        #[test]
        fn the_same_as_a_regular_expression(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let regex: String = pattern
                .chars()
                .map(|c| match c { '*' => ".*".to_owned(), '?' => ".".to_owned(), c => c.to_string() })
                .collect();
            let regex = regex::Regex::new(&format!("^(?s:{regex})$")).unwrap();
            prop_assert_eq!(Glob::new(&pattern).matches(&text), regex.is_match(&text));
        }
    }
}
