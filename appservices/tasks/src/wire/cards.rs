//! Cards as letters: who has one, sent, edited, and shown anew where a chat was replaced.

use std::collections::BTreeSet;

use cases::{Case, limits::LISTED_MAX};
use kit::{Heard, Letter, Related, Relation, To, message};
use people::PersonId;
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::{Value, json};
use store::Batch;

use super::{KIND, LOCALPART, Scene, Tasks};
use crate::{
    OfficeError,
    buttons::{QUESTION, buttons},
    card::{Card, Pen, body, cards},
    desk::World,
    task::Task,
};

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

    /// New cards are sent, those that read differently are edited. Gives at whose a new card rings.
    pub(super) async fn show_cards(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Task>>,
        after: &Case<Task>,
        scene: &Scene,
    ) -> Result<BTreeSet<OwnedUserId>, OfficeError> {
        let world = scene.world();
        let mut rung = BTreeSet::new();
        let old = before.map_or_else(Vec::new, cards);
        for card in cards(after) {
            let Some((to, pen)) = self.place_of(&card, after, scene).await? else { continue };
            let text = body(&card, after, &world, pen);
            let key = card.key(&after.id);
            let is_new = !old.contains(&card);
            if is_new {
                let rings = self.rings(&card, after, scene);
                let letter = Letter::message(&key, LOCALPART, to.clone(), data(&text, &rings, after));
                self.kit().outbox().put(batch, letter.secret(after.data.is_secret));
                rung.extend(rings);
            } else if before.is_none_or(|before| {
                let then = World { at_ms: before.data.shown_ms, ..world };
                body(&card, before, &then, pen) != text
            }) {
                let edit = format!("{key}/{}", after.rev);
                let mut content = data(&text, &[], after);
                content["msgtype"] = json!("m.text");
                let letter =
                    Letter::message(edit, LOCALPART, to.clone(), content).offering(buttons(&card, after));
                let letter = letter.secret(after.data.is_secret);
                self.kit()
                    .outbox()
                    .put(batch, letter.relating(Relation::Edits(Related::Letter(key.clone()))));
            }
            let seeded = before.filter(|_| !is_new).map_or_else(Vec::new, |before| buttons(&card, before));
            for reaction in buttons(&card, after).into_iter().filter(|reaction| !seeded.contains(reaction)) {
                self.seed(batch, &key, to.clone(), reaction);
            }
        }
        Ok(rung)
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

    /// Somebody's direct chat was replaced: the cards of what they have to do or gave to others are shown where they are now, each
    /// under the name that it has.
    pub(super) async fn show_again(
        &self,
        heard: &Heard,
        replacement: &OwnedRoomId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(person) = chart.by_account(&heard.sender) else { return Ok(()) };
        let lists = ["todo", "made", "proposed"].map(|list| (list, person.id.0.clone()));
        let mine = Card::Person(person.id.clone());
        for case in self.tasks_in(&lists, LISTED_MAX).await? {
            if !cards(&case).contains(&mine) {
                continue;
            }
            let scene = self.scene_of(&case.data).await?;
            let key = mine.key(&case.id);
            let again = format!("{key}/moved/{}", heard.event_id);
            let text = body(&mine, &case, &scene.world(), self.pen_of(person).await?);
            // Behind the bot's own way into that room, which is under way.
            let to = To::Room(replacement.clone());
            let letter = Letter::message(again, LOCALPART, to, data(&text, &[], &case));
            let letter = letter.secret(case.data.is_secret);
            self.kit().outbox().put_anew(batch, letter, &key, buttons(&mine, &case));
        }
        Ok(())
    }

    /// Asks the creator for more time, by a message of its own: answers must not be mixed up with those to the card.
    pub(super) async fn ask_for_time(
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
        let letter = Letter::message(&key, LOCALPART, to.clone(), content);
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        for reaction in QUESTION {
            self.seed(batch, &key, to.clone(), reaction);
        }
        Ok(())
    }
}

/// A message with the machine's half of the card.
fn data(text: &str, rings: &[OwnedUserId], case: &Case<Task>) -> Value {
    let mut content = message(text, rings);
    content[format!("{}card", kit::PREFIX)] = json!({
        "v": 1, "kind": KIND, "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
    });
    if case.data.is_secret {
        content[format!("{}card", kit::PREFIX)]["class"] = json!("secret");
    }
    content
}
