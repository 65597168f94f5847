//! Approvals of other platforms, whose flow runs there: colleagues who are asked see them here, and decide them where the platform
//! lets apps do that. Nothing of them is a case of ours: the platform has the last word and the record.

mod card;

use kit::{Heard, Letter, Related, Relation, To, message};
use office::said_by_bridge;
use ruma::{OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Batch;

use self::card::{Asked, Told, card, standing};
use super::{
    Approvals, LOCALPART,
    words::{Word, meaning},
};
use crate::{
    OfficeError,
    limits::{FOREIGN_ASKED_MAX, FOREIGN_LINES_MAX},
    tables::{FOREIGN, FOREIGN_CARD},
};

/// How a decision went on the platform.
#[derive(Deserialize)]
struct Outcome {
    network: String,
    id: String,
    task: String,
    /// Whose decision it was; bridges of an earlier version do not say.
    #[serde(default)]
    account: Option<OwnedUserId>,
    #[serde(default)]
    refused: Option<String>,
}

/// What was told of an approval of another platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForeignApproval {
    /// By the platform's clock, in ms since 1970.
    changed_ms: u64,
    /// The letters of the cards that still ask somebody.
    open: Vec<String>,
    /// Whether who asked for it was told how it ended.
    is_end_told: bool,
}

/// A card of such an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForeignCard {
    network: String,
    id: String,
    task: String,
    account: OwnedUserId,
    can_be_decided: bool,
    /// Whether it was said to the platform already that it is decided.
    is_sent: bool,
}

/// Begins the keys of their letters.
const KEY: &str = "foreign/";

/// The letter of whom a task of an approval asks: there are platforms where all people of a step have the same task.
fn key_of_task(network: &str, id: &str, task: &str, account: &UserId) -> String {
    key_of(&json!([network, id, task, account]))
}

/// The letter of a task as an earlier version called it, which knew one person of each.
fn earlier_key_of_task(network: &str, id: &str, task: &str) -> String {
    digested(&format!("{network}/{id}/{task}"))
}

/// The letter to who asked for an approval.
fn key_of_end(network: &str, id: &str, starter: &UserId) -> String {
    key_of(&json!([network, id, starter]))
}

fn key_of(what: &Value) -> String {
    digested(&what.to_string())
}

fn digested(what: &str) -> String {
    let digest = Sha256::digest(what);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{KEY}{hex}")
}

