//! From effects to letters and timers; what people are told beside cards.

use std::collections::BTreeSet;

use cases::{Case, Refusal};
use kit::{Heard, Letter, Related, Relation, To, message};
use people::PersonId;
use ruma::OwnedUserId;
use serde_json::json;
use store::Batch;

use super::{Change, LOCALPART, Scene, Tasks};
use crate::{
    OfficeError,
    act::Action,
    card::{Card, Pen},
    desk::{Actor, Effect, Tell},
    span,
    tables::EXPECTED,
    task::Task,
};

/// Begins the keys of what people are told beside cards; the task follows.
const TOLD_KEY: &str = "tkn/";

/// The task that a letter is about.
pub(crate) fn case_of_key(key: &str) -> Option<&str> {
    match key.strip_prefix(TOLD_KEY) {
        Some(rest) => rest.split('/').next(),
        None => Card::of_key(key).map(|(case, _)| case),
    }
}

impl Tasks {
    /// Everything that a decision brings about.
    pub(crate) async fn deliver(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Task>>,
        after: &Case<Task>,
        effects: Vec<Effect>,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), OfficeError> {
        let rung = self.show_cards(batch, before, after, scene).await?;
        self.put_entry(batch, after, scene).await?;
        self.tell_hook_later(batch, after);
        for (place, effect) in effects.into_iter().enumerate() {
            let marker = format!("{marker}/{place}");
            match effect {
                Effect::Tell(tell) => self.tell(batch, after, &tell, (scene, &rung), &marker).await?,
                Effect::AskForTime { number } => self.ask_for_time(batch, after, number, scene).await?,
                Effect::Timer { name, at_ms } => {
                    let payload = json!({ "case": after.id, "name": name });
                    self.kit().timers().set(batch, LOCALPART, &timer_key(&after.id, &name), at_ms, payload);
                }
                Effect::Cancel { name } => self.kit().timers().cancel(batch, &timer_key(&after.id, &name)),
                Effect::Next(task) => {
                    let mut edit = Change::new(self.begin(batch, *task, scene).await?);
                    let made = scene.act(&mut edit, &Action::Create, &Actor::nobody());
                    match made {
                        Ok(()) => drop(Box::pin(self.carry_out(batch, edit, scene, &marker)).await?),
                        Err(refusal) => {
                            tracing::warn!(no = after.no, ?refusal, "a repeated task cannot go on");
                        }
                    }
                }
            }
        }
        let rooms = [before, Some(after)].map(|case| case.and_then(|case| case.data.home.clone()));
        for room in rooms.into_iter().flatten().collect::<BTreeSet<_>>() {
            self.board_later(batch, &room);
        }
        self.expect(batch, before, after).await
    }

