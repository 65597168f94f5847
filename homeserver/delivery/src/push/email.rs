//! E-mail pushers: one letter about what stayed unread.
//!
//! A letter waits until its oldest message is unread for a while, then tells of everything unread at
//! once. After it there is a pause that grows as long as nothing is read, so a busy room is one letter
//! and not a hundred.

use std::{collections::BTreeMap, time::Duration};

use mail::{
    Address, Language,
    letters::{DigestMessage, DigestRoom, digest},
};
use model::{Pdu, RoomNum, StreamPos};
use ruma::UserId;
use store::{Batch, Scan};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

use super::{
    Push, PushError,
    courier::Front,
    notice::Surroundings,
    schedule::Turn,
    tables::{PUSH_QUEUE, PUSHER_NUMBERS, PUSHER_STATES, PusherKey, PusherRow, PusherStateRow, QueueRow},
};
use crate::limits::{
    DIGEST_MESSAGES_PER_ROOM_MAX, DIGEST_ROOMS_MAX, DIGEST_TEXT_CHARACTERS_MAX, MAIL_PAUSE_MS_MAX, PAGE_ROWS,
    QUEUE_AGE_MS_MAX,
};

/// Path of the page behind the link that ends the mails.
pub const UNSUBSCRIBE_PATH: &str = "/_lianqiao/email/unsubscribe";

/// Letters of the token in that link.
const TOKEN_LENGTH: usize = 32;

/// Unread events by room, with their number when not all are shown.
type Unread = BTreeMap<RoomNum, (Vec<Pdu>, usize)>;

