//! One form for texts that people take for the same, and their parts.

/// The text in lower case, wide Latin letters and digits (`Ａ１`) made narrow.
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(narrow).flat_map(char::to_lowercase).collect()
}

/// Full-width forms stand at a fixed distance behind ASCII.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(character).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(character)
        }
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Whether a character belongs to the script that is written without spaces and segmented by dictionary.
pub(super) fn is_han(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// A stretch of a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run<'a> {
    /// Letters and digits of any script but Han.
    Word(&'a str),
    /// Han characters.
    Han(&'a str),
}

/// The stretches of a folded text; punctuation and spaces only separate.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Class {
        Word,
        Han,
        Other,
    }
    let class = |character: char| match character {
        han if is_han(han) => Class::Han,
        letter if letter.is_alphanumeric() => Class::Word,
        _ => Class::Other,
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let first = class(rest.chars().next()?);
            let end = rest.find(|character| class(character) != first).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            rest = behind;
            match first {
                Class::Word => return Some(Run::Word(run)),
                Class::Han => return Some(Run::Han(run)),
                Class::Other => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_capital_letters_are_folded() {
        for (text, folded) in
            [("ＡＢＣ１２３", "abc123"), ("Straße ÄÖ", "straße äö"), ("北京　OK！", "北京 ok!")]
        {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn scripts_and_punctuation_separate() {
        let found: Vec<Run<'_>> = runs("v1.19版本 发布,ok🎉").collect();
        let expected =
            [Run::Word("v1"), Run::Word("19"), Run::Han("版本"), Run::Han("发布"), Run::Word("ok")];
        assert_eq!(found, expected);
        assert_eq!(runs("!?… 🎉").count(), 0);
    }
}
