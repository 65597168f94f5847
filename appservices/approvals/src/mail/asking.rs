//! From a task to a letter: who gets one, and when.

use cases::Case;
use kit::Fired;
use mail::Address;
use people::{Person, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Batch;

use super::{link::MailLink, post::MailRow, surfaces::beside_chat};
use crate::{
    LOCALPART, OfficeError,
    act::Action,
    card::{Card, is_open},
    desk::{Actor, Tell, Under},
    instance::{Instance, Instead, TaskState},
    limits::{MAIL_LINK_CHARACTERS, MAIL_LINK_KEPT_MS, MAIL_LINK_MS},
    tables::{MAIL_DUE, MAIL_LINK, MAIL_NEWEST},
    wire::{Approvals, Change, Scene},
};

/// What keys of timers begin with that forget a letter.
pub(crate) const LETTER_TIMER: &str = "mail-link/";

/// What keys of timers begin with by which an administrator gets what nobody hears of.
pub(crate) const UNREACHED_TIMER: &str = "unreached/";

/// What somebody is told that is worth another letter.
const REMINDERS: [&str; 3] = ["told.urged", "told.late", "told.turn"];

/// Somebody who is asked, and whom nothing reaches.
#[derive(Serialize, Deserialize)]
struct Unreached {
    case: String,
    task: String,
    person: PersonId,
}

impl Approvals {
    /// A task is shown to somebody for the first time: who has no account gets it on their next surface.
    pub(crate) async fn ask_beside_chat(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        card: &Card,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let Card::Task { task, person } = card else { return Ok(()) };
        let Some(person) = scene.chart.active(person).filter(|_| is_open(case, card)) else { return Ok(()) };
        if self.has_account(person).await? {
            return Ok(());
        }
        match beside_chat(person, self.ways(&case.data)) {
            Instead::Card => {}
            Instead::Mail => self.put_letter(batch, &case.id, task, person, None),
            Instead::Nothing => {
                let key = format!("{UNREACHED_TIMER}{}/{task}/{}", case.id, person.id);
                let unreached =
                    Unreached { case: case.id.clone(), task: task.clone(), person: person.id.clone() };
                self.kit().timers().set(batch, LOCALPART, &key, scene.at_ms, json!(unreached));
            }
        }
        Ok(())
    }

    /// Somebody is told something in their chat: who has none, and is to do something, gets another letter.
    pub(crate) async fn remind_by_mail(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        tell: &Tell,
        (person, text): (&Person, &str),
    ) -> Result<(), OfficeError> {
        let Under::Task(task) = &tell.under else { return Ok(()) };
        let is_worth_it =
            REMINDERS.contains(&tell.text) && beside_chat(person, self.ways(&case.data)) == Instead::Mail;
        if is_worth_it && person.is_active() && !self.has_chat(person).await? {
            self.put_letter(batch, &case.id, task, person, Some(text.to_owned()));
        }
        Ok(())
    }

    /// A letter of the bot came back from the homeserver: where it was the card of a task, its reader does not want the
    /// chat, and hears of it on their next surface.
    pub(crate) async fn came_back(&self, key: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        // What belongs to a card comes back as well, and says nothing new.
        if Card::letter_of(key).as_deref() != Some(key) {
            return Ok(());
        }
        let Some((case, Card::Task { task, person })) = Card::of_key(key) else { return Ok(()) };
        let newest = (case.to_owned(), task.clone(), person.0.clone());
        if self.kit().store().exists(&MAIL_NEWEST, &newest).await? {
            return Ok(());
        }
        let chart = self.house().await?.chart();
        let Some(person) = chart.active(&person) else { return Ok(()) };
        let Some(known) = self.house().await?.cases.get::<Instance>(case).await? else { return Ok(()) };
        let instead = beside_chat(person, self.ways(&known.data));
        self.reach_instead(batch, case, &task, person, instead).await
    }

    /// Nothing reaches somebody who is asked.
    pub(crate) async fn nothing_reaches(&self, fired: &Fired, batch: &mut Batch) -> Result<(), OfficeError> {
        let unreached: Unreached = serde_json::from_value(fired.payload.clone())
            .map_err(|error| OfficeError::Unusable(format!("a timer cannot be read: {error}")))?;
        let chart = self.house().await?.chart();
        let Some(person) = chart.active(&unreached.person) else { return Ok(()) };
        self.reach_instead(batch, &unreached.case, &unreached.task, person, Instead::Nothing).await
    }

    /// Notes with the case how somebody who is asked hears of it, and has them hear of it.
    pub(super) async fn reach_instead(
        &self,
        batch: &mut Batch,
        case: &str,
        task: &str,
        person: &Person,
        instead: Instead,
    ) -> Result<(), OfficeError> {
        let Some(case) = self.house().await?.cases.get::<Instance>(case).await? else { return Ok(()) };
        let Some(asked) = case.data.task(task).filter(|task| task.waits_for(&person.id)) else {
            return Ok(());
        };
        if asked.state == TaskState::Pending && instead == Instead::Mail {
            self.put_letter(batch, &case.id, task, person, None);
        }
        let marker = format!("reached/{}/{task}/{}/{}", case.id, person.id, case.rev);
        let scene = self.scene_of(&case.data, self.kit().clock().now_ms()).await?;
        let mut change = Change::of(case);
        let action = Action::Reached { task: task.to_owned(), person: person.id.clone(), instead };
        if scene.act(&mut change, &action, &Actor::nobody()).is_ok() {
            Box::pin(self.carry_out(batch, change, &scene, &marker)).await?;
        }
        Ok(())
    }

    /// Puts a letter about a task into the batch; it goes out after the commit. Its links are new ones, the older ones stay good.
    pub(super) fn put_letter(
        &self,
        batch: &mut Batch,
        case: &str,
        task: &str,
        person: &Person,
        news: Option<String>,
    ) {
        let Some(address) = Address::parse(&person.email) else { return };
        let id = self.kit().rng().string(MAIL_LINK_CHARACTERS);
        let now_ms = self.kit().clock().now_ms();
        let link = MailLink {
            case: case.to_owned(),
            task: task.to_owned(),
            person: person.id.clone(),
            address: address.as_str().to_owned(),
            until_ms: now_ms.saturating_add(MAIL_LINK_MS),
        };
        let newest = (link.case.clone(), link.task.clone(), person.id.0.clone());
        batch.put(&MAIL_LINK, &id, &link).put(&MAIL_NEWEST, &newest, &id);
        batch.put(&MAIL_DUE, &(now_ms, id.clone()), &MailRow { tries: 0, news });
        let forgotten_ms = now_ms.saturating_add(MAIL_LINK_KEPT_MS);
        self.kit().timers().set(batch, LOCALPART, &format!("{LETTER_TIMER}{id}"), forgotten_ms, json!({}));
        let bot = self.clone();
        batch.on_visible(move |_| bot.post_waits().notify_one());
    }

    /// Forgets what the links of a letter were for.
    pub(crate) async fn forget_letter(&self, id: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let Some(link) = self.kit().store().get(&MAIL_LINK, id).await? else { return Ok(()) };
        batch.delete(&MAIL_LINK, id);
        let newest = (link.case, link.task, link.person.0);
        if self.kit().store().get(&MAIL_NEWEST, &newest).await?.as_deref() == Some(id) {
            batch.delete(&MAIL_NEWEST, &newest);
        }
        Ok(())
    }
}
