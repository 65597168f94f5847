//! From effects to letters and timers, and from a changed case to changed cards.

use std::collections::BTreeMap;

use cases::{Case, Record};
use kit::{Letter, Related, Relation, To, message};
use people::PersonId;
use serde_json::json;
use store::Batch;

use super::{Approvals, Change, LOCALPART, Scene};
use crate::{
    OfficeError,
    act::Action,
    card::{Card, cards},
    desk::{Actor, Effect, Shown, Tell, Under},
    instance::{Instance, state},
    tables::EXPECTED,
};

impl Approvals {
    /// Everything that a decision brings about.
    pub(crate) async fn deliver(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        (effects, records): (Vec<Effect>, &[Record]),
        scene: &Scene,
        marker: &str,
    ) -> Result<(), OfficeError> {
        self.keep_case_room(batch, before, after, scene).await?;
        self.keep_records(batch, before, after, records, &scene.template).await?;
        self.close_requests(batch, before, after);
        self.show_cards(batch, before, after, scene).await?;
        self.announce(batch, before, after, scene).await?;
        self.put_entry(batch, after, scene).await?;
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
                Effect::Ask { task } => self.ask_partner(batch, after, &task, scene).await?,
                Effect::Undo(other) => {
                    Box::pin(self.undo(batch, &other, &Action::Undone, scene.at_ms, &marker)).await?;
                }
                Effect::UndoFailed(other) => {
                    Box::pin(self.undo(batch, &other, &Action::UndoFailed, scene.at_ms, &marker)).await?;
                }
            }
        }
        self.expect(batch, before, after).await
    }

    async fn undo(
        &self,
        batch: &mut Batch,
        id: &str,
        action: &Action,
        at_ms: u64,
        marker: &str,
    ) -> Result<(), OfficeError> {
        let Some(other) = self.house().await?.cases.get::<Instance>(id).await? else { return Ok(()) };
        let scene = self.scene_of(&other.data, at_ms).await?;
        let mut change = Change::of(other);
        if scene.act(&mut change, action, &Actor::nobody()).is_ok() {
            self.carry_out(batch, change, &scene, marker).await?;
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
    ) -> Result<(), OfficeError> {
        let Some(person) = scene.chart.person(&tell.to) else { return Ok(()) };
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
        self.remind_by_mail(batch, case, &tell, (person, &text)).await?;
        let Some(account) = person.account.clone() else { return Ok(()) };
        let content = message(&text, tell.push.then_some(&account));
        let mut letter = Letter::message(format!("n/{marker}"), LOCALPART, To::Direct(account), content);
        let known = cards(case);
        let card = match &tell.under {
            Under::Task(task) => Some(Card::Task { task: task.clone(), person: tell.to.clone() })
                .filter(|card| known.contains(card)),
            Under::Starter if tell.to == case.data.starter => {
                Some(Card::Starter).filter(|card| known.contains(card))
            }
            Under::Starter | Under::Home => None,
        };
        if let Some(card) = card {
            let key = self.key_of_card(&card, &case.id).await?;
            letter = letter.relating(Relation::Thread(Related::Letter(key)));
        } else if let (Under::Home, Some(home)) =
            (&tell.under, case.data.home.as_ref().filter(|home| home.is_direct))
        {
            letter.to = To::Room(home.room.clone());
            letter = letter.relating(Relation::Thread(Related::Event(home.event.clone())));
        }
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        Ok(())
    }

    /// Notes from whom a word is waited for, so that an answer beside the card finds its case.
    async fn expect(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
    ) -> Result<(), OfficeError> {
        let (old, new) = (before.map(expected).unwrap_or_default(), expected(after));
        for (person, task) in &new {
            if old.get(person) != Some(task) {
                batch.put(&EXPECTED, &person.0, &(after.id.clone(), task.clone()));
            }
        }
        for person in old.keys().filter(|person| !new.contains_key(*person)) {
            let row = self.kit().store().get(&EXPECTED, &person.0).await?;
            if let Some(row) = row.filter(|(case, _)| *case == after.id) {
                batch.expect_eq(&EXPECTED, &person.0, &row).delete(&EXPECTED, &person.0);
            }
        }
        Ok(())
    }
}

/// From whom a word is waited for: the starter of what is not handed in, and who has to give a reason or a code.
fn expected(case: &Case<Instance>) -> BTreeMap<PersonId, String> {
    let mut expected = BTreeMap::new();
    if matches!(case.state.as_str(), state::DRAFT | state::RETURNED) && !case.data.is_resting {
        expected.insert(case.data.starter.clone(), String::new());
    }
    for task in &case.data.tasks {
        if let Some(awaiting) = &task.awaiting {
            expected.insert(awaiting.by.clone(), task.id.clone());
        }
    }
    expected
}