impl Push {
    /// Ends the mails of a pusher for whoever holds the link of one; whether the link was good.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsubscribe(&self, number: u64, token: &str) -> Result<bool, PushError> {
        let store = &self.0.parts.store;
        let state = store.get(&PUSHER_STATES, &number).await?.unwrap_or_default();
        let expected = state.unsubscribe_token.unwrap_or_default();
        let fits = !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(token.as_bytes()));
        match store.get(&PUSHER_NUMBERS, &number).await? {
            Some(key) if fits => self.remove_key(&key).await.map(|()| true),
            Some(_) | None => Ok(false),
        }
    }

    /// Ends the mails to an address that its owner gave up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_email_pushers(&self, user: &UserId, address: &str) -> Result<(), PushError> {
        let given_up = Address::parse(address);
        for (key, row) in self.pusher_rows(&self.0.parts.store, user).await? {
            if row.kind == "email" && Address::parse(&key.2) == given_up {
                self.remove_key(&key).await?;
            }
        }
        Ok(())
    }

    /// Deals with the queue of an e-mail pusher.
    pub(super) async fn mail_front(
        &self,
        number: u64,
        key: &PusherKey,
        pusher: &PusherRow,
    ) -> Result<Front, PushError> {
        let parts = &self.0.parts;
        let (Some(mailer), Some(address)) = (&parts.mailer, Address::parse(&key.2)) else {
            return Ok(Front::Stays(Turn::Refused));
        };
        if parts.accounts.owner_of_address(address.as_str()).await?.as_ref() != Some(&key.0) {
            self.remove_key(key).await?;
            self.forget_queue(number).await?;
            return Ok(Front::Orphaned);
        }
        let rows = parts.store.scan(&PUSH_QUEUE, Scan::prefix(&number).limit(PAGE_ROWS)).await?;
        let state = parts.store.get(&PUSHER_STATES, &number).await?.unwrap_or_default();
        let now_ms = parts.clock.now_ms();
        let oldest_ms = rows.iter().map(|(_, row)| row.queued_ms()).min().unwrap_or(now_ms);
        let due_ms = (oldest_ms + parts.settings.email_delay_ms).max(state.mailed_ms + state.mail_pause_ms);
        if now_ms < due_ms {
            let wait = Duration::from_millis(due_ms - now_ms);
            return Ok(Front::Stays(Turn::Later(Instant::now() + wait)));
        }
        let positions: Vec<StreamPos> = rows.iter().map(|((_, position), _)| *position).collect();
        let unread = self.still_unread(key, rows.into_iter().map(|(_, row)| row)).await?;
        if unread.is_empty() || !pusher.enabled {
            // Whoever reads is told of the next thing without the long pause.
            let state = PusherStateRow { mail_pause_ms: 0, ..state };
            self.rows_done(number, &positions, &state).await?;
            return Ok(Front::Stays(Turn::More));
        }
        let state = self.with_unsubscribe_token(number, state).await?;
        let token = state.unsubscribe_token.as_deref().unwrap_or_default();
        let link = parts.settings.public_base_url.as_deref().map(|base| {
            format!("{}{UNSUBSCRIBE_PATH}?pusher={number}&token={token}", base.trim_end_matches('/'))
        });
        let language = Language::of(&pusher.lang);
        let rooms = self.digest_rooms(unread, language).await?;
        let letter = digest(language, parts.rooms.server_name().as_str(), &rooms, link.as_deref());
        let outcome = mailer.send(&address, &letter).await;
        let label = if outcome.is_ok() { "sent" } else { "failed" };
        metrics::counter!("push_requests_total", "outcome" => label, "kind" => "email").increment(1);
        match outcome {
            Err(error) if error.is_temporary() => {
                tracing::debug!(%error, "the mail server does not work; will try again");
                return Ok(Front::Stays(Turn::Down));
            }
            // Nobody can do anything about this letter; the next one is tried again.
            Err(error) => tracing::info!(user = %key.0, %error, "a letter about unread messages was refused"),
            Ok(()) => {}
        }
        let state = PusherStateRow {
            mailed_ms: now_ms,
            mail_pause_ms: next_pause(&state, parts.settings.email_delay_ms),
            ..state
        };
        self.rows_done(number, &positions, &state).await?;
        Ok(Front::Stays(Turn::More))
    }

    async fn still_unread(
        &self,
        key: &PusherKey,
        rows: impl Iterator<Item = QueueRow>,
    ) -> Result<Unread, PushError> {
        let (rooms, now_ms) = (&self.0.parts.rooms, self.0.parts.clock.now_ms());
        let mut unread = Unread::new();
        for row in rows {
            let QueueRow::Event { room, event, queued_ms, .. } = row else { continue };
            if now_ms.saturating_sub(queued_ms) > QUEUE_AGE_MS_MAX {
                continue;
            }
            match self.still_matters(key, room, event).await {
                Ok(true) => {}
                Ok(false) | Err(rooms::RoomsError::Corrupt(_)) => continue,
                Err(error) => return Err(error.into()),
            }
            let (events, count) = unread.entry(room).or_default();
            *count += 1;
            if events.len() < DIGEST_MESSAGES_PER_ROOM_MAX {
                events.push(rooms.pdu(rooms.store(), event).await?);
            }
        }
        Ok(unread)
    }

    async fn digest_rooms(&self, unread: Unread, language: Language) -> Result<Vec<DigestRoom>, PushError> {
        let (rooms, mut digests) = (&self.0.parts.rooms, Vec::new());
        for (room, (events, count)) in unread.into_iter().take(DIGEST_ROOMS_MAX) {
            let (mut messages, mut name, mut link) = (Vec::new(), None, None);
            for pdu in &events {
                let around = Surroundings::of(rooms, rooms.store(), room, pdu).await?;
                let sender = around.sender_display_name.unwrap_or_else(|| pdu.sender().to_string());
                name = around.room_name.or(around.room_alias).or(name).or_else(|| Some(sender.clone()));
                link = Some(format!("https://matrix.to/#/{}", pdu.room_id()));
                messages.push(DigestMessage { sender, text: self.text_of(pdu, language) });
            }
            let more = count.saturating_sub(messages.len());
            digests.push(DigestRoom { name: name.unwrap_or_default(), link, messages, more });
        }
        Ok(digests)
    }

    /// What the letter quotes of an event; nothing when it is encrypted, or content stays at home.
    fn text_of(&self, pdu: &Pdu, language: Language) -> Option<String> {
        if pdu.kind() == "m.room.member" {
            let invites = match language {
                Language::Chinese => "邀请您加入",
                Language::English => "invites you",
            };
            return Some(invites.to_owned());
        }
        let content: serde_json::Value = serde_json::from_str(pdu.content_str()).ok()?;
        let body = content.get("body")?.as_str().filter(|_| self.0.parts.settings.content_allowed)?;
        Some(body.chars().take(DIGEST_TEXT_CHARACTERS_MAX).collect())
    }

    /// The state with a token for the link that ends the letters. It is durable before a letter names it, or a person
    /// who is quick, or whose letter a crash repeats, would find the link void.
    async fn with_unsubscribe_token(
        &self,
        number: u64,
        state: PusherStateRow,
    ) -> Result<PusherStateRow, PushError> {
        if state.unsubscribe_token.is_some() {
            return Ok(state);
        }
        let token = self.0.parts.rng.string(TOKEN_LENGTH);
        let state = PusherStateRow { unsubscribe_token: Some(token), ..state };
        self.rows_done(number, &[], &state).await?;
        Ok(state)
    }

    /// Removes what a letter told, or what does not matter any more.
    async fn rows_done(
        &self,
        number: u64,
        positions: &[StreamPos],
        state: &PusherStateRow,
    ) -> Result<(), PushError> {
        let mut batch = Batch::new();
        for position in positions {
            batch.delete(&PUSH_QUEUE, &(number, *position));
        }
        batch.put(&PUSHER_STATES, &number, state);
        self.0.parts.store.commit(batch).await?;
        let mut schedule = self.0.schedule.lock();
        positions.iter().for_each(|_| schedule.row_gone(number));
        Ok(())
    }
}

/// Twice as long from letter to letter, up to a day.
fn next_pause(state: &PusherStateRow, delay_ms: u64) -> u64 {
    match state.mail_pause_ms {
        0 => delay_ms,
        pause_ms => pause_ms.saturating_mul(2).min(MAIL_PAUSE_MS_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_a_day_and_no_further() {
        let mut state = PusherStateRow::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            state.mail_pause_ms = next_pause(&state, 600_000);
            pauses.push(state.mail_pause_ms / 60_000);
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440, 1_440, 1_440]);
    }
}
