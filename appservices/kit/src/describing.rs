//! Rooms that were there before the commands that are to be described in them: those that a bot made under an earlier version,
//! and those that it comes into, as far as they are its own (see `descriptions.rs`).
//!
//! One digest for each bot says whether anything changed since the last start; without a change no room is looked at. With one
//! its rooms are queued, and worked off behind everything else, one after the other: what stands there already is left, what is
//! no command any more is emptied. A room is taken off the queue when it is done, so a stop in between costs one room. Where the
//! bot may not write state, its commands work as well as before.
//!
//! Each command is an event, as the proposal has it, and many of them would push what people said first out of the timeline that
//! a client reads first. So a room that the bot comes into gets those that are used most, and the next ones with each `!help`;
//! a room that the bot makes has all of them before anybody says anything.

use std::time::Duration;

use base::Shutdown;
use ruma::{OwnedRoomId, OwnedUserId, RoomId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan, StoreError};

use crate::{
    Kit,
    commands::OWN_VERBS,
    descriptions::{DESCRIPTION, Description, is_described},
    limits::{
        DESCRIBED_AT_ONCE_MAX, DESCRIBED_COMMANDS_MAX, DESCRIBED_PER_PAGE, DESCRIBING_PAUSE, LIMITED_MAX,
    },
    pause,
    tables::{DESCRIBED, DIRECT, DescribedRow, PLACES, ROOMS, UNDESCRIBED, UndescribedRow},
    texts::Lang,
    wire::CallError,
};

/// What a look at the queue came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// A room is off the queue.
    Described,
    /// It is at its end; there may be rooms at its beginning that were passed over.
    AtEnd,
    /// It is empty.
    Nothing,
}

