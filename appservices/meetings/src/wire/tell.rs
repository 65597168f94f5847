//! Words: answers, refusals, and what people are told.

use cases::{Case, Refusal};
use kit::{Heard, Letter, Related, Relation, To, message, texts::Lang};
use ruma::{EventId, OwnedUserId, UserId};
use serde_json::{Value, json};
use store::Batch;

use super::{KIND, LOCALPART, Meetings};
use crate::{
    MeetingsError,
    card::{Card, Pen, of_key},
    desk::{Asks, Shown, Tell},
    meeting::Meeting,
    tables::TOLD,
};

impl Meetings {
    /// Answers an event, where it stands.
    pub(crate) fn answer(&self, batch: &mut Batch, heard: &Heard, text: &str) {
        self.answer_with(batch, heard, "mr", message(text, &[]));
    }

    /// Answers an event with some content; `what` tells several answers apart.
    pub(crate) fn answer_with(&self, batch: &mut Batch, heard: &Heard, what: &str, content: Value) {
        let letter = self.answering(heard, what, content);
        self.kit().outbox().put(batch, letter);
    }

    /// The letter that answers an event.
    pub(crate) fn answering(&self, heard: &Heard, what: &str, content: Value) -> Letter {
        let root = heard.on.as_deref().filter(|key| of_key(key).is_some());
        let relation = match (&heard.thread, root) {
            (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
            (None, Some(key)) => Relation::Thread(Related::Letter(root_of(key))),
            (None, None) => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
        };
        let key = format!("{what}/{}", heard.event_id);
        Letter::message(key, LOCALPART, To::Room(heard.room.clone()), content).relating(relation)
    }

    /// Answers with a text of the table.
    pub(crate) async fn reply(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        key: &str,
        values: &[(&str, &str)],
    ) -> Result<(), MeetingsError> {
        let reader = self.reader(&heard.sender).await?;
        self.answer(batch, heard, &self.pen(&reader).say(key, values));
        Ok(())
    }

    /// Answers with something that a room of several is not to read: there it goes to the direct chat.
    pub(crate) async fn reply_privately(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        text: &str,
    ) -> Result<(), MeetingsError> {
        if heard.is_direct {
            self.answer(batch, heard, text);
            return Ok(());
        }
        self.reply(batch, heard, "mt.told.private", &[]).await?;
        let key = format!("mq/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), message(text, &[]));
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// Answers with a refusal. Whoever taps on what is not theirs hears so once for each meeting.
    pub(crate) async fn refuse(
        &self,
        heard: &Heard,
        refusal: &Refusal,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let case = heard.on.as_deref().and_then(of_key).map(|(case, _)| case.to_owned());
        let is_tap = matches!(heard.what, kit::What::Reaction(_));
        if let (Some(case), true, "E101") = (case, is_tap, refusal.code) {
            let told = (case, heard.sender.clone());
            if self.kit().store().exists(&TOLD, &told).await? {
                return Ok(());
            }
            batch.put(&TOLD, &told, &());
        }
        let reader = self.reader(&heard.sender).await?;
        self.answer(batch, heard, &self.words_of(reader.lang, refusal));
        Ok(())
    }

    /// Why something is refused, in words.
    pub(crate) fn words_of(&self, lang: Lang, refusal: &Refusal) -> String {
        let texts = self.kit().texts();
        let shown: Vec<(&str, String)> = refusal
            .fields
            .iter()
            .map(|(name, value)| match value.starts_with("mt.form.") {
                true => (*name, texts.fill(lang, value, &[])),
                false => (*name, value.clone()),
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        texts.fill(lang, refusal.code, &values)
    }

    /// Tells somebody something about a meeting, below their card if they have one.
    pub(crate) async fn tell(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        tell: Tell,
        marker: &str,
    ) -> Result<(), MeetingsError> {
        // Their platform says it.
        if self.is_beyond(&tell.to) {
            return Ok(());
        }
        let reader = self.reader(&tell.to).await?;
        let text = filled(self.pen(&reader), case, &tell);
        let rings: &[OwnedUserId] = if tell.rings { std::slice::from_ref(&tell.to) } else { &[] };
        let content = message(&text, rings);
        let key = match &tell.asks {
            Some(Asks::Stranger(who)) => format!("m/{}/stranger/{who}", case.id),
            Some(Asks::Counter(number)) => format!("m/{}/counter/{number}", case.id),
            None => format!("mn/{marker}"),
        };
        let mut letter = Letter::message(&key, LOCALPART, To::Direct(tell.to.clone()), content);
        // What asks for something stands by itself: threads are easily overlooked.
        if let Some(card) = self.card_of(case, &tell.to).filter(|_| tell.asks.is_none()) {
            letter = letter.relating(Relation::Thread(Related::Letter(card.key(&case.id))));
        }
        self.kit().outbox().put(batch, letter);
        if tell.asks.is_some() {
            self.seed(batch, &key, &To::Direct(tell.to), &["✅", "❌"]);
        }
        Ok(())
    }

    /// A message on which a meeting rests was taken back: everybody reads so on its card, once; the record stays.
    pub(crate) async fn source_redacted(
        &self,
        heard: &Heard,
        event: &EventId,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let resting = self.cases().await?.resting_on(KIND, event).await?;
        // Whoever may not take it back only says so.
        if resting.is_empty() || !self.kit().is_redacted(LOCALPART, &heard.room, event).await? {
            return Ok(());
        }
        for (id, seq) in resting {
            let Some(case) = self.case(&id).await? else { continue };
            let reader = self.reader_of_home(&case.data).await?;
            let seq = seq.to_string();
            let values = [("no", &*case.no), ("event", event.as_str()), ("seq", &seq)];
            let content = message(&self.pen(&reader).say("mt.told.redacted", &values), &[]);
            // The key makes it one, however often it is said.
            let key = format!("mx/{id}/{event}");
            let letter = Letter::message(key, LOCALPART, self.place_of(&Card::Home, &case), content);
            let root = Related::Letter(Card::Home.key(&id));
            self.kit().outbox().put(batch, letter.relating(Relation::Thread(root)));
        }
        Ok(())
    }

    /// The card that stands in somebody's direct chat.
    pub(crate) fn card_of(&self, case: &Case<Meeting>, user: &UserId) -> Option<Card> {
        let is_here = case.data.home.is_direct && !case.data.is_taken_over;
        let is_home = is_here && case.data.is_organized_by(user);
        let card = if is_home { Card::Home } else { Card::Guest(user.to_owned()) };
        self.cards_here(case).contains(&card).then_some(card)
    }

    /// Puts reactions below a letter, in their order.
    pub(crate) fn seed(&self, batch: &mut Batch, key: &str, to: &To, reactions: &[&str]) {
        for reaction in reactions {
            let relation = Relation::Reacts(Related::Letter(key.to_owned()), (*reaction).to_owned());
            let letter = Letter::message(format!("ms/{key}/{reaction}"), LOCALPART, to.clone(), json!({}));
            self.kit().outbox().put(batch, letter.relating(relation));
        }
    }
}

fn filled(pen: Pen<'_>, case: &Case<Meeting>, tell: &Tell) -> String {
    let event = &case.data.event;
    let shown: Vec<(&str, String)> = tell
        .values
        .iter()
        .map(|(name, shown)| match shown {
            Shown::Plain(text) => (*name, text.clone()),
            Shown::Key(key) => (*name, pen.say(key, &[])),
            Shown::When(start, end) => (*name, pen.span_in_both(&event.zone, *start, *end, event.all_day)),
        })
        .collect();
    let title = event.title.clone();
    let mut values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
    values.push(("title", &title));
    pen.say(tell.text, &values)
}

/// The letter at the root of the thread in which a letter stands: sums of minutes stand under the minutes.
fn root_of(key: &str) -> String {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        [m, case, "minutes", id, ..] => format!("{m}/{case}/minutes/{id}"),
        _ => key.to_owned(),
    }
}
