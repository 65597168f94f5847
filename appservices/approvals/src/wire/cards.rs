//! Cards as letters: sent, edited, and sent again where somebody has left the room of theirs.

use std::collections::BTreeSet;

use cases::Case;
use kit::{Heard, Letter, PREFIX, Related, Relation, To, message};
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::Batch;

use super::{Approvals, KIND, LOCALPART, Scene};
use crate::{
    OfficeError,
    card::{Card, body, cards, form_file_name, is_open},
    desk::World,
    instance::{Instance, TaskState, state},
    limits::FORM_ON_CARD_BYTES_MAX,
    tables::CARD_AGAIN,
    template::form_view,
};

impl Approvals {
    /// New cards are sent, those that read differently are edited.
    pub(super) async fn show_cards(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let world = scene.world();
        let old = before.map_or(Vec::new(), cards);
        for card in cards(after) {
            let person = card.person(after);
            if !old.contains(&card) {
                self.ask_beside_chat(batch, after, &card, scene).await?;
            }
            let Some(account) = world.chart.person(person).and_then(|person| person.account.clone()) else {
                continue;
            };
            let pen = self.pen(self.language_of_id(world.chart, person).await?);
            let text = body(after, &card, &world, pen);
            let key = self.key_of_card(&card, &after.id).await?;
            let is_new = !old.contains(&card);
            let has_changed = before.is_none_or(|before| body(before, &card, &world, pen) != text);
            if is_new || has_changed {
                self.show_card_elsewhere(batch, after, &card, (text.as_str(), account.as_ref()), pen).await?;
            }
            if is_new {
                self.put_card(batch, (after, scene), &card, key, &text, &account);
            } else if has_changed {
                let edit = format!("{key}/{}", after.rev);
                let content = data(&text, None, after, &world);
                let letter = Letter::message(edit, LOCALPART, To::Direct(account.clone()), content);
                let offered = card.reactions().iter().copied().filter(|_| is_open(after, &card));
                let letter = letter.offering(offered).secret(after.data.is_secret);
                let relation = Relation::Edits(Related::Letter(key.clone()));
                self.kit().outbox().put(batch, letter.relating(relation));
                // Who was asked before has the form as it was then, and the starter the newest.
                let is_other = before.is_none_or(|before| before.data.form_file != after.data.form_file);
                if is_other && card == Card::Starter {
                    self.put_form_file(batch, after, &key, &account);
                }
            }
        }
        Ok(())
    }

    fn put_card(
        &self,
        batch: &mut Batch,
        (case, scene): (&Case<Instance>, &Scene),
        card: &Card,
        key: String,
        text: &str,
        account: &OwnedUserId,
    ) {
        let rings = matches!(card, Card::Task { .. }).then_some(account);
        let to = To::Direct(account.clone());
        let content = data(text, rings, case, &scene.world());
        let letter = Letter::message(&key, LOCALPART, to.clone(), content);
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        for (place, reaction) in card.reactions().iter().enumerate() {
            let relation = Relation::Reacts(Related::Letter(key.clone()), (*reaction).to_owned());
            let seed = Letter::message(format!("{key}/seed{place}"), LOCALPART, to.clone(), json!({}));
            self.kit().outbox().put(batch, seed.relating(relation));
        }
        self.put_form_file(batch, case, &key, account);
    }

    /// What the letter of a card is called now: it is called otherwise each time it had to be sent again.
    pub(super) async fn key_of_card(&self, card: &Card, case: &str) -> Result<String, OfficeError> {
        let key = card.key(case);
        Ok(match self.kit().store().get(&CARD_AGAIN, &key).await? {
            Some(times) => format!("{key}/again{times}"),
            None => key,
        })
    }

    /// Somebody left their direct chat, or it was replaced: what is under way is shown to them anew, where they are now.
    pub(super) async fn show_again(
        &self,
        heard: &Heard,
        user: &OwnedUserId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(person) = chart.by_account(user).filter(|_| heard.is_direct) else { return Ok(()) };
        let mut concerned = BTreeSet::new();
        for list in ["todo", "mine"] {
            concerned.extend(house.cases.listed(KIND, list, &person.id.0).await?);
        }
        for id in concerned {
            let Some(case) = house.cases.get::<Instance>(&id).await? else { continue };
            if case.state != state::PENDING {
                continue;
            }
            let scene = self.scene_of(&case.data, heard.received_ms).await?;
            let pen = self.pen(self.language_of(person).await?);
            for card in
                cards(&case).iter().filter(|card| waits(card, &case) && card.person(&case) == &person.id)
            {
                let key = card.key(&case.id);
                let times = self.kit().store().get(&CARD_AGAIN, &key).await?.unwrap_or(0) + 1;
                batch.put(&CARD_AGAIN, &key, &times);
                let text = body(&case, card, &scene.world(), pen);
                self.put_card(batch, (&case, &scene), card, format!("{key}/again{times}"), &text, user);
            }
        }
        Ok(())
    }
}

/// Whether a card of a case that is under way asks for something, or its owner may still do something with it.
fn waits(card: &Card, case: &Case<Instance>) -> bool {
    match card {
        Card::Starter => true,
        Card::Task { task, .. } => case.data.task(task).is_some_and(|task| task.state == TaskState::Pending),
    }
}

/// A message with the machine's half of the card.
fn data(text: &str, rings: Option<&OwnedUserId>, case: &Case<Instance>, world: &World<'_>) -> Value {
    let mut content = message(text, rings);
    content["msgtype"] = json!(if rings.is_some() { "m.text" } else { "m.notice" });
    content[format!("{PREFIX}card")] = json!({
        "v": 1, "kind": KIND, "id": case.id, "no": case.no, "rev": case.rev, "state": case.state,
        "class": world.template.class,
    });
    // This much is read in rooms that are not encrypted, too.
    if case.data.is_secret {
        return content;
    }
    // What is too large for a card is in the file that it names.
    let (what, held) = match &case.data.form_file {
        Some(file) => {
            ("file", json!({ "name": form_file_name(case), "sha256": file.sha256, "bytes": file.bytes }))
        }
        None => ("form", form_view(world.template, &case.data.form, world.chart)),
    };
    if held.to_string().len() <= FORM_ON_CARD_BYTES_MAX {
        content[format!("{PREFIX}card")][what] = held;
    }
    content
}
