//! A letter that asks for a decision, with a link for each answer.

use super::{Letter, escaped, html, subject};

/// A letter with this title and these words, paragraph by paragraph, then a link for each answer under what it is called, and
/// what is to be known about the links.
#[must_use]
pub fn choice(title: &str, text: &str, answers: &[(&str, &str)], about: &str) -> Letter {
    let shown = |text: &str| escaped(text.trim()).replace('\n', "<br>");
    let links =
        answers.iter().map(|(label, link)| format!("<a href=\"{}\">{}</a>", escaped(link), escaped(label)));
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(shown)
        .chain(links)
        .chain([shown(about)])
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    let plain: Vec<String> = answers.iter().map(|(label, link)| format!("{label}:\n{link}")).collect();
    Letter {
        subject: subject(title),
        text: format!("{}\n\n{}\n\n{}\n", text.trim_end(), plain.join("\n\n"), about.trim_end()),
        html: html(&paragraphs),
        unsubscribe_link: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_link_in_both_forms_and_words_stay_words() {
        let answers = [("Approve", "https://x/?a=1&b=2"), ("Reject", "https://x/no")];
        let letter = choice("[Pending]\r\nBcc: x", "<b>\nhi", &answers, "For you alone.");
        assert_eq!(letter.subject, "[Pending]  Bcc: x");
        assert_eq!(
            letter.text,
            "<b>\nhi\n\nApprove:\nhttps://x/?a=1&b=2\n\nReject:\nhttps://x/no\n\nFor you alone.\n"
        );
        assert!(letter.html.contains("<p>&lt;b&gt;<br>hi</p>"), "{}", letter.html);
        assert!(letter.html.contains("<a href=\"https://x/?a=1&amp;b=2\">Approve</a>"), "{}", letter.html);
    }
}
