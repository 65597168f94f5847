//! People whom a message addresses beside its text: clients that write no links to people name them in `m.mentions` alone.

use bridge_api::{Block, Inline, RichText, Style};

use super::{Sending, event::Said, message::lead};
use crate::{error::Stuck, names::tamed};

impl Sending<'_> {
    /// Addresses in the text whoever is addressed beside it: where they are named, else before the first words. An answer
    /// addresses whom it answers by itself.
    pub(super) async fn address(&self, text: &mut RichText, said: &Said) -> Result<(), Stuck> {
        for user in &said.mentions {
            let Some(person) = self.bridges.person_behind(self.lane.0, user).await? else { continue };
            if text.mentions().into_iter().any(|known| *known == person) {
                continue;
            }
            let member = self.bridges.bot_intent()?.state(&self.room, "m.room.member", user.as_str()).await?;
            let shown = member.as_ref().and_then(|member| member["displayname"].as_str()).unwrap_or_default();
            let shown = if shown.is_empty() { user.localpart() } else { shown };
            // The name that the bridge gives somebody may be nothing without what it says of them.
            let names = [user.to_string(), format!("@{shown}"), format!("@{}", tamed(shown))];
            let names: Vec<_> = names.into_iter().filter(|name| name.len() > 1).collect();
            let mention = Inline::Mention { person: Some(person), name: tamed(shown) };
            if !put_in_place(text, &names, &mention) && said.reply_to.is_none() {
                lead(text, vec![mention, Inline::text(" ")]);
            }
        }
        Ok(())
    }
}

/// Puts a mention in the place of the first of these names that stands in the running text. Whether one does.
fn put_in_place(text: &mut RichText, names: &[String], mention: &Inline) -> bool {
    for block in &mut text.blocks {
        let Block::Paragraph(inlines) = block else { continue };
        for index in 0..inlines.len() {
            let Some([before, after]) = inlines.get(index).and_then(|inline| parted(inline, names)) else {
                continue;
            };
            let put = [before, Some(mention.clone()), after].into_iter().flatten();
            drop(inlines.splice(index..=index, put));
            return true;
        }
    }
    false
}

/// What stands before a name and behind it.
fn parted(inline: &Inline, names: &[String]) -> Option<[Option<Inline>; 2]> {
    let Inline::Text { text, style } = inline else { return None };
    let (before, after) = names.iter().find_map(|name| text.split_once(name.as_str()))?;
    let letters = |text: &str, style: &Style| {
        (!text.is_empty()).then(|| Inline::Text { text: text.to_owned(), style: *style })
    };
    Some([letters(before, style), letters(after, style)])
}

#[cfg(test)]
mod tests {
    use bridge_api::PersonId;

    use super::*;

    #[test]
    fn a_name_in_the_text_becomes_a_mention_and_the_rest_stays() {
        let mention = Inline::Mention { person: PersonId::new("on_1").ok(), name: "Li".into() };
        let names = ["@Li".to_owned(), "@li:test".to_owned()];
        for (said, becomes) in [("hi @Li, come", true), ("@li:test", true), ("hello", false)] {
            let mut text = RichText::plain(said);
            assert_eq!(put_in_place(&mut text, &names, &mention), becomes, "{said}");
            assert_eq!(text.mentions().len(), usize::from(becomes), "{said}");
            assert_eq!(text.to_plain(), said.replace("@li:test", "@Li"), "{said}");
        }
    }
}
