//! Answers to what was heard: where it stands, or in the direct chat.

use cases::{Case, Refusal};
use kit::{Heard, Letter, Related, Relation, To, message, texts::Lang};
use serde_json::Value;
use store::Batch;

use super::{Approvals, LOCALPART};
use crate::{
    OfficeError,
    card::{Card, Pen},
    instance::Instance,
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
    /// what it is about, if that is one case.
    pub(crate) async fn answer_privately(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        case: Option<&Case<Instance>>,
        text: &str,
    ) -> Result<(), OfficeError> {
        let is_secret = case.is_some_and(|case| case.data.is_secret);
        let content = message(text, None);
        if heard.is_direct {
            self.kit().outbox().put(batch, answering(heard, "r", content).secret(is_secret));
            return Ok(());
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let elsewhere = match case {
            None => pen.say("told.private", &[]),
            Some(case) => pen.say("preview.elsewhere", &[("no", &case.no)]),
        };
        self.answer(batch, heard, &elsewhere);
        let key = format!("q/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), content);
        self.kit().outbox().put(batch, letter.secret(is_secret));
        Ok(())
    }

    /// Answers an event with some content; `what` tells several answers apart.
    pub(crate) fn answer_with(&self, batch: &mut Batch, heard: &Heard, what: &str, content: Value) {
        self.kit().outbox().put(batch, answering(heard, what, content));
    }

    /// Says why something is refused, in words.
    pub(crate) fn words_of(&self, lang: Lang, refusal: &Refusal) -> String {
        let texts = self.kit().texts();
        // What is called otherwise in English stands beside it.
        let english = |of: &str| {
            let mut fields = refusal.fields.iter().filter(|_| lang == Lang::En);
            fields.find(|(name, _)| name.strip_suffix("_en") == Some(of)).map(|(_, value)| value)
        };
        let shown: Vec<(&str, String)> = refusal
            .fields
            .iter()
            .map(|(name, value)| (*name, english(name).unwrap_or(value)))
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

/// An answer to an event, where that stands; `what` tells several answers apart.
pub(super) fn answering(heard: &Heard, what: &str, content: Value) -> Letter {
    let card = heard.on.as_deref().and_then(Card::letter_of);
    let relation = match (&heard.thread, card) {
        (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
        (None, Some(card)) => Relation::Thread(Related::Letter(card)),
        (None, None) => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
    };
    let key = format!("{what}/{}", heard.event_id);
    Letter::message(key, LOCALPART, To::Room(heard.room.clone()), content).relating(relation)
}
