//! What a page says about itself, read from its tags in one pass.
//!
//! Only the tokenizer of the HTML parser is used: it needs no tree, so nesting costs nothing. A tag with
//! very many attributes would cost their square, so a tag has a bound and the page ends there.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};

use crate::limits::{PREVIEW_PROPERTIES_MAX, PREVIEW_TEXT_LENGTH_MAX, PREVIEW_VALUE_LENGTH_MAX};

/// Bytes given to the tokenizer at once.
const PIECE_BYTES: usize = 4 * 1024;

/// Bytes of one tag; a longer one ends the page.
const TAG_BYTES_MAX: usize = 32 * 1024;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// `og:…` properties, the first of each name.
    pub og: BTreeMap<String, String>,
    /// `<title>`.
    pub title: Option<String>,
    /// `<meta name="description">`.
    pub description: Option<String>,
    /// The first `<h1>`.
    pub heading: Option<String>,
    /// The beginning of the text in `<p>` elements.
    pub text: String,
    /// An image named in another way than OpenGraph's.
    pub image: Option<String>,
    /// Where the page says that an oEmbed answer is.
    pub oembed: Option<String>,
}

/// Reads a page.
pub(super) fn read(html: &str) -> Page {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    let mut without_token = 0;
    while !rest.is_empty() {
        let mut cut = rest.len().min(PIECE_BYTES);
        while !rest.is_char_boundary(cut) {
            cut += 1;
        }
        let (piece, later) = rest.split_at(cut);
        rest = later;
        queue.push_back(StrTendril::from(piece));
        let before = tokenizer.sink.tokens.get();
        // The only pause is after a script, which we do not run.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        without_token = if tokenizer.sink.tokens.get() == before { without_token + cut } else { 0 };
        if without_token > TAG_BYTES_MAX {
            return tokenizer.sink.into_page();
        }
    }
    tokenizer.end();
    tokenizer.sink.into_page()
}

#[derive(Default)]
struct Sink {
    page: RefCell<Page>,
    tokens: Cell<u64>,
    inside: Cell<Option<Inside>>,
    buffer: RefCell<String>,
}

