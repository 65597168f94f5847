//! The board of a room: one message, pinned and edited in place; and what happens when the room is closed.
//!
//! Changes are gathered for a moment, so that ten taps are one edit. A room that is closed keeps its board as it is, and its
//! tasks go on in direct chats.

use cases::{Refusal, limits::LISTED_MAX};
use kit::{Fired, Heard, Letter, Related, Relation, To, message};
use ruma::{OwnedRoomId, RoomId};
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Tasks};
use crate::{
    OfficeError,
    act::Action,
    board,
    limits::{BOARD_WAIT_MS, MOVED_AT_ONCE_MAX, PIN_TRIES_MAX, PINS_MAX},
    tables::{BOARD, BoardRow, TOLD},
};

/// Begins the key of the timer that writes the board of a room.
pub(super) const TIMER: &str = "tkboard/";
/// Begins the key of the timer that pins it.
pub(super) const PIN_TIMER: &str = "tkpin/";
/// Begins the key of the timer that moves the tasks of a closed room.
pub(super) const CLOSE_TIMER: &str = "tkclose/";
/// Begins the key of the state that pins it.
pub(super) const PIN_KEY: &str = "tkpinned/";

fn key(room: &RoomId) -> String {
    format!("tkb/{room}")
}

impl Tasks {
    /// Has the board of a room written soon.
    pub(super) fn board_later(&self, batch: &mut Batch, room: &RoomId) {
        let at_ms = self.kit().clock().now_ms().saturating_add(BOARD_WAIT_MS);
        self.kit().timers().set(batch, LOCALPART, &format!("{TIMER}{room}"), at_ms, json!({}));
    }

    /// `!board`, `!board close`.
    pub(super) async fn board_command(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if heard.is_direct {
            let pen = self.pen_of_account(&heard.sender).await?;
            self.answer(batch, heard, &pen.say("tk.list.here", &[]));
            return Ok(());
        }
        let closes = matches!(arguments.trim().to_lowercase().as_str(), "close" | "关闭" | "冻结");
        let opens = matches!(arguments.trim().to_lowercase().as_str(), "open" | "打开");
        if (closes || opens) && !self.moderates(&heard.room, &heard.sender).await? {
            let refusal = Refusal::new("E102").with("role", "moderator").with("scope", "room");
            return self.refuse(batch, heard, &refusal).await;
        }
        if closes {
            self.close_room(batch, &heard.room);
            return Ok(());
        }
        let mut row = self.kit().store().get(&BOARD, &heard.room).await?.unwrap_or_default();
        if opens && row.is_frozen {
            row.is_frozen = false;
            batch.put(&BOARD, &heard.room, &row);
        }
        self.board_later(batch, &heard.room);
        Ok(())
    }

    /// Writes the board of a room, where it reads differently than before.
    pub(super) async fn show_board(&self, batch: &mut Batch, room: &str) -> Result<(), OfficeError> {
        let Ok(room) = OwnedRoomId::try_from(room) else { return Ok(()) };
        let row = self.kit().store().get(&BOARD, &room).await?.unwrap_or_default();
        if row.is_frozen {
            return Ok(());
        }
        let mut tasks = self.tasks_in(&[("room", room.to_string())], LISTED_MAX).await?;
        let scene = self.scene(workdays::default_zone(), self.kit().clock().now_ms()).await?;
        let text = board::body(&mut tasks, &scene.world(), self.pen_of_room(&room).await?, false);
        self.write_board(batch, &room, row, text, false);
        Ok(())
    }

    fn write_board(&self, batch: &mut Batch, room: &RoomId, row: BoardRow, text: String, is_frozen: bool) {
        if row.body == text {
            return;
        }
        let is_new = row.body.is_empty();
        let edits = row.edits + u64::from(!is_new);
        let to = To::Room(room.to_owned());
        let mut content = message(&text, &[]);
        content[format!("{}card", kit::PREFIX)] = json!({
            "v": 1, "kind": "digest", "id": room, "rev": edits, "state": if is_frozen { "frozen" } else { "open" },
        });
        let letter = if is_new {
            Letter::message(key(room), LOCALPART, to, content)
        } else {
            let edit = Relation::Edits(Related::Letter(key(room)));
            Letter::message(format!("{}/{edits}", key(room)), LOCALPART, to, content).relating(edit)
        };
        self.kit().outbox().put(batch, letter);
        batch.put(&BOARD, room, &BoardRow { body: text, edits, is_frozen });
        if is_new {
            self.pin_later(batch, room, 1);
        }
    }

