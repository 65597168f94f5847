//! From effects to letters and timers, and from a changed case to changed cards.

use std::collections::BTreeMap;

use cases::{Case, Refusal};
use kit::{Heard, Letter, PREFIX, Related, Relation, To, texts::Lang};
use people::PersonId;
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::{Approvals, Change, KIND, LOCALPART, Scene};
use crate::{
    ApprovalsError,
    act::Action,
    card::{Card, Pen, body, cards},
    desk::{Actor, Effect, Shown, Tell, Under},
    instance::{Instance, state},
    tables::EXPECTED,
};

/// A message: something to do rings, information does not.
pub(crate) fn message(body: &str, mentions: Option<&OwnedUserId>) -> Value {
    let html = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    let kind = if mentions.is_some() { "m.text" } else { "m.notice" };
    let mentions = mentions.map_or_else(|| json!({}), |user| json!({ "user_ids": [user] }));
    json!({
        "msgtype": kind, "body": body, "m.mentions": mentions,
        "format": "org.matrix.custom.html", "formatted_body": html,
    })
}

impl Approvals {
    pub(crate) fn pen(&self, lang: Lang) -> Pen<'_> {
        Pen { texts: self.kit().texts(), lang }
    }

    /// Everything that a decision brings about.
    pub(crate) async fn deliver(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        effects: Vec<Effect>,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), ApprovalsError> {
        self.show_cards(batch, before, after, scene).await?;
        for (place, effect) in effects.into_iter().enumerate() {
            let marker = format!("{marker}/{place}");
            match effect {
                Effect::Tell(tell) => self.tell(batch, after, tell, scene, &marker).await?,
                Effect::Timer { name, at_ms } => {
                    let payload = json!({ "case": after.id, "name": name });
                    let key = format!("t/{}/{name}", after.id);
                    self.kit().timers().set(batch, LOCALPART, &key, at_ms, payload);
                }
                Effect::Cancel { name } => {
                    self.kit().timers().cancel(batch, &format!("t/{}/{name}", after.id));
                }
                Effect::Undo(other) => Box::pin(self.undo(batch, &other, scene.at_ms, &marker)).await?,
            }
        }
        self.expect(batch, before, after).await
    }

    async fn undo(
        &self,
        batch: &mut Batch,
        id: &str,
        at_ms: u64,
        marker: &str,
    ) -> Result<(), ApprovalsError> {
        let Some(other) = self.house().await?.cases.get::<Instance>(id).await? else { return Ok(()) };
        let scene = self.scene_of(&other.data, at_ms).await?;
        let mut change = Change::of(other);
        if change.act(&Action::Undone, &Actor::nobody(), &scene).is_ok() {
            self.carry_out(batch, change, &scene, marker).await?;
        }
        Ok(())
    }

    /// New cards are sent, those that read differently are edited.
    async fn show_cards(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), ApprovalsError> {
        let world = scene.world();
        let old = before.map_or(Vec::new(), cards);
        for card in cards(after) {
            let person = card.person(after);
            let Some(account) = world.chart.person(person).and_then(|person| person.account.clone()) else {
                tracing::warn!(case = after.no, person = person.0, "has no account to show a card to");
                continue;
            };
            let pen = self.pen(self.language_of_id(world.chart, person).await?);
            let text = body(after, &card, &world, pen);
            let key = card.key(&after.id);
            if !old.contains(&card) {
                let rings = matches!(card, Card::Task { .. }).then_some(&account);
                let letter =
                    Letter::message(&key, LOCALPART, To::Direct(account.clone()), data(&text, rings, after));
                self.kit().outbox().put(batch, letter);
                for (place, reaction) in card.reactions().iter().enumerate() {
                    let relation = Relation::Reacts(Related::Letter(key.clone()), (*reaction).to_owned());
                    let seed = format!("{key}/seed{place}");
                    let letter = Letter::message(seed, LOCALPART, To::Direct(account.clone()), json!({}));
                    self.kit().outbox().put(batch, letter.relating(relation));
                }
            } else if before.is_none_or(|before| body(before, &card, &world, pen) != text) {
                let edit = format!("{key}/{}", after.rev);
                let letter = Letter::message(edit, LOCALPART, To::Direct(account), data(&text, None, after));
                self.kit().outbox().put(batch, letter.relating(Relation::Edits(Related::Letter(key))));
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        tell: Tell,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), ApprovalsError> {
        let Some(person) = scene.chart.person(&tell.to) else { return Ok(()) };
        let Some(account) = person.account.clone() else { return Ok(()) };
        let lang = self.language_of(person).await?;
        let texts = self.kit().texts();
        let shown: Vec<(&str, String)> = tell
            .values
            .iter()
            .map(|(name, shown)| match shown {
                Shown::Plain(text) => (*name, text.clone()),
                Shown::Key(key) => (*name, texts.fill(lang, key, &[])),
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = texts.fill(lang, tell.text, &values);
        let content = message(&text, tell.push.then_some(&account));
        let mut letter = Letter::message(format!("n/{marker}"), LOCALPART, To::Direct(account), content);
        let known = cards(case);
        let card = match &tell.under {
            Under::Task(task) => Some(Card::Task { task: task.clone(), person: tell.to.clone() })
                .filter(|card| known.contains(card)),
            Under::Starter | Under::Home if tell.to == case.data.starter => {
                Some(Card::Starter).filter(|card| known.contains(card))
            }
            Under::Starter | Under::Home => None,
        };
        if let Some(card) = card {
            letter = letter.relating(Relation::Thread(Related::Letter(card.key(&case.id))));
        }
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// Notes from whom a word is waited for, so that an answer beside the card finds its case.
    async fn expect(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
    ) -> Result<(), ApprovalsError> {
        let (old, new) = (before.map(expected).unwrap_or_default(), expected(after));
        for (person, task) in &new {
            if old.get(person) != Some(task) {
                batch.put(&EXPECTED, &person.0, &(after.id.clone(), task.clone()));
            }
        }
        for person in old.keys().filter(|person| !new.contains_key(*person)) {
            let row = self.kit().store().get(&EXPECTED, &person.0).await?;
            if row.is_some_and(|(case, _)| case == after.id) {
                batch.delete(&EXPECTED, &person.0);
            }
        }
        Ok(())
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
    ) -> Result<(), ApprovalsError> {
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
        let card = heard.on.as_deref().and_then(Card::of_key);
        let relation = match (&heard.thread, card) {
            (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
            (None, Some((case, card))) => Relation::Thread(Related::Letter(card.key(case))),
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
                "problem" | "result" => (name, texts.fill(lang, value, &[])),
                "field" if value.starts_with("form.") => (name, texts.fill(lang, value, &[])),
                _ => (name, value.clone()),
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        texts.fill(lang, refusal.code, &values)
    }
}

/// A message with the machine's half of the card.
fn data(text: &str, rings: Option<&OwnedUserId>, case: &Case<Instance>) -> Value {
    let mut content = message(text, rings);
    content["msgtype"] = json!(if rings.is_some() { "m.text" } else { "m.notice" });
    content[format!("{PREFIX}card")] = json!({
        "v": 1, "kind": KIND, "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
    });
    content
}

/// From whom a word is waited for: the starter of what is not handed in, and who has to give a reason or a code.
fn expected(case: &Case<Instance>) -> BTreeMap<PersonId, String> {
    let mut expected = BTreeMap::new();
    if matches!(case.state.as_str(), state::DRAFT | state::RETURNED) {
        expected.insert(case.data.starter.clone(), String::new());
    }
    for task in &case.data.tasks {
        if let Some(awaiting) = &task.awaiting {
            expected.insert(awaiting.by.clone(), task.id.clone());
        }
    }
    expected
}
