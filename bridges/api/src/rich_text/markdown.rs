//! What every platform's Markdown has alike. Pure.

use super::Style;

/// Words in their style, already escaped. Marks stand close to the letters, or they are shown as they are.
pub fn emphasised(words: &str, style: Style) -> String {
    let mark = match (style.bold, style.italic) {
        (true, true) => "***",
        (true, false) => "**",
        (false, true) => "*",
        (false, false) => return words.to_owned(),
    };
    let inner = words.trim();
    if inner.is_empty() {
        return words.to_owned();
    }
    let lead = &words[..words.len() - words.trim_start().len()];
    let tail = &words[words.trim_end().len()..];
    format!("{lead}{mark}{inner}{mark}{tail}")
}

/// A fence that is longer than any within the text.
pub fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_close_to_the_letters_and_fences_hold() {
        let style = |bold, italic| Style { bold, italic, ..Style::default() };
        let table = [
            (" a b ", style(true, false), " **a b** "),
            ("a", style(false, true), "*a*"),
            ("a\n", style(true, true), "***a***\n"),
            ("  ", style(true, false), "  "),
            ("a", Style::default(), "a"),
        ];
        for (words, style, expected) in table {
            assert_eq!(emphasised(words, style), expected, "{words:?}");
        }
        assert_eq!((fence("a").as_str(), fence("a ```` b").as_str()), ("```", "`````"));
    }
}
