//! Answers to what was heard: where it stands, or in the direct chat.

use cases::Refusal;
use kit::{Heard, Letter, Related, Relation, To, message, texts::Lang};
use serde_json::Value;
use store::Batch;

use super::{Approvals, LOCALPART};
use crate::{
    OfficeError,
    card::{Card, Pen},
};

impl Approvals {
    pub(crate) fn pen(&self, lang: Lang) -> Pen<'_> {
        Pen { texts: self.kit().texts(), lang }
    }

    /// Answers an event, where it stands.
    pub(crate) fn answer(&self, batch: &mut Batch, heard: &Heard, text: &str) {
        self.answer_with(batch, heard, "r", message(text, None));
    }

    /// Answers an event with something that a room of several is not to read: there it goes to the direct chat. `case` is
    /// its number, or empty.
    pub(crate) async fn answer_privately(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        case: &str,
        text: &str,
    ) -> Result<(), OfficeError> {
        if heard.is_direct {
            self.answer(batch, heard, text);
            return Ok(());
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let elsewhere = match case {
            "" => pen.say("told.private", &[]),
            no => pen.say("preview.elsewhere", &[("no", no)]),
        };
        self.answer(batch, heard, &elsewhere);
        let key = format!("q/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), message(text, None));
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// Answers an event with some content; `what` tells several answers apart.
    pub(crate) fn answer_with(&self, batch: &mut Batch, heard: &Heard, what: &str, content: Value) {
        let card = heard.on.as_deref().and_then(Card::letter_of);
        let relation = match (&heard.thread, card) {
            (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
            (None, Some(card)) => Relation::Thread(Related::Letter(card)),
            (None, None) => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
        };
        let key = format!("{what}/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Room(heard.room.clone()), content);
        self.kit().outbox().put(batch, letter.relating(relation));
    }

    /// Says why something is refused, in words.
    pub(crate) fn words_of(&self, lang: Lang, refusal: &Refusal) -> String {
        let texts = self.kit().texts();
        let english = refusal.fields.iter().find(|(name, _)| *name == "field_en" && lang == Lang::En);
        let shown: Vec<(&str, String)> = refusal
            .fields
            .iter()
            .map(|field| match (field.0, english) {
                ("field", Some((_, label))) => ("field", label),
                _ => (field.0, &field.1),
            })
            .map(|(name, value)| match name {
                "problem" | "result" | "via" => (name, texts.fill(lang, value, &[])),
                "field" if value.starts_with("form.") => (name, texts.fill(lang, value, &[])),
                _ => (name, value.clone()),
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        texts.fill(lang, refusal.code, &values)
    }
}
