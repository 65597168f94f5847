//! The direct chat of a bot and a person: one, made at first need, made again when the person left. It is encrypted where
//! the person has a client that encrypts, as such clients do it themselves.
//!
//! Making a room cannot be repeated safely by itself. So the request carries a mark that was written down before, and
//! after an answer that nobody saw the room is looked for by its mark.

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::{
    Intent, Kit, PREFIX,
    crypto::ALGORITHM,
    delivery::Undelivered,
    limits::DIRECT_REFUSALS_MAX,
    tables::{DIRECT, DirectRow, ROOMS, RoomRow},
};

/// Length of a mark.
pub(crate) const MARK_CHARACTERS: usize = 24;

/// The type of the state that says what a room of the bots is for.
pub(crate) fn room_kind() -> String {
    format!("{PREFIX}room")
}

impl DirectRow {
    /// Whoever asks the bot in wants to talk again.
    pub(crate) fn asked_into(self, room: &RoomId) -> Self {
        Self { room: Some(room.to_owned()), has_met: true, refusals: 0, ..self }
    }
}

impl Kit {
    /// Whether a person does not want to talk with this bot: they refused as often as they are asked, and have not asked the
    /// bot themselves since. Letters to them come back then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_refused(&self, bot: &str, user: &UserId) -> Result<bool, StoreError> {
        let row = self.0.store.get(&DIRECT, &(bot, user)).await?;
        Ok(row.is_some_and(|row| row.room.is_none() && row.refusals >= DIRECT_REFUSALS_MAX))
    }

    /// The room where this bot and this person talk.
    pub(crate) async fn direct_room(
        &self,
        intent: &Intent,
        bot: &str,
        user: &OwnedUserId,
    ) -> Result<OwnedRoomId, Undelivered> {
        let key = (bot, &**user);
        let old = self.0.store.get(&DIRECT, &key).await?;
        let row = old.clone().unwrap_or_default();
        if let Some(room) = row.room {
            let standing = self.0.store.get(&ROOMS, &(bot, &*room)).await?;
            if standing.is_some_and(|standing| !standing.is_there()) {
                return Err(Undelivered::OnTheWay(bot.to_owned(), room));
            }
            return Ok(room);
        }
        if row.refusals >= DIRECT_REFUSALS_MAX {
            return Err(Undelivered::Refused(format!(
                "{user} refused the direct chat {} times",
                row.refusals
            )));
        }
        let (mark, row) = match row.attempt.clone() {
            Some(mark) => {
                if let Some(room) = self.room_with_mark(intent, &mark).await? {
                    return self.keep_direct(bot, user, row, room).await;
                }
                (mark, row)
            }
            None => {
                let mark = self.0.rng.string(MARK_CHARACTERS);
                let new = DirectRow { attempt: Some(mark.clone()), ..row };
                let mut batch = Batch::new();
                batch.expect_read(&DIRECT, &key, old.as_ref()).put(&DIRECT, &key, &new);
                self.0.store.commit(batch).await?;
                (mark, new)
            }
        };
        let is_encrypted =
            self.0.settings.encrypts_direct_chats && self.can_read_encrypted(intent, user).await?;
        let lang = self.language(None, Some(user)).await?;
        let topic = if is_encrypted { "direct.encrypted" } else { "direct.clear" };
        let topic = self.0.texts.fill(lang, topic, &[]);
        let request = self.describing(bot, lang, request(user, &mark, &topic, is_encrypted));
        let room = intent.create_room(request).await?;
        self.keep_direct(bot, user, row, room).await
    }

    async fn keep_direct(
        &self,
        bot: &str,
        user: &UserId,
        old: DirectRow,
        room: OwnedRoomId,
    ) -> Result<OwnedRoomId, Undelivered> {
        let new = DirectRow { room: Some(room.clone()), attempt: None, has_met: false, ..old.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&DIRECT, &(bot, user), &old).put(&DIRECT, &(bot, user), &new);
        let row = RoomRow { is_joined: true, is_direct: true, ..RoomRow::default() };
        batch.put(&ROOMS, &(bot, &*room), &row);
        self.0.store.commit(batch).await?;
        Ok(room)
    }

    /// The bot is in a room, whether or not a transaction has said so yet: what waits for that goes on.
    pub(crate) async fn come(&self, batch: &mut Batch, bot: &str, room: &RoomId) -> Result<(), StoreError> {
        let key = (bot, room);
        let row = self.0.store.get(&ROOMS, &key).await?;
        // Without a row it is out again.
        let Some(row) = row.filter(|row| !row.is_there()) else { return Ok(()) };
        batch.expect_eq(&ROOMS, &key, &row).put(&ROOMS, &key, &RoomRow { has_come: true, ..row });
        self.tell_of_coming(batch);
        Ok(())
    }

    /// Wakes the letters that wait for a bot to come somewhere, once the batch is visible.
    pub(crate) fn tell_of_coming(&self, batch: &mut Batch) {
        let comings = self.0.comings.clone();
        batch.on_visible(move |_| comings.send_modify(|count| *count += 1));
    }

    /// The bot has come where a person asked it to talk: it answers there, also what was said before it came.
    pub(crate) async fn meet(&self, batch: &mut Batch, bot: &str, room: &RoomId) -> Result<(), StoreError> {
        let asked = self.0.store.get(&ROOMS, &(bot, room)).await?;
        let Some(RoomRow { is_direct: true, inviter: Some(inviter), .. }) = asked else { return Ok(()) };
        let key = (bot, &*inviter);
        let old = self.0.store.get(&DIRECT, &key).await?;
        if old.as_ref().is_none_or(|old| old.room.as_deref() != Some(room)) {
            let new = old.clone().unwrap_or_default().asked_into(room);
            batch.expect_read(&DIRECT, &key, old.as_ref()).put(&DIRECT, &key, &new);
        }
        Ok(())
    }

    /// The bot cannot come where it was to follow a person: they talk in another room, once there is something to say.
    pub(crate) async fn stay_away(
        &self,
        batch: &mut Batch,
        bot: &str,
        room: &RoomId,
    ) -> Result<(), StoreError> {
        let Some(RoomRow { is_direct: true, is_joined: false, inviter: Some(inviter), .. }) =
            self.0.store.get(&ROOMS, &(bot, room)).await?
        else {
            return Ok(());
        };
        let key = (bot, &*inviter);
        let row = self.0.store.get(&DIRECT, &key).await?;
        if let Some(row) = row.filter(|row| row.room.as_deref() == Some(room)) {
            batch.expect_eq(&DIRECT, &key, &row).put(&DIRECT, &key, &DirectRow { room: None, ..row });
        }
        Ok(())
    }

    pub(crate) async fn room_with_mark(
        &self,
        intent: &Intent,
        mark: &str,
    ) -> Result<Option<OwnedRoomId>, Undelivered> {
        for room in intent.joined_rooms().await? {
            let state = intent.state(&room, &room_kind(), "").await?;
            if state.is_some_and(|state| state["mark"] == mark) {
                return Ok(Some(room));
            }
        }
        Ok(None)
    }
}

/// What the homeserver is asked for. Whether the chat is encrypted stands in its topic as well.
fn request(user: &UserId, mark: &str, topic: &str, is_encrypted: bool) -> Value {
    let kind = json!({
        "type": room_kind(),
        "state_key": "",
        "content": { "v": 1, "kind": "direct", "mark": mark },
    });
    let encryption = json!({
        "type": "m.room.encryption",
        "state_key": "",
        "content": { "algorithm": ALGORITHM },
    });
    let state: Vec<Value> = std::iter::once(kind).chain(is_encrypted.then_some(encryption)).collect();
    json!({
        "preset": "private_chat", "is_direct": true, "invite": [user], "topic": topic, "initial_state": state,
    })
}