    /// Tells people something. What is to be done rings once: not at theirs at whose a new card rings already.
    async fn tell(
        &self,
        batch: &mut Batch,
        case: &Case<Task>,
        tell: &Tell,
        (scene, rung): (&Scene, &BTreeSet<OwnedUserId>),
        marker: &str,
    ) -> Result<(), OfficeError> {
        let data = &case.data;
        let hears_in_room = |person: &&PersonId| {
            data.home.is_some()
                && !data.cards_of.contains(*person)
                && (data.creator == **person || data.assignee(person).is_some())
        };
        let (in_room, alone): (Vec<&PersonId>, Vec<&PersonId>) = tell.to.iter().partition(hears_in_room);
        if let (Some(room), false) = (&data.home, in_room.is_empty()) {
            let pen = self.pen_of_room(room).await?;
            let names = scene.world().names(in_room.iter().copied());
            let text = format!("{names}: {}", said(tell, pen));
            let mut rings = Self::accounts(&scene.chart, in_room);
            rings.retain(|account| tell.push && !rung.contains(account));
            let content = message(&text, &rings);
            let key = format!("{TOLD_KEY}{}/{marker}", case.id);
            let letter = Letter::message(key, LOCALPART, To::Room(room.clone()), content);
            let thread = Relation::Thread(Related::Letter(Card::Room.key(&case.id)));
            self.kit().outbox().put(batch, letter.relating(thread).secret(data.is_secret));
        }
        for id in alone {
            let Some(person) = scene.chart.person(id) else { continue };
            let Some(account) = person.account.clone() else { continue };
            let text = said(tell, self.pen_of(person).await?);
            let rings = Some(&account).filter(|account| tell.push && !rung.contains(*account));
            let content = message(&text, rings);
            let key = format!("{TOLD_KEY}{}/{marker}/{id}", case.id);
            let mut letter =
                Letter::message(key, LOCALPART, To::Direct(account), content).secret(data.is_secret);
            if data.cards_of.contains(id) {
                let card = Card::Person(id.clone()).key(&case.id);
                letter = letter.relating(Relation::Thread(Related::Letter(card)));
            }
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    /// Notes from whom a word is waited for, so that an answer beside the card finds its task.
    async fn expect(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Task>>,
        after: &Case<Task>,
    ) -> Result<(), OfficeError> {
        let (old, new) = (before.map(expected).unwrap_or_default(), expected(after));
        for person in new.difference(&old) {
            batch.put(&EXPECTED, &person.0, &after.id);
        }
        for person in old.difference(&new) {
            let row = self.kit().store().get(&EXPECTED, &person.0).await?;
            if row.is_some_and(|case| case == after.id) {
                batch.delete(&EXPECTED, &person.0);
            }
        }
        Ok(())
    }

    /// Answers an event, where it stands.
    pub(crate) fn answer(&self, batch: &mut Batch, heard: &Heard, text: &str) {
        self.kit().outbox().put(batch, answering(heard, text));
    }

    /// Answers an event with what a task says. Of a secret one a room reads no more than its number, and a chat only where it is
    /// encrypted.
    pub(crate) fn answer_about(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        case: &Case<Task>,
        text: &str,
        pen: Pen<'_>,
    ) {
        if case.data.is_secret && !heard.is_direct {
            self.answer(batch, heard, &pen.say("tk.told.secret", &[("no", &case.no)]));
            return;
        }
        let letter = answering(heard, text).secret(case.data.is_secret);
        self.kit().outbox().put(batch, letter);
    }

    /// Says to an event why it is refused.
    pub(crate) async fn refuse(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        refusal: &Refusal,
    ) -> Result<(), OfficeError> {
        let pen = self.pen_of_account(&heard.sender).await?;
        let shown: Vec<(&str, String)> = refusal
            .fields
            .iter()
            .map(|(name, value)| {
                let is_key = value.starts_with("tk.") || *name == "via";
                (*name, if is_key { pen.say(value, &[]) } else { value.clone() })
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.answer(batch, heard, &pen.say(refusal.code, &values));
        Ok(())
    }
}

fn answering(heard: &Heard, text: &str) -> Letter {
    let card = heard.on.as_deref().and_then(Card::of_key);
    let relation = match (&heard.thread, card) {
        (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
        (None, Some((case, card))) => Relation::Thread(Related::Letter(card.key(case))),
        (None, None) => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
    };
    let key = format!("tkr/{}", heard.event_id);
    Letter::message(key, LOCALPART, To::Room(heard.room.clone()), message(text, &[])).relating(relation)
}

pub(super) fn timer_key(case: &str, name: &str) -> String {
    format!("tkt/{case}/{name}")
}

/// What somebody is told, in words.
fn said(tell: &Tell, pen: Pen<'_>) -> String {
    let spelt = tell.values.iter().map(|(name, value)| match (*name, value.parse::<u64>()) {
        (span::LEFT, Ok(ms)) => (*name, span::in_words(ms, pen)),
        _ => (*name, value.clone()),
    });
    let spelt: Vec<(&str, String)> = spelt.collect();
    let values: Vec<(&str, &str)> = spelt.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let text = pen.say(tell.text, &values);
    if tell.is_late { pen.say("tk.remind.late", &[("text", &text)]) } else { text }
}

/// From whom a word is waited for: a reason, or the day when it is due.
fn expected(case: &Case<Task>) -> BTreeSet<PersonId> {
    let reasons = case.data.awaiting.iter().map(|awaiting| awaiting.by.clone());
    let due = case.data.is_due_asked.then(|| case.data.creator.clone());
    reasons.chain(due).collect()
}