/// Why a room is not described yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undescribed {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Kit {
    /// Brings the rooms of a bot up to date until the shutdown.
    pub(crate) async fn keep_describing(&self, bot: &str, shutdown: &Shutdown) {
        let (mut failures, mut is_queued, mut after) = (0, false, None);
        while !shutdown.is_triggered() {
            // Before looking, so that nothing that comes in between is missed.
            let news = self.0.undescribed.notified();
            let outcome = match is_queued {
                true => self.describe_next(bot, &mut after).await,
                false => self.queue_rooms(bot).await.map(|()| Looked::AtEnd).map_err(Undescribed::from),
            };
            is_queued |= outcome.is_ok();
            let wait = match outcome {
                Ok(Looked::Described) => {
                    failures = 0;
                    DESCRIBING_PAUSE
                }
                Ok(Looked::AtEnd) => DESCRIBING_PAUSE,
                Ok(Looked::Nothing) => {
                    tokio::select! {
                        () = shutdown.wait() => {}
                        () = news => {}
                    }
                    continue;
                }
                Err(error) => {
                    failures += 1;
                    let wait = wait(&error, failures, self);
                    let wait_ms = wait.as_millis();
                    tracing::debug!(%error, bot, wait_ms, "commands cannot be described in a room; will try again");
                    wait
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Queues all rooms of a bot if its commands are others than at the last start. A stop in between has it begin anew, which
    /// costs a look at the rooms that are done.
    pub(crate) async fn queue_rooms(&self, bot: &str) -> Result<(), StoreError> {
        let old = self.0.store.get(&DESCRIBED, bot).await?.unwrap_or_default();
        let languages = [Lang::Zh, Lang::En, Lang::Both].map(|lang| self.descriptions(bot, lang));
        let digest = digest(&languages);
        if old.digest == digest {
            return Ok(());
        }
        let now = languages.iter().flatten().map(|description| description.state_key.clone());
        let state_keys = now.chain(old.state_keys).take(DESCRIBED_COMMANDS_MAX).collect();
        let rooms = self.queue_direct(bot).await? + self.queue_places(bot).await?;
        let mut batch = Batch::new();
        batch.put(&DESCRIBED, bot, &DescribedRow { digest, state_keys });
        self.0.store.commit(batch).await?;
        if rooms > 0 {
            tracing::info!(bot, rooms, "the commands of a bot changed; its rooms are brought up to date");
        }
        Ok(())
    }

    async fn queue_direct(&self, bot: &str) -> Result<usize, StoreError> {
        let (mut scan, mut rooms) = (Scan::prefix(bot).limit(DESCRIBED_PER_PAGE), 0);
        loop {
            let page = self.0.store.scan(&DIRECT, scan).await?;
            let Some((last, _)) = page.last() else { return Ok(rooms) };
            scan = Scan::prefix(bot).after(last).limit(DESCRIBED_PER_PAGE);
            let known = page.into_iter().filter_map(|((_, person), row)| Some((row.room?, Some(person))));
            rooms += self.queue(bot, known).await?;
        }
    }

    async fn queue_places(&self, bot: &str) -> Result<usize, StoreError> {
        let (mut scan, mut rooms) = (Scan::prefix(bot).limit(DESCRIBED_PER_PAGE), 0);
        loop {
            let page = self.0.store.scan(&PLACES, scan).await?;
            let Some((last, _)) = page.last() else { return Ok(rooms) };
            scan = Scan::prefix(bot).after(last).limit(DESCRIBED_PER_PAGE);
            let described = page.into_iter().filter(|(_, row)| is_described(&row.request));
            rooms += self.queue(bot, described.filter_map(|(_, row)| Some((row.room?, None)))).await?;
        }
    }

    async fn queue(
        &self,
        bot: &str,
        rooms: impl Iterator<Item = (OwnedRoomId, Option<OwnedUserId>)>,
    ) -> Result<usize, StoreError> {
        let (mut batch, mut queued) = (Batch::new(), 0);
        for (room, reader) in rooms {
            batch.put(&UNDESCRIBED, &(bot, &*room), &UndescribedRow { reader, is_asked: false });
            queued += 1;
        }
        if queued > 0 {
            self.0.store.commit(batch).await?;
        }
        Ok(queued)
    }

    /// Describes the commands of a bot in the next room behind `after` that waits for it. From its end the queue is looked at from
    /// the beginning.
    ///
    /// # Errors
    /// What may pass; the room stays in the queue and is passed over until the others had their turn.
    pub(crate) async fn describe_next(
        &self,
        bot: &str,
        after: &mut Option<OwnedRoomId>,
    ) -> Result<Looked, Undescribed> {
        let mut scan = Scan::prefix(bot).limit(1);
        if let Some(after) = &*after {
            scan = scan.after(&(bot, &**after));
        }
        let Some(((_, room), row)) = self.0.store.scan(&UNDESCRIBED, scan).await?.pop() else {
            return Ok(if after.take().is_some() { Looked::AtEnd } else { Looked::Nothing });
        };
        *after = Some(room.clone());
        let outcome = match self.describe(bot, &room, &row).await {
            Ok(()) => "described",
            Err(Undescribed::Call(error @ CallError::Refused { .. })) => {
                tracing::debug!(%error, bot, %room, "a room does not let a bot describe its commands");
                "refused"
            }
            Err(error) => return Err(error),
        };
        let mut batch = Batch::new();
        batch.expect_eq(&UNDESCRIBED, &(bot, &*room), &row).delete(&UNDESCRIBED, &(bot, &*room));
        match self.0.store.commit(batch).await {
            // Somebody asked what commands there are meanwhile: the room has another turn.
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        metrics::counter!("bots_rooms_described_total", "outcome" => outcome).increment(1);
        Ok(Looked::Described)
    }

    async fn describe(&self, bot: &str, room: &RoomId, row: &UndescribedRow) -> Result<(), Undescribed> {
        let standing = self.0.store.get(&ROOMS, &(bot, room)).await?;
        let (true, Some(intent)) = (standing.is_some_and(|row| row.is_there()), self.intent(bot)) else {
            return Ok(());
        };
        let lang = self.language(None, row.reader.as_deref()).await?;
        let described = self.descriptions(bot, lang);
        let known = self.0.store.get(&DESCRIBED, bot).await?.unwrap_or_default().state_keys;
        let is_now = |key: &String| described.iter().any(|description| description.state_key == *key);
        for key in known.iter().filter(|key| !is_now(key)) {
            let stands = intent.state(room, DESCRIPTION, key).await?;
            if stands.is_some_and(|content| content.as_object().is_some_and(|content| !content.is_empty())) {
                intent.set_state(room, DESCRIPTION, key, json!({})).await?;
            }
        }
        let mut added = 0;
        for (place, Description { state_key, content }) in by_use(described).into_iter().enumerate() {
            match intent.state(room, DESCRIPTION, &state_key).await? {
                Some(stands) if stands == content => continue,
                Some(_) => {}
                // The others come when somebody asks for them.
                None if place >= DESCRIBED_AT_ONCE_MAX && !row.is_asked => continue,
                None if added == DESCRIBED_AT_ONCE_MAX => continue,
                None => added += 1,
            }
            intent.set_state(room, DESCRIPTION, &state_key, content).await?;
        }
        Ok(())
    }
}

/// The commands as a room gets to know them: those that are used most, then the kit's own, by which people ask for the others.
fn by_use(mut described: Vec<Description>) -> Vec<Description> {
    let own = described.split_off(described.len().saturating_sub(OWN_VERBS.len()));
    let first = described.len().min(DESCRIBED_AT_ONCE_MAX.saturating_sub(own.len()));
    let others = described.split_off(first);
    described.extend(own.into_iter().chain(others));
    described
}

fn digest(languages: &[Vec<Description>]) -> Vec<u8> {
    let described = languages.iter().flatten();
    let described: Vec<Value> =
        described.map(|Description { state_key, content }| json!([state_key, content])).collect();
    Sha256::digest(Value::from(described).to_string()).to_vec()
}

/// How long to wait after a failure: as long as the homeserver asks for, within a bound, or longer each time.
fn wait(error: &Undescribed, failures: u32, kit: &Kit) -> Duration {
    match error {
        Undescribed::Call(CallError::Limited(Some(asked))) => (*asked).min(LIMITED_MAX),
        Undescribed::Call(_) | Undescribed::Store(_) => pause::after(failures, &kit.0.rng),
    }
}