    fn pin_later(&self, batch: &mut Batch, room: &RoomId, attempt: u64) {
        let at_ms = self.kit().clock().now_ms().saturating_add(BOARD_WAIT_MS);
        let payload = json!({ "attempt": attempt });
        self.kit().timers().set(batch, LOCALPART, &format!("{PIN_TIMER}{room}"), at_ms, payload);
    }

    /// Pins the board beside what is pinned already, once it is there.
    pub(super) async fn pin_board(
        &self,
        batch: &mut Batch,
        room: &str,
        fired: &Fired,
    ) -> Result<(), OfficeError> {
        let Ok(room) = OwnedRoomId::try_from(room) else { return Ok(()) };
        let Some((_, event)) = self.kit().sent(&key(&room)).await? else {
            let attempt = fired.payload["attempt"].as_u64().unwrap_or(PIN_TRIES_MAX);
            if attempt < PIN_TRIES_MAX {
                self.pin_later(batch, &room, attempt + 1);
            }
            return Ok(());
        };
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(()) };
        let state = match intent.state(&room, "m.room.pinned_events", "").await {
            Ok(state) => state.unwrap_or_default(),
            Err(kit::CallError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(OfficeError::Later(error.to_string())),
        };
        let mut pinned: Vec<String> = state["pinned"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| event.as_str().map(str::to_owned))
            .collect();
        if pinned.iter().any(|other| *other == event.as_str()) || pinned.len() >= PINS_MAX {
            return Ok(());
        }
        pinned.push(event.to_string());
        let content = json!({ "pinned": pinned });
        let letter = Letter::message(format!("{PIN_KEY}{room}"), LOCALPART, To::Room(room), content);
        let letter =
            Letter { kind: "m.room.pinned_events".to_owned(), state_key: Some(String::new()), ..letter };
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// Says once that somebody else has to pin it.
    pub(super) async fn cannot_pin(&self, batch: &mut Batch, room: &str) -> Result<(), OfficeError> {
        let Ok(room) = OwnedRoomId::try_from(room) else { return Ok(()) };
        let told = ("pin".to_owned(), room.to_string());
        if self.kit().store().exists(&TOLD, &told).await? {
            return Ok(());
        }
        batch.put(&TOLD, &told, &());
        let text = self.pen_of_room(&room).await?.say("tk.told.no_pin", &[]);
        let letter =
            Letter::message(format!("tknopin/{room}"), LOCALPART, To::Room(room), message(&text, &[]));
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// A room is closed: its board changes no more, its tasks move.
    pub(super) fn close_room(&self, batch: &mut Batch, room: &RoomId) {
        let now_ms = self.kit().clock().now_ms();
        self.kit().timers().set(batch, LOCALPART, &format!("{CLOSE_TIMER}{room}"), now_ms, json!({}));
    }

    /// Freezes the board of a closed room and moves its tasks, some at a time.
    pub(super) async fn empty_room(&self, batch: &mut Batch, room: &str) -> Result<(), OfficeError> {
        let Ok(room) = OwnedRoomId::try_from(room) else { return Ok(()) };
        let row = self.kit().store().get(&BOARD, &room).await?.unwrap_or_default();
        // What the board says at last is of as many as before; later on it is only about whether more are left.
        let read_max = if row.is_frozen { MOVED_AT_ONCE_MAX + 1 } else { LISTED_MAX };
        let mut tasks = self.tasks_in(&[("room", room.to_string())], read_max).await?;
        if !row.is_frozen {
            let scene = self.scene(workdays::default_zone(), self.kit().clock().now_ms()).await?;
            let text = board::body(&mut tasks, &scene.world(), self.pen_of_room(&room).await?, true);
            if row.body.is_empty() {
                batch.put(&BOARD, &room, &BoardRow { is_frozen: true, ..row });
            } else {
                self.write_board(batch, &room, row, text, true);
            }
        }
        let has_more = tasks.len() > MOVED_AT_ONCE_MAX;
        for case in tasks.into_iter().take(MOVED_AT_ONCE_MAX) {
            let marker = format!("closed/{}", case.id);
            self.by_itself(batch, case, &Action::RoomGone, &marker, false).await?;
        }
        if has_more {
            self.close_room(batch, &room);
        }
        Ok(())
    }
}
