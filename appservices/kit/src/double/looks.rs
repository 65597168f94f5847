//! What a test looks up at the homeserver: what it owes the bots, what stands in its rooms, what it was asked for.

use serde_json::{Value, json};

use super::Double;

impl Double {
    /// The next transaction for these users, as the homeserver would send it; what is in it counts as told then.
    #[must_use]
    pub fn take_transaction(&self, bots: &[String]) -> Option<Value> {
        let mut state = self.0.lock();
        let events = std::mem::take(&mut state.owed);
        let (messages, changed) = (state.keys.take_messages(bots, None), state.keys.take_changed());
        let counts = state.keys.take_counts();
        if events.is_empty() && messages.is_empty() && changed.is_empty() && counts.is_none() {
            return None;
        }
        let mut transaction = json!({ "events": events, "to_device": messages });
        transaction["org.matrix.msc3202.device_lists"] = json!({ "changed": changed, "left": [] });
        if let Some((left, unused)) = counts {
            transaction["org.matrix.msc3202.device_one_time_keys_count"] = left;
            transaction["org.matrix.msc3202.device_unused_fallback_key_types"] = unused;
        }
        Some(transaction)
    }

    /// The messages to a device of a person; they count as received then.
    #[must_use]
    pub fn take_messages(&self, person: &str, device: &str) -> Vec<Value> {
        self.0.lock().keys.take_messages(&[person.to_owned()], Some(device))
    }

    /// The path of the link that lets somebody in for the first time, where one works.
    #[must_use]
    pub fn first_login_of(&self, account: &str) -> Option<String> {
        self.0.lock().first_logins.links.get(account).map(|(path, _)| path.clone())
    }

    /// How the organisation was last said to stand to somebody, and by whom; none where nobody said anything.
    #[must_use]
    pub fn standing_of(&self, account: &str) -> Option<(String, String)> {
        self.0.lock().first_logins.standings.get(account).cloned()
    }

    /// The name of a visitor, until when they may be in a room, and the path of their link; none where they are not asked in.
    #[must_use]
    pub fn visit_of(&self, room: &str, address: &str) -> Option<(String, u64, String)> {
        self.0.lock().first_logins.visits.get(&(room.to_owned(), address.to_owned())).cloned()
    }

    /// One-time keys that a user has left.
    #[must_use]
    pub fn keys_left(&self, user: &str) -> usize {
        self.0.lock().keys.left(user)
    }

    /// Everything in a room, in order.
    #[must_use]
    pub fn events(&self, room: &str) -> Vec<Value> {
        self.0.lock().rooms.get(room).map(|room| room.events.clone()).unwrap_or_default()
    }

    /// Who has read up to which event of a room, in the order of the receipts: user, kind, event.
    #[must_use]
    pub fn receipts(&self, room: &str) -> Vec<(String, String, String)> {
        self.0.lock().rooms.get(room).map(|room| room.receipts.clone()).unwrap_or_default()
    }

    /// The direct chats where both are, in the order of their making.
    #[must_use]
    pub fn direct_rooms_of(&self, one: &str, other: &str) -> Vec<String> {
        let state = self.0.lock();
        let mut shared: Vec<_> = state
            .rooms
            .iter()
            .filter(|(_, room)| {
                let is_in =
                    |user: &str| room.members.get(user).is_some_and(|how| how == "join" || how == "invite");
                room.is_direct && is_in(one) && is_in(other)
            })
            .map(|(id, _)| id.clone())
            .collect();
        shared.sort_by_key(|id| id.len());
        shared
    }

    /// The rooms whose state of this type, with an empty key, is meant.
    #[must_use]
    pub fn rooms_with(&self, kind: &str, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
        let state = self.0.lock();
        let key = (kind.to_owned(), String::new());
        let meant = state.rooms.iter().filter(|(_, room)| room.state.get(&key).is_some_and(&is_meant));
        meant.map(|(id, _)| id.clone()).collect()
    }

    /// The content of a state of a room; null where there is none.
    #[must_use]
    pub fn state(&self, room: &str, kind: &str, state_key: &str) -> Value {
        let state = self.0.lock();
        let room = state.rooms.get(room);
        let content = room.and_then(|room| room.state.get(&(kind.to_owned(), state_key.to_owned())));
        content.cloned().unwrap_or_default()
    }

    /// What somebody has in their account data; null where there is nothing.
    #[must_use]
    pub fn account_data(&self, user: &str, kind: &str) -> Value {
        let of = (user.to_owned(), kind.to_owned());
        self.0.lock().account_data.get(&of).cloned().unwrap_or_default()
    }

    /// Method and path of every request, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().requests.clone()
    }

    /// The bytes behind the address of a file.
    ///
    /// # Panics
    /// Where there are none.
    #[must_use]
    pub fn file(&self, mxc: &str) -> Vec<u8> {
        let id = mxc.rsplit('/').next().unwrap_or_default();
        self.0.lock().files.get(id).expect("a file").to_vec()
    }
}