impl Approvals {
    /// The bridges may have said something of an approval of another platform; whether they did.
    pub(super) async fn foreign(&self, heard: &Heard, batch: &mut Batch) -> Result<bool, OfficeError> {
        let Some((said, content)) = said_by_bridge(self.kit(), LOCALPART, heard).await? else {
            return Ok(false);
        };
        match said {
            "approval" => match Told::deserialize(content) {
                Ok(told) => self.tell_foreign(told, batch).await?,
                Err(error) => tracing::warn!(%error, "an approval of another platform makes no sense"),
            },
            "decided" => {
                if let Ok(outcome) = Outcome::deserialize(content) {
                    self.foreign_decided(&outcome, heard, batch).await?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn tell_foreign(&self, mut told: Told, batch: &mut Batch) -> Result<(), OfficeError> {
        told.asked.truncate(FOREIGN_ASKED_MAX);
        told.lines.truncate(FOREIGN_LINES_MAX);
        let of = (told.network.clone(), told.id.clone());
        let mut row = self.kit().store().get(&FOREIGN, &of).await?.unwrap_or_default();
        if row.changed_ms > told.changed_ms {
            return Ok(());
        }
        row.changed_ms = told.changed_ms;
        let mut still_open = Vec::new();
        for asked in told.asked.iter().filter(|_| told.state == "pending") {
            let task = (told.network.as_str(), told.id.as_str(), asked.task.as_str());
            let Some(key) = self.key_of_foreign_card(task, Some(&asked.account)).await? else { continue };
            if !row.open.contains(&key) && !self.ask_foreign(batch, &told, asked, &key).await? {
                continue;
            }
            still_open.push(key);
        }
        for key in row.open.iter().filter(|key| !still_open.contains(key)) {
            self.close_foreign(batch, &told, key).await?;
        }
        row.open = still_open;
        if told.state != "pending" && !row.is_end_told {
            row.is_end_told = true;
            self.tell_starter(batch, &told).await?;
        }
        batch.put(&FOREIGN, &of, &row);
        Ok(())
    }

    /// The letter of a task's card. One that an earlier version sent to this person keeps its key, so that nobody is asked twice; none
    /// where nobody is named and there is no such card.
    async fn key_of_foreign_card(
        &self,
        (network, id, task): (&str, &str, &str),
        account: Option<&OwnedUserId>,
    ) -> Result<Option<String>, OfficeError> {
        let earlier = earlier_key_of_task(network, id, task);
        let card = self.kit().store().get(&FOREIGN_CARD, &earlier).await?;
        let is_theirs = card.is_some_and(|card| account.is_none_or(|account| card.account == *account));
        Ok(if is_theirs {
            Some(earlier)
        } else {
            account.map(|account| key_of_task(network, id, task, account))
        })
    }

    /// Asks one person who works here; false for everybody else, and for who was asked and is asked no more.
    async fn ask_foreign(
        &self,
        batch: &mut Batch,
        told: &Told,
        asked: &Asked,
        key: &str,
    ) -> Result<bool, OfficeError> {
        let is_known = self.house().await?.chart().by_account(&asked.account).is_some();
        if !is_known || self.kit().store().exists(&FOREIGN_CARD, key).await? {
            return Ok(false);
        }
        let pen = self.pen(self.language_of_account(&asked.account).await?);
        let starter = self.name_of_account(told.starter.as_ref()).await?;
        let text = card(told, "state.pending", &starter, told.can_be_decided, pen);
        let to = To::Direct(asked.account.clone());
        let content = message(&text, Some(&asked.account));
        self.kit().outbox().put(batch, Letter::message(key, LOCALPART, to.clone(), content));
        for (place, reaction) in ["✅", "❌"].into_iter().enumerate().filter(|_| told.can_be_decided) {
            let relation = Relation::Reacts(Related::Letter(key.to_owned()), reaction.to_owned());
            let seed = Letter::message(format!("{key}/seed{place}"), LOCALPART, to.clone(), json!({}));
            self.kit().outbox().put(batch, seed.relating(relation));
        }
        let row = ForeignCard {
            network: told.network.clone(),
            id: told.id.clone(),
            task: asked.task.clone(),
            account: asked.account.clone(),
            can_be_decided: told.can_be_decided,
            is_sent: false,
        };
        batch.put(&FOREIGN_CARD, key, &row);
        Ok(true)
    }

    /// Somebody is not asked any more: their card says how it stands.
    async fn close_foreign(&self, batch: &mut Batch, told: &Told, key: &str) -> Result<(), OfficeError> {
        let Some(row) = self.kit().store().get(&FOREIGN_CARD, key).await? else { return Ok(()) };
        let pen = self.pen(self.language_of_account(&row.account).await?);
        let starter = self.name_of_account(told.starter.as_ref()).await?;
        let text = card(told, standing(&told.state, true), &starter, false, pen);
        let edit = format!("{key}/{}", told.changed_ms);
        let letter = Letter::message(edit, LOCALPART, To::Direct(row.account), message(&text, None));
        let edits = Relation::Edits(Related::Letter(key.to_owned()));
        self.kit().outbox().put(batch, letter.offering([]).relating(edits));
        Ok(())
    }

    async fn tell_starter(&self, batch: &mut Batch, told: &Told) -> Result<(), OfficeError> {
        let Some(account) = &told.starter else { return Ok(()) };
        if self.house().await?.chart().by_account(account).is_none() {
            return Ok(());
        }
        let pen = self.pen(self.language_of_account(account).await?);
        let starter = self.name_of_account(Some(account)).await?;
        let text = card(told, standing(&told.state, false), &starter, false, pen);
        let key = key_of_end(&told.network, &told.id, account);
        let to = To::Direct(account.clone());
        self.kit().outbox().put(batch, Letter::message(key, LOCALPART, to, message(&text, Some(account))));
        Ok(())
    }

    /// Somebody answers such a card by a tap or in words; whether it was one.
    pub(super) async fn answers_foreign(
        &self,
        heard: &Heard,
        answer: Answer<'_>,
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        let Some(key) = heard.on.as_deref().filter(|on| on.starts_with(KEY)) else { return Ok(false) };
        let key: String = key.split('/').take(2).collect::<Vec<_>>().join("/");
        let Some(row) = self.kit().store().get(&FOREIGN_CARD, &key).await? else { return Ok(true) };
        let (is_approved, words) = match answer {
            Answer::Tap("✅") => (true, None),
            Answer::Tap("❌") => (false, None),
            Answer::Tap(_) => return Ok(true),
            Answer::Words(text) => match meaning(text) {
                Word::Yes(words) => (true, words),
                Word::No(words) => (false, words),
                Word::Submit | Word::Cancel | Word::Other => return Ok(true),
            },
        };
        if row.account != heard.sender || !row.can_be_decided || row.is_sent {
            return Ok(true);
        }
        let content = json!({
            "v": 1, "network": row.network, "id": row.id, "task": row.task, "account": row.account,
            "is_approved": is_approved, "words": words,
        });
        office::say_to_bridge(self.kit(), batch, LOCALPART, ("decide", heard.event_id.as_str()), content)
            .await?;
        batch.put(&FOREIGN_CARD, &key, &ForeignCard { is_sent: true, ..row });
        Ok(true)
    }

    /// The platform took a decision, or refused it: then it may be tried again, and whoever tried is told why.
    async fn foreign_decided(
        &self,
        outcome: &Outcome,
        heard: &Heard,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let task = (outcome.network.as_str(), outcome.id.as_str(), outcome.task.as_str());
        let Some(key) = self.key_of_foreign_card(task, outcome.account.as_ref()).await? else {
            return Ok(());
        };
        let (Some(row), Some(reason)) =
            (self.kit().store().get(&FOREIGN_CARD, &key).await?, outcome.refused.as_deref())
        else {
            return Ok(());
        };
        let pen = self.pen(self.language_of_account(&row.account).await?);
        let text = pen.say("foreign.refused", &[("reason", reason)]);
        let to = To::Direct(row.account.clone());
        let letter = Letter::message(format!("fr/{}", heard.event_id), LOCALPART, to, message(&text, None));
        self.kit().outbox().put(batch, letter.relating(Relation::Thread(Related::Letter(key.clone()))));
        batch.put(&FOREIGN_CARD, &key, &ForeignCard { is_sent: false, ..row });
        Ok(())
    }

    async fn name_of_account(&self, account: Option<&OwnedUserId>) -> Result<String, OfficeError> {
        let chart = self.house().await?.chart();
        let Some(account) = account else { return Ok(String::new()) };
        let name = chart.by_account(account).map(|person| person.name.clone());
        Ok(name.unwrap_or_else(|| account.localpart().to_owned()))
    }
}

/// How somebody answers a card.
#[derive(Clone, Copy)]
pub(super) enum Answer<'a> {
    Tap(&'a str),
    Words(&'a str),
}
