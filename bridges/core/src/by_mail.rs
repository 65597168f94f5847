//! Key messages by e-mail while a platform is down: what waits for it, mentions colleagues there or is marked as important, goes
//! to their own addresses, once. When the platform is up again the message arrives there too, with a word that it was sent.

use std::time::Duration;

use async_trait::async_trait;
use base::Shutdown;
use bridge_api::{Block, Content, Inline, Language, RichText};
use kit::texts::Lang;
use model::StreamPos;
use ruma::{EventId, OwnedEventId, OwnedUserId, RoomId, UserId};
use serde_json::Value;
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    bridges::Seat,
    error::Stuck,
    limits::{
        FORGOTTEN_PER_BATCH, MAIL_CHARACTERS_MAX, MAIL_KEPT_MS, MAIL_LOOK, MAIL_PEOPLE_MAX, MAIL_ROWS_MAX,
        MAIL_WAIT_MS, MAILS_PER_DAY_MAX,
    },
    line::LineNow,
    names::tamed,
    people_tables::{MAILED, MAILED_COUNT, MAILED_ORDER},
    power::Power,
    tables::{LINES, OUTBOX, OutboxRow, PEOPLE_OF},
};

/// Stands in the place of the time where no letter could go.
const NO_LETTER: u64 = 0;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Words at the beginning of a message that say that it is important.
const URGENT: [&str; 6] = ["【紧急】", "[紧急]", "!紧急", "！紧急", "[urgent]", "!ding"];

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
                if let Err(error) = Box::pin(self.mail_of(seat, &*post, after)).await {
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
    async fn mail_of(&self, seat: &Seat, post: &dyn Post, after: Duration) -> Result<(), Stuck> {
        let network = seat.network.key();
        let is_down = matches!(&*seat.line.borrow(), LineNow::Down(_));
        let line = self.0.store.get(&LINES, network).await?.unwrap_or_default();
        let now_ms = self.0.clock.now_ms();
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        if !is_down || line.is_up || line.since_ms == 0 || now_ms.saturating_sub(line.since_ms) < after_ms {
            return Ok(());
        }
        let mut from: Option<(String, String, u64, StreamPos)> = None;
        for _ in 0..MAIL_ROWS_MAX.div_ceil(FORGOTTEN_PER_BATCH) {
            let scan = match &from {
                Some(from) => Scan::prefix(network).after(from),
                None => Scan::prefix(network),
            };
            let rows = self.0.store.scan(&OUTBOX, scan.limit(FORGOTTEN_PER_BATCH)).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from = Some(last.clone());
            for (_, row) in rows {
                if now_ms.saturating_sub(row.received_ms) >= MAIL_WAIT_MS {
                    self.mail_row(seat, post, &row).await?;
                }
            }
        }
        Ok(())
    }

    async fn mail_row(&self, seat: &Seat, post: &dyn Post, row: &OutboxRow) -> Result<(), Stuck> {
        let json: Value = serde_json::from_str(&row.event).unwrap_or_default();
        let Some(room) = json["room_id"].as_str().and_then(|room| RoomId::parse(room).ok()) else {
            return Ok(());
        };
        let Some(message) = self.key_message(seat, &room, &json).await? else { return Ok(()) };
        for account in &message.people {
            self.mail_to(seat, post, &room, &message, account).await?;
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
        seat: &Seat,
        post: &dyn Post,
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
        let words = self.letter(seat, room, message, account).await?;
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
        let outcome = post.post(account, &words).await;
        let label = match &outcome {
            Ok(Posted::Sent) => "sent",
            Ok(Posted::NoAddress) => "no_address",
            Err(_) => "failed",
        };
        metrics::counter!("bridge_mailed_total", "platform" => seat.network.key(), "outcome" => label)
            .increment(1);
        let mut batch = Batch::new();
        match outcome {
            Ok(Posted::Sent) => return Ok(()),
            // Nobody asks again for an address that is not there, and the message says nothing of a letter.
            Ok(Posted::NoAddress) => drop(batch.put(&MAILED, &of, &NO_LETTER)),
            // It may go with the next look.
            Err(_) => drop(batch.delete(&MAILED_ORDER, &order).delete(&MAILED, &of)),
        }
        batch.put(&MAILED_COUNT, &today, &sent.unwrap_or_default());
        self.0.store.commit(batch).await?;
        outcome.map(drop).map_err(|reason| Stuck::Later(reason, None))
    }

    async fn letter(
        &self,
        seat: &Seat,
        room: &RoomId,
        message: &KeyMessage,
        account: &UserId,
    ) -> Result<MailWords, Stuck> {
        let bot = self.bot_intent()?;
        let lang = self.0.kit.language(None, Some(account)).await?;
        let named = bot.state(room, "m.room.name", "").await?;
        let named = named.and_then(|state| Some(tamed(state["name"].as_str()?))).unwrap_or_default();
        let member = bot.state(room, "m.room.member", message.sender.as_str()).await?;
        let who = member.and_then(|member| Some(tamed(member["displayname"].as_str()?)));
        let who = who.filter(|who| !who.is_empty()).unwrap_or_else(|| message.sender.to_string());
        let platform = match lang {
            Lang::En => seat.network.name().of(Language::En),
            Lang::Zh | Lang::Both => seat.network.name().of(Language::Zh),
        };
        let body: String = message.body.chars().take(MAIL_CHARACTERS_MAX).collect();
        let room = if named.is_empty() { room.to_string() } else { named };
        let values =
            [("who", who.as_str()), ("room", room.as_str()), ("platform", platform), ("text", body.as_str())];
        let say = |key: &str| self.0.kit.texts().fill(lang, key, &values);
        Ok(MailWords { subject: say("bridge.mail.subject"), text: say("bridge.mail.text") })
    }

    /// A message that went by e-mail says so where it comes late.
    pub(crate) async fn marked_as_mailed(&self, event: &EventId, content: Content) -> Result<Content, Stuck> {
        let letters = self.0.store.scan(&MAILED, Scan::prefix(event).limit(MAIL_PEOPLE_MAX)).await?;
        let is_mailed = letters.iter().any(|(_, at_ms)| *at_ms != NO_LETTER);
        Ok(match content {
            Content::Text(text) if is_mailed => {
                let word = self.0.kit.texts().fill(self.lang(), "bridge.mail.mark", &[]);
                let mut blocks = vec![Block::Paragraph(vec![Inline::text(word)])];
                blocks.extend(text.blocks);
                Content::Text(RichText { blocks })
            }
            other => other,
        })
    }

    async fn forget_letters(&self) -> Result<(), StoreError> {
        let first_kept = self.0.clock.now_ms().saturating_sub(MAIL_KEPT_MS);
        let mut batch = Batch::new();
        for (at_ms, event, account) in
            self.0.store.scan_keys(&MAILED_ORDER, Scan::all().limit(FORGOTTEN_PER_BATCH)).await?
        {
            if at_ms < first_kept {
                batch
                    .delete(&MAILED_ORDER, &(at_ms, &*event, &*account))
                    .delete(&MAILED, &(&*event, &*account));
            }
        }
        for (day, account) in
            self.0.store.scan_keys(&MAILED_COUNT, Scan::all().limit(FORGOTTEN_PER_BATCH)).await?
        {
            if day < first_kept / DAY_MS {
                batch.delete(&MAILED_COUNT, &(day, &*account));
            }
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        Ok(())
    }
}

/// What a message asks, and whom.
#[derive(Debug, PartialEq, Eq)]
struct Asking {
    event: OwnedEventId,
    sender: OwnedUserId,
    body: String,
    mentions: Vec<OwnedUserId>,
    is_important: bool,
}

/// Reads whether a message asks somebody for something: mentions, cards that wait for somebody, words that say so.
fn asking(json: &Value) -> Option<Asking> {
    let content = &json["content"];
    if json["type"] == format!("{}bridge.card", kit::PREFIX) {
        return card(json);
    }
    if json["type"] != "m.room.message" || content["m.relates_to"]["rel_type"] == "m.replace" {
        return None;
    }
    let event = EventId::parse(json["event_id"].as_str()?).ok()?;
    let sender = UserId::parse(json["sender"].as_str()?).ok()?;
    let body = content["body"].as_str()?.to_owned();
    let mentions = content["m.mentions"]["user_ids"].as_array().into_iter().flatten();
    let mentions: Vec<_> =
        mentions.filter_map(|user| UserId::parse(user.as_str()?).ok()).take(MAIL_PEOPLE_MAX).collect();
    let lower = body.trim_start().to_lowercase();
    let is_important = content["m.mentions"]["room"] == true
        || content[format!("{}priority", kit::PREFIX)] == "high"
        || URGENT.iter().any(|word| lower.starts_with(word));
    (!mentions.is_empty() || is_important).then_some(Asking { event, sender, body, mentions, is_important })
}

/// A card of a bot that waits for somebody's decision.
fn card(json: &Value) -> Option<Asking> {
    let content = &json["content"];
    content["buttons"].as_array().filter(|buttons| !buttons.is_empty())?;
    let words = [content["title"].as_str()?, content["body"].as_str().unwrap_or_default()];
    Some(Asking {
        event: EventId::parse(json["event_id"].as_str()?).ok()?,
        sender: UserId::parse(json["sender"].as_str()?).ok()?,
        body: words.join("\n"),
        mentions: vec![UserId::parse(content["for"].as_str()?).ok()?],
        is_important: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_worth_a_letter_while_it_waits_for_somebody() {
        let card = |buttons: Value| {
            asking(&json!({
                "type": "com.lianqiao.bridge.card", "event_id": "$a", "sender": "@approvals:test",
                "content": { "for": "@li:test", "title": "AP-1", "body": "x", "buttons": buttons },
            }))
        };
        let asked = card(json!([{ "action": "approve" }])).expect("it waits");
        assert_eq!((asked.body.as_str(), asked.mentions.len()), ("AP-1\nx", 1));
        assert_eq!(card(json!([])), None);
    }

    fn asked(content: Value) -> Option<(usize, bool)> {
        let event = json!({
            "type": "m.room.message", "event_id": "$a", "sender": "@li:test", "room_id": "!r:test",
            "content": content,
        });
        asking(&event).map(|asking| (asking.mentions.len(), asking.is_important))
    }

    #[test]
    fn letters_are_for_what_asks_somebody_and_for_what_is_important() {
        let mention = json!({ "user_ids": ["@wang:test", "no user"] });
        for (content, asks) in [
            (json!({ "body": "hi" }), None),
            (json!({ "body": "hi", "m.mentions": mention }), Some((1, false))),
            (json!({ "body": "hi", "m.mentions": { "room": true } }), Some((0, true))),
            (json!({ "body": " 【紧急】停机" }), Some((0, true))),
            (json!({ "body": "[Urgent] stop" }), Some((0, true))),
            (json!({ "body": "x", "com.lianqiao.priority": "high" }), Some((0, true))),
            (
                json!({ "body": "* hi", "m.mentions": mention, "m.relates_to": { "rel_type": "m.replace" } }),
                None,
            ),
            (json!({ "m.mentions": mention }), None),
        ] {
            assert_eq!(asked(content.clone()), asks, "{content}");
        }
        assert_eq!(asking(&json!([])), None);
    }
}