/// The element whose text is being taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Title,
    Heading,
    Paragraph,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                self.tokens.set(self.tokens.get() + 1);
                return self.start(&tag);
            }
            Token::TagToken(tag) => {
                self.tokens.set(self.tokens.get() + 1);
                self.end(&tag);
            }
            Token::CharacterTokens(text) => {
                self.tokens.set(self.tokens.get() + 1);
                self.take(&text);
            }
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink {
    fn start(&self, tag: &Tag) -> TokenSinkResult<()> {
        match &*tag.name {
            "meta" => self.meta(tag),
            "link" => self.link(tag),
            "title" => {
                self.enter(Inside::Title, self.page.borrow().title.is_none());
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            "h1" => self.enter(Inside::Heading, self.page.borrow().heading.is_none()),
            "p" => {
                let missing = self.page.borrow().text.chars().count() < PREVIEW_TEXT_LENGTH_MAX;
                self.enter(Inside::Paragraph, missing);
            }
            "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "plaintext" => return TokenSinkResult::Plaintext,
            "br" | "div" | "li" => self.take(" "),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn end(&self, tag: &Tag) {
        if matches!(&*tag.name, "title" | "h1" | "p" | "body" | "html") {
            self.leave();
        }
    }

    fn enter(&self, element: Inside, wanted: bool) {
        self.leave();
        self.inside.set(wanted.then_some(element));
    }

    fn take(&self, text: &str) {
        if self.inside.get().is_some() && self.buffer.borrow().len() < 4 * PREVIEW_VALUE_LENGTH_MAX {
            self.buffer.borrow_mut().push_str(text);
        }
    }

    fn leave(&self) {
        let Some(element) = self.inside.take() else { return };
        let taken = tidy(&self.buffer.take());
        if taken.is_empty() {
            return;
        }
        let mut page = self.page.borrow_mut();
        match element {
            Inside::Title => page.title = Some(taken),
            Inside::Heading => page.heading = Some(taken),
            Inside::Paragraph => {
                if !page.text.is_empty() {
                    page.text.push(' ');
                }
                page.text.push_str(&taken);
            }
        }
    }

    fn meta(&self, tag: &Tag) {
        let Some(content) = attribute(tag, "content").map(|text| tidy(&text)).filter(|text| !text.is_empty())
        else {
            return;
        };
        let Some(name) = attribute(tag, "property").or_else(|| attribute(tag, "name")) else { return };
        let name = name.trim().to_ascii_lowercase();
        let mut page = self.page.borrow_mut();
        match name.as_str() {
            "description" | "twitter:description" => {
                page.description.get_or_insert(content);
            }
            "twitter:title" => {
                page.heading.get_or_insert(content);
            }
            "twitter:image" | "twitter:image:src" => {
                page.image.get_or_insert(content);
            }
            og if og.starts_with("og:") && og.len() <= 64 && page.og.len() < PREVIEW_PROPERTIES_MAX => {
                page.og.entry(name).or_insert(content);
            }
            _ => {}
        }
    }

    fn link(&self, tag: &Tag) {
        let Some(href) = attribute(tag, "href").filter(|href| !href.trim().is_empty()) else { return };
        let is = |name, value: &str| {
            attribute(tag, name).is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
        };
        let mut page = self.page.borrow_mut();
        if is("rel", "image_src") {
            page.image.get_or_insert(href);
        } else if is("type", "application/json+oembed") {
            page.oembed.get_or_insert(href);
        }
    }

    fn into_page(self) -> Page {
        self.leave();
        let mut page = self.page.into_inner();
        page.text = page.text.chars().take(PREVIEW_TEXT_LENGTH_MAX).collect();
        page
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|found| found.value.to_string())
}

/// One line, without control characters, of bounded length.
pub(super) fn tidy(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let joined = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    joined.chars().take(PREVIEW_VALUE_LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opengraph_is_read_and_the_first_of_each_name_counts() {
        let page = read(
            "<!doctype html><html><head><title> The\n Rock &amp; Roll </title>
             <meta property='og:title' content='A &quot;title&quot;'><META PROPERTY=OG:TITLE content=second>
             <meta content='x.png' property='og:image'/><meta name='description' content=' about '>
             <link rel=alternate type='application/json+oembed' href='/o?u=1'></head>
             <body><h1>Head<b>line</b></h1><p>One <i>two</i><p>three</p><script>'<p>no</p>'</script>",
        );
        assert_eq!(page.og["og:title"], "A \"title\"");
        assert_eq!(page.og["og:image"], "x.png");
        assert_eq!(page.title.unwrap(), "The Rock & Roll");
        assert_eq!(page.description.unwrap(), "about");
        assert_eq!(page.heading.unwrap(), "Headline");
        assert_eq!(page.text, "One two three");
        assert_eq!(page.oembed.unwrap(), "/o?u=1");
    }

    #[test]
    fn scripts_comments_and_raw_text_name_nothing() {
        let meta = "<meta property='og:title' content='no'>";
        for html in [
            format!("<script>{meta}</script>"),
            format!("<!-- {meta} -->"),
            format!("<style>{meta}</style>"),
            format!("<textarea>{meta}</textarea>"),
            format!("<title>{meta}</title>"),
            format!("<plaintext>{meta}"),
        ] {
            assert_eq!(read(&html).og, BTreeMap::new(), "{html}");
        }
    }

    #[test]
    fn t18_hostile_pages_end_soon_and_keep_within_their_bounds() {
        let deep = "<div><a><b>".repeat(100_000);
        assert_eq!(read(&deep).text, "");
        let many: String = (0..10_000).map(|n| format!("<meta property='og:x{n}' content='v'>")).collect();
        assert_eq!(read(&many).og.len(), PREVIEW_PROPERTIES_MAX);
        let wide: String = (0..200_000).map(|n| format!(" a{n}=b")).collect();
        assert_eq!(read(&format!("<p{wide}><title>late</title>")).title, None);
        let long = format!("<title>{}</title><p>{}", "标".repeat(50_000), "字".repeat(50_000));
        let page = read(&long);
        assert!(page.title.unwrap().chars().count() <= PREVIEW_VALUE_LENGTH_MAX);
        assert!(page.text.chars().count() <= PREVIEW_TEXT_LENGTH_MAX);
        for broken in ["<", "<meta", "<meta property='og:title", "</", "<!--", "\u{0}", "<![CDATA["] {
            assert_eq!(read(broken).og, BTreeMap::new(), "{broken}");
        }
    }
}
