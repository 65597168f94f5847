//! Text with structure becomes HTML and a body that makes sense alone.

use bridge_api::{Block, Inline, PersonId, RichText};
use ruma::OwnedUserId;

use crate::limits::{MENTIONS_MAX, WORDS_IN_EVENT_BYTES_MAX};

/// A text as a room gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Without markup.
    pub body: String,
    /// With it; none for a text that has no structure.
    pub html: Option<String>,
    /// Who is addressed.
    pub mentions: Vec<OwnedUserId>,
}

/// Writes a text that [`RichText::tamed`] gave. `account` says which account a mentioned person has.
pub(crate) fn write(text: &RichText, account: &dyn Fn(&PersonId) -> Option<OwnedUserId>) -> Written {
    let mut writer = Writer { html: String::new(), mentions: Vec::new(), account };
    writer.blocks(&text.blocks);
    let Writer { html, mentions, .. } = writer;
    let body = text.to_plain();
    let html = (!is_simple(text)).then_some(html).filter(|html| fits(&body, html));
    Written { body, html, mentions }
}

/// Whether words have room in one event beside their markup, as JSON writes both: letters that mean something in HTML grow there.
fn fits(body: &str, html: &str) -> bool {
    serde_json::json!([body, html]).to_string().len() <= WORDS_IN_EVENT_BYTES_MAX
}

/// Whether a text says the same without markup.
fn is_simple(text: &RichText) -> bool {
    match text.blocks.as_slice() {
        [] => true,
        [Block::Paragraph(inlines)] => inlines.iter().all(|inline| match inline {
            Inline::Text { style, .. } => *style == Default::default(),
            Inline::Link { address, label } => address == label,
            Inline::Break | Inline::Everybody => true,
            Inline::Code(_) | Inline::Mention { .. } => false,
        }),
        _ => false,
    }
}

/// Text as it stands in HTML, in attributes too.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

struct Writer<'a> {
    html: String,
    mentions: Vec<OwnedUserId>,
    account: &'a dyn Fn(&PersonId) -> Option<OwnedUserId>,
}

impl Writer<'_> {
    fn within(&mut self, tag: &str, inside: impl FnOnce(&mut Self)) {
        self.html.push_str(&format!("<{tag}>"));
        inside(self);
        self.html.push_str(&format!("</{tag}>"));
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Paragraph(inlines) => self.within("p", |writer| writer.inlines(inlines)),
                Block::Heading { level, inlines } => {
                    self.within(&format!("h{}", level.clamp(&1, &6)), |writer| writer.inlines(inlines));
                }
                Block::List { ordered, items } => self.within(if *ordered { "ol" } else { "ul" }, |writer| {
                    items.iter().for_each(|item| writer.within("li", |writer| writer.item(item)));
                }),
                Block::Quote(inner) => self.within("blockquote", |writer| writer.blocks(inner)),
                Block::Code { language, text } => {
                    let class =
                        language.as_deref().map(|name| format!(" class=\"language-{}\"", escaped(name)));
                    let class = class.unwrap_or_default();
                    self.html.push_str(&format!("<pre><code{class}>{}</code></pre>", escaped(text)));
                }
                Block::Rule => self.html.push_str("<hr>"),
            }
        }
    }

    /// An item of one line stands without a paragraph.
    fn item(&mut self, blocks: &[Block]) {
        match blocks {
            [Block::Paragraph(inlines), rest @ ..] => {
                self.inlines(inlines);
                self.blocks(rest);
            }
            _ => self.blocks(blocks),
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text { text, style } => {
                    let tags = [
                        (style.bold, "strong"),
                        (style.italic, "em"),
                        (style.underline, "u"),
                        (style.strike, "del"),
                    ];
                    let tags: Vec<_> =
                        tags.into_iter().filter(|(is_so, _)| *is_so).map(|(_, tag)| tag).collect();
                    tags.iter().for_each(|tag| self.html.push_str(&format!("<{tag}>")));
                    self.html.push_str(&escaped(text));
                    tags.iter().rev().for_each(|tag| self.html.push_str(&format!("</{tag}>")));
                }
                Inline::Code(text) => self.html.push_str(&format!("<code>{}</code>", escaped(text))),
                Inline::Link { address, label } => {
                    self.html.push_str(&format!("<a href=\"{}\">{}</a>", escaped(address), escaped(label)));
                }
                Inline::Mention { person, name } => self.mention(person.as_ref(), name),
                Inline::Everybody => self.html.push_str("@所有人"),
                Inline::Break => self.html.push_str("<br>"),
            }
        }
    }

    fn mention(&mut self, person: Option<&PersonId>, name: &str) {
        match person.and_then(|person| (self.account)(person)) {
            Some(user) => {
                let address = escaped(&format!("https://matrix.to/#/{user}"));
                self.html.push_str(&format!("<a href=\"{address}\">{}</a>", escaped(name)));
                if self.mentions.len() < MENTIONS_MAX && !self.mentions.contains(&user) {
                    self.mentions.push(user);
                }
            }
            None => self.html.push_str(&format!("@{}", escaped(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::read;

    #[test]
    fn what_is_written_reads_the_same() {
        let html = "<h2>Plan</h2><p>We <strong>go</strong><br>now</p><ol><li>one</li><li>two</li></ol>\
                    <blockquote><p>he said</p></blockquote><pre><code class=\"language-rust\">a &lt; b</code></pre><hr>";
        let text = read(html, &|_| (None, None));
        assert_eq!(write(&text, &|_| None).html.as_deref(), Some(html));
    }

    #[test]
    fn words_stay_words() {
        let text = RichText::plain("<img src=x onerror=alert(1)> & \"me\"");
        let written = write(&text, &|_| None);
        assert_eq!((written.body.as_str(), written.html), ("<img src=x onerror=alert(1)> & \"me\"", None));
        let bold = RichText {
            blocks: vec![Block::Paragraph(vec![
                Inline::Code("</code><script>".into()),
                Inline::Link { address: "https://a/?\"x".into(), label: "<b>".into() },
            ])],
        };
        let html = write(&bold, &|_| None).html.unwrap_or_default();
        assert!(!html.contains("<script>") && !html.contains("\"x"), "{html}");
    }

    #[test]
    fn people_are_addressed_once_and_everybody_is_a_word() {
        let person = PersonId::new("on_1").expect("valid");
        let mention = Inline::Mention { person: Some(person), name: "Li".into() };
        let text =
            RichText { blocks: vec![Block::Paragraph(vec![mention.clone(), mention, Inline::Everybody])] };
        let user = ruma::UserId::parse("@fs_on_1:test").expect("valid");
        let written = write(&text, &|_| Some(user.clone()));
        assert_eq!(written.mentions, [user]);
        assert_eq!(written.body, "@Li@Li@所有人");
    }
}
