//! HTML of a room becomes text with structure.
//!
//! Only the tokenizer of the HTML parser is used, so nesting costs nothing; what is not known is read through, what is
//! not text (`script`, `style`, the quotation of old replies) is left out.

mod blocks;
mod tags;

use std::cell::RefCell;

use bridge_api::{PersonId, RichText};
use html5ever::{
    tendril::StrTendril,
    tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
};
use ruma::UserId;

use self::blocks::Reader;
use crate::limits::HTML_BYTES_MAX;

/// Whom a link to a person means.
pub(crate) type Mentioned<'a> = dyn Fn(&UserId) -> (Option<PersonId>, Option<String>) + 'a;

/// Reads HTML. `mentioned` says who is behind an account on the platform, and what they are called.
pub(crate) fn read(html: &str, mentioned: &Mentioned<'_>) -> RichText {
    let mut cut = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(cut) {
        cut -= 1;
    }
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Reader::default())), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(&html[..cut]));
    // The only pause is after a script, which nobody runs.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish(mentioned)
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => match tag.kind {
                TagKind::StartTag => reader.open(&tag),
                TagKind::EndTag => reader.close(&tag.name),
            },
            Token::CharacterTokens(text) => reader.text(&text),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::Block;

    use super::*;

    fn plain(html: &str) -> RichText {
        read(html, &|_| (None, None))
    }

    #[test]
    fn structure_is_kept() {
        let text = plain(
            "<h2>Plan</h2><p>We <strong>go</strong><br>now</p><ol><li>one<ul><li>in</li></ul></li><li>two</li></ol>\
             <blockquote><p>he said</p></blockquote><pre><code class=\"language-rust\">let x;\n</code></pre>\
             <p>see <a href=\"https://a.example\">here</a> <code>x</code></p>",
        );
        assert_eq!(
            text.to_plain(),
            "Plan\nWe go\nnow\n1. one\n   - in\n2. two\n> he said\nlet x;\nsee here (https://a.example) x"
        );
        assert!(
            matches!(&text.blocks[4], Block::Code { language: Some(language), .. } if language == "rust")
        );
    }

    #[test]
    fn people_are_mentioned_and_not_linked() {
        let text = read("<a href=\"https://matrix.to/#/%40fs_on_1%3Atest\">Li</a>: hi", &|user| {
            assert_eq!(user.as_str(), "@fs_on_1:test");
            (PersonId::new("on_1").ok(), None)
        });
        assert_eq!(text.mentions().len(), 1);
        assert_eq!(text.to_plain(), "@Li: hi");
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        let text = plain(
            "<mx-reply><blockquote>old</blockquote></mx-reply><script>alert(1)</script>a &lt;at user_id=\"all\"&gt;",
        );
        assert_eq!(text.to_plain(), "a <at user_id=\"all\">");
    }

    #[test]
    fn wrong_and_endless_nesting_is_read_through() {
        assert_eq!(plain("</li></ul>a<li>b</blockquote><ul>").to_plain(), "a\nb");
        let deep = format!("{}x", "<blockquote>".repeat(5_000));
        assert!(plain(&deep).tamed().to_plain().len() < 100);
        assert_eq!(plain("<b").to_plain(), "");
    }
}
