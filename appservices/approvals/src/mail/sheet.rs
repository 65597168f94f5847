//! The markup of the page behind a link. Whatever people wrote is escaped.

use kit::texts::Pen;
use quick_xml::escape::escape;

use super::link::Answer;
use crate::{limits::REASON_BYTES_MAX, web::paragraph};

/// Longest code, in characters.
const CODE_CHARACTERS_MAX: usize = 6;

/// What stands above the button, and what the button sends.
pub(super) struct Sheet<'a> {
    /// The card and the form, line by line.
    pub lines: Vec<String>,
    pub answer: Answer,
    /// What the button sends along.
    pub token: &'a str,
    /// What was typed.
    pub words: &'a str,
    /// Whether something has to be typed.
    pub needs_words: bool,
    /// A code that is to be repeated.
    pub code: Option<&'a str>,
    /// What was wrong the last time.
    pub wrong: Option<String>,
    pub pen: Pen<'a>,
}

impl Sheet<'_> {
    /// The content of the page. The first button is what the enter key presses.
    pub fn markup(&self) -> String {
        let say = |key: &str| self.pen.say(key, &[]);
        let (button, label) = match self.answer {
            Answer::Approve => ("mail.approve", "mail.comment"),
            Answer::Reject => ("mail.reject", "form.reason"),
        };
        let wrong = self.wrong.as_ref().map(|words| paragraph("wrong", words)).unwrap_or_default();
        let mark = if self.needs_words { " *" } else { "" };
        let required = if self.needs_words { " required" } else { "" };
        let (token, words) = (escape(self.token), escape(self.words));
        let (label, button) = (say(label), say(button));
        let (label, button) = (escape(&label), escape(&button));
        format!(
            "{}{wrong}<form method=\"post\" autocomplete=\"off\"><input type=\"hidden\" name=\"token\" value=\"{token}\">\
             <div class=\"field\"><label for=\"words\">{label}{mark}</label><br>\
             <textarea id=\"words\" name=\"words\" class=\"wide\" maxlength=\"{REASON_BYTES_MAX}\"{required}>\n{words}</textarea></div>\
             {}<button>{button}</button></form>{}",
            paragraph("", &self.lines.join("\n")),
            self.code_field(),
            paragraph("note", &say("mail.press")),
        )
    }

    fn code_field(&self) -> String {
        let Some(code) = self.code else { return String::new() };
        let words = paragraph("", &self.pen.say("mail.code", &[("code", code)]));
        format!(
            "{words}<div class=\"field\"><input name=\"code\" inputmode=\"numeric\" maxlength=\"{CODE_CHARACTERS_MAX}\" required></div>"
        )
    }
}
