//! From effects to letters and timers, and from a changed task to changed cards.

use std::collections::BTreeSet;

use cases::{Case, Refusal};
use kit::{Heard, Letter, Related, Relation, To, message};
use people::PersonId;
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::{Change, KIND, LOCALPART, Scene, Tasks};
use crate::{
    OfficeError,
    act::Action,
    card::{ACCEPTANCE, Card, Pen, QUESTION, REACTIONS, body, cards},
    desk::{Actor, Effect, Tell, World},
    tables::EXPECTED,
    task::{Task, is_running, state},
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
    /// Sees to it that everybody concerned has a card: in the room, or in their direct chat where they are not in it.
    pub(crate) async fn place_cards(
        &self,
        before: Option<&Case<Task>>,
        case: &mut Case<Task>,
    ) -> Result<(), OfficeError> {
        let people = |task: &Task| -> BTreeSet<PersonId> {
            task.assignees.iter().map(|assignee| assignee.person.clone()).collect()
        };
        let wanted = match &case.data.home {
            None => people(&case.data).into_iter().chain([case.data.creator.clone()]).collect(),
            Some(room) => {
                let known = before.map(|before| people(&before.data)).unwrap_or_default();
                let new: BTreeSet<PersonId> = people(&case.data).difference(&known).cloned().collect();
                if new.is_empty() {
                    return Ok(());
                }
                let members = self.members(room).await?;
                let chart = self.house().await?.chart();
                let is_there = |id: &PersonId| {
                    let account = chart.person(id).and_then(|person| person.account.as_ref());
                    account.is_some_and(|account| members.contains(account))
                };
                new.into_iter().filter(|id| !is_there(id)).collect::<BTreeSet<_>>()
            }
        };
        case.data.cards_of.extend(wanted);
        Ok(())
    }

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
        self.show_cards(batch, before, after, scene).await?;
        for (place, effect) in effects.into_iter().enumerate() {
            let marker = format!("{marker}/{place}");
            match effect {
                Effect::Tell(tell) => self.tell(batch, after, &tell, scene, &marker).await?,
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

    /// New cards are sent, those that read differently are edited.
    async fn show_cards(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Task>>,
        after: &Case<Task>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let world = scene.world();
        let old = before.map_or_else(Vec::new, cards);
        for card in cards(after) {
            let Some((to, pen)) = self.place_of(&card, after, scene).await? else { continue };
            let text = body(after, &world, pen);
            let key = card.key(&after.id);
            let is_new = !old.contains(&card);
            if is_new {
                let rings = self.rings(&card, after, scene);
                let letter = Letter::message(&key, LOCALPART, to.clone(), data(&text, &rings, after));
                self.kit().outbox().put(batch, letter);
            } else if before.is_none_or(|before| {
                let then = World { at_ms: before.data.shown_ms, ..world };
                body(before, &then, pen) != text
            }) {
                let edit = format!("{key}/{}", after.rev);
                let mut content = data(&text, &[], after);
                content["msgtype"] = json!("m.text");
                let letter = Letter::message(edit, LOCALPART, to.clone(), content);
                self.kit()
                    .outbox()
                    .put(batch, letter.relating(Relation::Edits(Related::Letter(key.clone()))));
            }
            let seeded = before.filter(|_| !is_new).map_or_else(Vec::new, seeds);
            for reaction in seeds(after).into_iter().filter(|reaction| !seeded.contains(reaction)) {
                self.seed(batch, &key, to.clone(), reaction);
            }
        }
        Ok(())
    }

    fn seed(&self, batch: &mut Batch, key: &str, to: To, reaction: &str) {
        let relation = Relation::Reacts(Related::Letter(key.to_owned()), reaction.to_owned());
        let letter = Letter::message(format!("{key}/{reaction}"), LOCALPART, to, json!({}));
        self.kit().outbox().put(batch, letter.relating(relation));
    }

    /// Where a card goes, and in which language; nowhere for people without an account.
    async fn place_of(
        &self,
        card: &Card,
        case: &Case<Task>,
        scene: &Scene,
    ) -> Result<Option<(To, Pen<'_>)>, OfficeError> {
        let person = match (card, &case.data.home) {
            (Card::Room, Some(room)) => {
                return Ok(Some((To::Room(room.clone()), self.pen_of_room(room).await?)));
            }
            (Card::Room, None) => return Ok(None),
            (Card::Person(person), _) => person,
            (Card::MoreTime(_), _) => &case.data.creator,
        };
        let found = scene.chart.person(person).and_then(|person| Some((person, person.account.clone()?)));
        match found {
            Some((person, account)) => Ok(Some((To::Direct(account), self.pen_of(person).await?))),
            None => {
                tracing::warn!(task = case.no, person = person.0, "has no account to show a card to");
                Ok(None)
            }
        }
    }

    /// At whose a new card rings: who has something to do.
    fn rings(&self, card: &Card, case: &Case<Task>, scene: &Scene) -> Vec<OwnedUserId> {
        let has_it = |person: &&PersonId| match card {
            Card::Room => !case.data.cards_of.contains(*person),
            Card::Person(mine) => mine == *person,
            Card::MoreTime(_) => false,
        };
        Self::accounts(&scene.chart, case.data.busy().filter(has_it))
    }

    async fn tell(
        &self,
        batch: &mut Batch,
        case: &Case<Task>,
        tell: &Tell,
        scene: &Scene,
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
            let rings = Self::accounts(&scene.chart, in_room);
            let rung: &[OwnedUserId] = if tell.push { &rings } else { &[] };
            let content = message(&text, rung);
            let key = format!("{TOLD_KEY}{}/{marker}", case.id);
            let letter = Letter::message(key, LOCALPART, To::Room(room.clone()), content);
            let thread = Relation::Thread(Related::Letter(Card::Room.key(&case.id)));
            self.kit().outbox().put(batch, letter.relating(thread));
        }
        for id in alone {
            let Some(person) = scene.chart.person(id) else { continue };
            let Some(account) = person.account.clone() else { continue };
            let text = said(tell, self.pen_of(person).await?);
            let rings = [account.clone()];
            let rung: &[OwnedUserId] = if tell.push { &rings } else { &[] };
            let content = message(&text, rung);
            let key = format!("{TOLD_KEY}{}/{marker}/{id}", case.id);
            let mut letter = Letter::message(key, LOCALPART, To::Direct(account), content);
            if data.cards_of.contains(id) {
                let card = Card::Person(id.clone()).key(&case.id);
                letter = letter.relating(Relation::Thread(Related::Letter(card)));
            }
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    /// Asks the creator for more time, by a message of its own: answers must not be mixed up with those to the card.
    async fn ask_for_time(
        &self,
        batch: &mut Batch,
        case: &Case<Task>,
        number: u32,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let Some(asked) = &case.data.postponing else { return Ok(()) };
        let card = Card::MoreTime(number);
        let Some((to, pen)) = self.place_of(&card, case, scene).await? else { return Ok(()) };
        let world = scene.world();
        let (who, due) = (world.name(&asked.by), world.time(asked.due_ms));
        let values = [
            ("who", who.as_str()),
            ("no", &case.no),
            ("title", &case.data.title),
            ("due", &due),
            ("reason", &asked.reason),
        ];
        let rings = Self::accounts(&scene.chart, [&case.data.creator]);
        let content = message(&pen.say("tk.ask.time", &values), &rings);
        let key = card.key(&case.id);
        self.kit().outbox().put(batch, Letter::message(&key, LOCALPART, to.clone(), content));
        for reaction in QUESTION {
            self.seed(batch, &key, to.clone(), reaction);
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
        let card = heard.on.as_deref().and_then(Card::of_key);
        let relation = match (&heard.thread, card) {
            (Some(root), _) => Relation::Thread(Related::Event(root.clone())),
            (None, Some((case, card))) => Relation::Thread(Related::Letter(card.key(case))),
            (None, None) => Relation::ReplyTo(Related::Event(heard.event_id.clone())),
        };
        let key = format!("tkr/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Room(heard.room.clone()), message(text, &[]));
        self.kit().outbox().put(batch, letter.relating(relation));
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
                let is_key = value.starts_with("tk.");
                (*name, if is_key { pen.say(value, &[]) } else { value.clone() })
            })
            .collect();
        let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.answer(batch, heard, &pen.say(refusal.code, &values));
        Ok(())
    }
}

pub(super) fn timer_key(case: &str, name: &str) -> String {
    format!("tkt/{case}/{name}")
}

/// What somebody is told, in words.
fn said(tell: &Tell, pen: Pen<'_>) -> String {
    let values: Vec<(&str, &str)> = tell.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let text = pen.say(tell.text, &values);
    if tell.is_late { pen.say("tk.remind.late", &[("text", &text)]) } else { text }
}

/// A message with the machine's half of the card.
fn data(text: &str, rings: &[OwnedUserId], case: &Case<Task>) -> Value {
    let mut content = message(text, rings);
    content[format!("{}card", kit::PREFIX)] = json!({
        "v": 1, "kind": KIND, "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
    });
    content
}

/// What the bot puts below the cards of a task as it is now.
fn seeds(case: &Case<Task>) -> Vec<&'static str> {
    match case.state.as_str() {
        state::PROPOSED => QUESTION.to_vec(),
        of if !is_running(of) => Vec::new(),
        _ if case.data.asked().next().is_some() => [&ACCEPTANCE[..], &REACTIONS].concat(),
        _ => REACTIONS.to_vec(),
    }
}

/// From whom a word is waited for: a reason, or the day when it is due.
fn expected(case: &Case<Task>) -> BTreeSet<PersonId> {
    let reasons = case.data.awaiting.iter().map(|awaiting| awaiting.by.clone());
    let due = case.data.is_due_asked.then(|| case.data.creator.clone());
    reasons.chain(due).collect()
}
