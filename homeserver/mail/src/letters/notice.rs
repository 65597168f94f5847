//! A letter that carries somebody's words as they are.

use super::{Letter, escaped, html, subject};

/// A letter with this title and these words, paragraph by paragraph.
#[must_use]
pub fn notice(title: &str, text: &str) -> Letter {
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(|paragraph| escaped(paragraph.trim()).replace('\n', "<br>"))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    Letter {
        subject: subject(title),
        text: format!("{}\n", text.trim_end()),
        html: html(&paragraphs),
        unsubscribe_link: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let letter = notice("a\r\nBcc: x", "<b>\nhi\n\nbye");
        assert_eq!(letter.subject, "a  Bcc: x");
        assert!(letter.html.contains("<p>&lt;b&gt;<br>hi</p><p>bye</p>"), "{}", letter.html);
        assert_eq!(letter.text, "<b>\nhi\n\nbye\n");
    }
}
