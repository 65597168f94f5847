//! Key messages by e-mail while a platform is down: what waits for it, mentions colleagues there or is marked as important, goes
//! to their own addresses, once. When the platform is up again the message arrives there too, with a word that it was sent. A stop
//! waits for the letter that is under way, for a short time: one that takes longer goes after the next start.

mod asking;
mod letters;
mod look;

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use base::Shutdown;
use model::StreamPos;
use ruma::{OwnedEventId, OwnedUserId, RoomId, UserId};
use serde_json::Value;
use store::{Batch, Scan, StoreError};

use self::{asking::asking, look::Look};
use crate::{
    Bridges,
    bridges::Seat,
    error::Stuck,
    limits::{
        DAY_MS, FORGOTTEN_PER_BATCH, MAIL_FAILURES_MAX, MAIL_LOOK, MAIL_PEOPLE_MAX, MAIL_ROWS_MAX,
        MAIL_WAIT_MS, MAILS_PER_DAY_MAX,
    },
    line::LineNow,
    people_tables::{MAILED, MAILED_COUNT, MAILED_ORDER},
    power::Power,
    tables::{LINES, OUTBOX, OutboxRow, PEOPLE_OF},
};

/// Stands in the place of the time where no letter could go.
const NO_LETTER: u64 = 0;

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailWords {
    /// The line that is shown first.
    pub subject: String,
    /// The rest, in plain words.
    pub text: String,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The mail server has it.
    Sent,
    /// The colleague has no address that they proved to be theirs.
    NoAddress,
}

/// The way to the mailboxes of colleagues.
#[async_trait]
pub trait Post: Send + Sync {
    /// Sends a letter to the address that a colleague proved to be theirs.
    ///
    /// # Errors
    /// Why it cannot be sent now.
    async fn post(&self, to: &UserId, words: &MailWords) -> Result<Posted, String>;
}

/// A message that is worth a letter, and for whom.
struct KeyMessage {
    event: OwnedEventId,
    sender: OwnedUserId,
    body: String,
    people: Vec<OwnedUserId>,
}

impl Bridges {
    /// Looks from time to time what waits for platforms that are down, until the shutdown.
    pub(crate) async fn keep_mailing(&self, shutdown: &Shutdown) {
        let Some(post) = self.0.ports.post.clone() else { return shutdown.wait().await };
        let Some(after) = self.0.settings.mails_after else { return shutdown.wait().await };
        while !shutdown.is_triggered() {
            for seat in &self.0.seats {
                let look = Look { seat, post: &*post, shutdown };
                if let Err(error) = Box::pin(self.mail_of(look, after)).await {
                    tracing::warn!(?error, network = seat.network.key(), "letters wait; will try again");
                }
            }
            if let Err(error) = self.forget_letters().await {
                tracing::warn!(%error, "old letters cannot be forgotten");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(MAIL_LOOK.min(after)) => {}
            }
        }
    }

    /// The letters of one platform, if it is down for long enough.
    async fn mail_of(&self, look: Look<'_>, after: Duration) -> Result<(), Stuck> {
        let seat = look.seat;
        let network = seat.network.key();
        let is_down = matches!(seat.now(), LineNow::Down(_) | LineNow::Unreached(_));
        let line = self.0.store.get(&LINES, network).await?.unwrap_or_default();
        let now_ms = self.0.clock.now_ms();
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        if !is_down || line.is_up || line.since_ms == 0 || now_ms.saturating_sub(line.since_ms) < after_ms {
            return Ok(());
        }
        let mut from: Option<(String, String, u64, StreamPos)> = None;
        let mut failed = HashSet::new();
        for _ in 0..MAIL_ROWS_MAX.div_ceil(FORGOTTEN_PER_BATCH) {
            let scan = match &from {
                Some(from) => Scan::prefix(network).after(from),
                None => Scan::prefix(network),
            };
            let rows = self.0.store.scan(&OUTBOX, scan.limit(FORGOTTEN_PER_BATCH)).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from = Some(last.clone());
            for (_, row) in rows {
                if look.shutdown.is_triggered() {
                    return Ok(());
                }
                if now_ms.saturating_sub(row.received_ms) >= MAIL_WAIT_MS {
                    self.mail_row(look, &row, &mut failed).await?;
                }
            }
        }
        Ok(())
    }

