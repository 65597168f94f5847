//! Typing, receipts and presence on their way out: memory only, the latest of each wins, and a destination that fails
//! loses them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ruma::{OwnedRoomId, OwnedUserId, presence::PresenceState};
use serde_json::{Map, Value, json};

use super::Sender;
use super::limits::{EPHEMERAL_PER_DESTINATION_MAX, PRESENCES_PER_EDU_MAX, RECEIPTS_PER_EDU_MAX};

/// A public receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub event_id: String,
    /// What the specification keeps beside it: `ts`, and `thread_id` where there is one.
    pub data: Value,
}

/// Room, user, thread.
type ReceiptKey = (OwnedRoomId, OwnedUserId, String);

/// What waits for one destination.
#[derive(Clone, Debug, Default)]
pub(super) struct Ephemeral {
    typing: BTreeMap<(OwnedRoomId, OwnedUserId), bool>,
    receipts: BTreeMap<ReceiptKey, Receipt>,
    presence: BTreeSet<OwnedUserId>,
}

impl Ephemeral {
    pub fn is_empty(&self) -> bool {
        self.typing.is_empty() && self.receipts.is_empty() && self.presence.is_empty()
    }

    pub fn typing(&mut self, room: OwnedRoomId, user: OwnedUserId, typing: bool) {
        let key = (room, user);
        // What waits already is brought up to date also where nothing else has room.
        if self.has_room() || self.typing.contains_key(&key) {
            self.typing.insert(key, typing);
        }
    }

    pub fn receipt(&mut self, room: OwnedRoomId, user: OwnedUserId, thread: String, receipt: Receipt) {
        let key = (room, user, thread);
        if self.has_room() || self.receipts.contains_key(&key) {
            self.receipts.insert(key, receipt);
        }
    }

    pub fn presence(&mut self, user: OwnedUserId) {
        if self.has_room() {
            self.presence.insert(user);
        }
    }

    fn has_room(&self) -> bool {
        self.typing.len() + self.receipts.len() + self.presence.len() < EPHEMERAL_PER_DESTINATION_MAX
    }

    /// Takes out at most `edus_max` EDUs.
    pub fn take(&mut self, sender: &Sender, edus_max: usize) -> Vec<Bytes> {
        let mut edus = Vec::new();
        while edus.len() < edus_max
            && let Some(edu) = self.next(sender)
        {
            edus.push(Bytes::from(edu.to_string()));
        }
        edus
    }

    fn next(&mut self, sender: &Sender) -> Option<Value> {
        if let Some(((room, user), typing)) = self.typing.pop_first() {
            let content = json!({ "room_id": room, "user_id": user, "typing": typing });
            return Some(json!({ "edu_type": "m.typing", "content": content }));
        }
        self.next_receipts().or_else(|| self.next_presences(sender))
    }

    /// An EDU has room for one receipt of a user in a room; those of further threads wait for the next one.
    fn next_receipts(&mut self) -> Option<Value> {
        if self.receipts.is_empty() {
            return None;
        }
        let mut rooms: BTreeMap<OwnedRoomId, Map<String, Value>> = BTreeMap::new();
        let mut count = 0;
        self.receipts.retain(|(room, user, _), receipt| {
            let users = rooms.entry(room.clone()).or_default();
            if count >= RECEIPTS_PER_EDU_MAX || users.contains_key(user.as_str()) {
                return true;
            }
            count += 1;
            users.insert(user.to_string(), json!({ "data": receipt.data, "event_ids": [receipt.event_id] }));
            false
        });
        let rooms: BTreeMap<_, _> = rooms
            .into_iter()
            .filter(|(_, users)| !users.is_empty())
            .map(|(room, users)| (room, json!({ "m.read": users })))
            .collect();
        Some(json!({ "edu_type": "m.receipt", "content": rooms }))
    }

    fn next_presences(&mut self, sender: &Sender) -> Option<Value> {
        let mut push = Vec::new();
        while push.len() < PRESENCES_PER_EDU_MAX
            && let Some(user) = self.presence.pop_first()
        {
            let Some(status) = sender.0.parts.rooms.presence().status(&user) else { continue };
            let mut update = json!({
                "user_id": user,
                "presence": status.state,
                "last_active_ago": status.last_active_ago_ms.unwrap_or_default(),
                "currently_active": status.currently_active && status.state == PresenceState::Online,
            });
            if let Some(text) = status.status_msg {
                update["status_msg"] = text.into();
            }
            push.push(update);
        }
        (!push.is_empty()).then(|| json!({ "edu_type": "m.presence", "content": { "push": push } }))
    }
}

#[cfg(test)]
mod tests {
    use ruma::{room_id, user_id};

    use super::*;

    fn receipt(event: &str) -> Receipt {
        Receipt { event_id: event.to_owned(), data: json!({ "ts": 1 }) }
    }

    #[test]
    fn the_latest_receipt_of_a_thread_wins_and_threads_wait_for_each_other() {
        let mut ephemeral = Ephemeral::default();
        let (room, user) = (room_id!("!r:a"), user_id!("@alice:a"));
        for (thread, event) in [("", "$1"), ("", "$2"), ("main", "$3")] {
            ephemeral.receipt(room.to_owned(), user.to_owned(), thread.to_owned(), receipt(event));
        }
        let first = ephemeral.next_receipts().expect("an EDU");
        assert_eq!(first["content"]["!r:a"]["m.read"]["@alice:a"]["event_ids"], json!(["$2"]));
        let second = ephemeral.next_receipts().expect("an EDU");
        assert_eq!(second["content"]["!r:a"]["m.read"]["@alice:a"]["event_ids"], json!(["$3"]));
        assert_eq!(ephemeral.next_receipts(), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut ephemeral = Ephemeral::default();
        for number in 0..EPHEMERAL_PER_DESTINATION_MAX + 10 {
            let user: OwnedUserId = format!("@u{number}:a").try_into().expect("a user id");
            ephemeral.presence(user);
        }
        assert_eq!(ephemeral.presence.len(), EPHEMERAL_PER_DESTINATION_MAX);
    }

    #[test]
    fn what_waits_is_brought_up_to_date_also_when_nothing_more_has_room() {
        let mut ephemeral = Ephemeral::default();
        let (room, user) = (room_id!("!r:a"), user_id!("@alice:a"));
        ephemeral.typing(room.to_owned(), user.to_owned(), true);
        ephemeral.receipt(room.to_owned(), user.to_owned(), String::new(), receipt("$1"));
        for number in 0..EPHEMERAL_PER_DESTINATION_MAX {
            let user: OwnedUserId = format!("@u{number}:a").try_into().expect("a user id");
            ephemeral.presence(user);
        }
        ephemeral.typing(room.to_owned(), user.to_owned(), false);
        ephemeral.receipt(room.to_owned(), user.to_owned(), String::new(), receipt("$2"));
        ephemeral.typing(room.to_owned(), user_id!("@bob:a").to_owned(), true);
        assert_eq!(ephemeral.typing.values().collect::<Vec<_>>(), [&false]);
        assert_eq!(ephemeral.receipts.values().collect::<Vec<_>>(), [&receipt("$2")]);
    }
}
