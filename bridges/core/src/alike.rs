//! What looks the same to people: letters of other scripts, widths and forms are the letters that they show.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_security::confusable_detection::skeleton;

/// The letters and digits of a text as people see them. In two ways, because a capital letter looks like another letter than the
/// small one does: `I` like `l`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen([String; 2]);

impl Seen {
    /// How a text is seen.
    pub fn of(text: &str) -> Self {
        let text = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
        let as_small: String = skeleton(&text.to_lowercase()).collect();
        let as_written: String = skeleton(&text).collect();
        Self([as_small, as_written.to_lowercase()].map(|seen| bare(&seen)))
    }

    /// Whether it looks the same as another text.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, theirs)| !own.is_empty() && own == theirs)
    }

    /// Whether another text can be read in it.
    pub fn holds(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, theirs)| !theirs.is_empty() && own.contains(theirs.as_str()))
    }

    /// The two ways, for an index.
    pub fn ways(&self) -> &[String; 2] {
        &self.0
    }
}

/// The letters and digits of a text, which only look like others where they are others.
pub(crate) fn letters(text: &str) -> String {
    bare(&ComposingNormalizerBorrowed::new_nfkc().normalize(text).to_lowercase())
}

/// What is set apart or crossed out reads the same.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_what_they_look_like() {
        for (one, other, is_alike) in [
            ("external", "ｅxternal", true),
            ("external", "ехternаl", true),
            ("external", "EXTERNAL", true),
            ("external", "ExternaI", true),
            ("external", "e x t e r n a l", true),
            ("external", "externa1", true),
            ("external", "éxternal", true),
            ("external", "internal", false),
            ("Anna", "Аnnа", true),
            ("张三", "张 三", true),
            ("张三", "張三", false),
            ("张三", "张二", false),
            ("", "()", false),
        ] {
            assert_eq!(Seen::of(one).looks_like(&Seen::of(other)), is_alike, "{one} {other}");
        }
        assert!(Seen::of("an ｅxternal guest").holds(&Seen::of("External")));
        assert!(!Seen::of("a guest").holds(&Seen::of("")));
    }
}