    /// The letters of one message. A mailbox that refuses holds up no other; many that do are a way that is out of order.
    async fn mail_row(
        &self,
        look: Look<'_>,
        row: &OutboxRow,
        failed: &mut HashSet<OwnedUserId>,
    ) -> Result<(), Stuck> {
        let json: Value = serde_json::from_str(&row.event).unwrap_or_default();
        let Some(room) = json["room_id"].as_str().and_then(|room| RoomId::parse(room).ok()) else {
            return Ok(());
        };
        let asked = self.key_message(look.seat, &room, &json);
        let Some(message) = look.unless_stopped(asked).await?.flatten() else { return Ok(()) };
        for account in &message.people {
            if failed.contains(account) {
                continue;
            }
            if let Err(error) = self.mail_to(look, &room, &message, account).await {
                failed.insert(account.clone());
                if failed.len() >= MAIL_FAILURES_MAX {
                    return Err(error);
                }
                tracing::warn!(?error, %account, "a letter waits; will try again");
            }
        }
        Ok(())
    }

    /// Whether a message is worth letters: it asks a colleague of that platform for something, or is important to all of them.
    async fn key_message(
        &self,
        seat: &Seat,
        room: &RoomId,
        json: &Value,
    ) -> Result<Option<KeyMessage>, Stuck> {
        let Some(said) = asking(json) else { return Ok(None) };
        let sender = said.sender.clone();
        let mut wanted = said.mentions;
        if said.is_important && wanted.is_empty() {
            let bot = self.bot_intent()?;
            if !Power::read(&bot, room).await?.may_address_everybody(&sender) {
                return Ok(None);
            }
            wanted = bot.joined_members(room).await?;
        }
        let mut people = Vec::new();
        for account in wanted.into_iter().filter(|account| *account != sender) {
            let is_there = self.0.store.exists(&PEOPLE_OF, &(&*account, seat.network.key())).await?;
            if is_there && people.len() < MAIL_PEOPLE_MAX && !people.contains(&account) {
                people.push(account);
            }
        }
        Ok((!people.is_empty()).then_some(KeyMessage { event: said.event, sender, body: said.body, people }))
    }

    /// One letter. That it goes is written down before, so that a kill in between sends none twice; the message itself comes
    /// when the platform is up again.
    async fn mail_to(
        &self,
        look: Look<'_>,
        room: &RoomId,
        message: &KeyMessage,
        account: &UserId,
    ) -> Result<(), Stuck> {
        let now_ms = self.0.clock.now_ms();
        let (of, today) = ((&*message.event, account), (now_ms / DAY_MS, account));
        if self.0.store.exists(&MAILED, &of).await? {
            return Ok(());
        }
        let sent = self.0.store.get(&MAILED_COUNT, &today).await?;
        if sent.unwrap_or_default() >= MAILS_PER_DAY_MAX {
            return Ok(());
        }
        let words = self.letter(look.seat, room, message, account);
        let Some(words) = look.unless_stopped(words).await? else { return Ok(()) };
        let order = (now_ms, &*message.event, account);
        let mut batch = Batch::new();
        batch.expect_absent(&MAILED, &of).put(&MAILED, &of, &now_ms).put(&MAILED_ORDER, &order, &());
        batch.expect_read(&MAILED_COUNT, &today, sent.as_ref());
        batch.put(&MAILED_COUNT, &today, &(sent.unwrap_or_default() + 1));
        match self.0.store.commit(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let outcome = look.posted(account, &words).await;
        let label = match &outcome {
            Ok(Posted::Sent) => "sent",
            Ok(Posted::NoAddress) => "no_address",
            Err(_) => "failed",
        };
        metrics::counter!("bridge_mailed_total", "platform" => look.seat.network.key(), "outcome" => label)
            .increment(1);
        let mut batch = Batch::new();
        match outcome {
            Ok(Posted::Sent) => return Ok(()),
            // Nobody asks again for an address that is not there, and the message says nothing of a letter.
            Ok(Posted::NoAddress) => drop(batch.put(&MAILED, &of, &NO_LETTER)),
            // It may go with the next look, or after the next start. One that a stop cut off may come twice then: two letters are
            // better than none.
            Err(_) => drop(batch.delete(&MAILED_ORDER, &order).delete(&MAILED, &of)),
        }
        batch.put(&MAILED_COUNT, &today, &sent.unwrap_or_default());
        self.0.store.commit(batch).await?;
        outcome.map(drop).map_err(|reason| Stuck::Later(reason, None))
    }
}
