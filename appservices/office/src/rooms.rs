//! Rooms that bots make for cases: what they are asked for, and letters into them.

use std::collections::BTreeMap;

use cases::Record;
use kit::{Letter, PREFIX, To};
use ruma::{OwnedServerName, OwnedUserId, UserId};
use serde_json::{Value, json};

/// What may be sent into, and done in, a room that only bots lead.
const POWER_OF_BOTS: u32 = 100;

/// What partners' bots, and administrators in their room, may do: ask people in, set templates.
const POWER_OF_HELPERS: u32 = 50;

/// A room as it is to be made.
pub struct RoomOrder<'a> {
    /// `case`, `ledger`, `administration`.
    pub kind: &'static str,
    /// The number of the case.
    pub no: Option<&'a str>,
    /// Its name.
    pub name: String,
    /// Its topic; it says whether what is said there is encrypted.
    pub topic: String,
    /// Who may do more than talk.
    pub helpers: Vec<OwnedUserId>,
    /// Events beside membership that helpers may set.
    pub theirs: Vec<String>,
    /// Whose people may come.
    pub servers: Vec<OwnedServerName>,
}

impl RoomOrder<'_> {
    /// The body of `createRoom`. Creators stand in no power levels: in this room version they have what they need.
    #[must_use]
    pub fn request(&self) -> Value {
        let helpers: BTreeMap<&OwnedUserId, u32> =
            self.helpers.iter().map(|helper| (helper, POWER_OF_HELPERS)).collect();
        let theirs: BTreeMap<&String, u32> =
            self.theirs.iter().map(|kind| (kind, POWER_OF_HELPERS)).collect();
        // A server that is named by its address is meant as much as any other.
        // The rule is held against names without their ports.
        let hosts: Vec<&str> = self.servers.iter().map(|server| server.host()).collect();
        let literals = self.servers.iter().any(|server| server.is_ip_literal());
        json!({
            "preset": "private_chat",
            "room_version": "12",
            "name": self.name,
            "topic": self.topic,
            "power_level_content_override": {
                "users": helpers, "users_default": 0, "events": theirs, "events_default": 0,
                "state_default": POWER_OF_BOTS, "invite": POWER_OF_HELPERS,
                "kick": POWER_OF_BOTS, "ban": POWER_OF_BOTS, "redact": POWER_OF_BOTS,
            },
            "initial_state": [
                { "type": format!("{PREFIX}room"), "state_key": "",
                  "content": { "v": 1, "kind": self.kind, "no": self.no } },
                { "type": "m.room.history_visibility", "state_key": "",
                  "content": { "history_visibility": "joined" } },
                { "type": "m.room.server_acl", "state_key": "",
                  "content": { "allow": hosts, "deny": [], "allow_ip_literals": literals } },
            ],
        })
    }

    /// As [`RoomOrder::request`], of a room that is end-to-end encrypted from the beginning.
    #[must_use]
    pub fn encrypted(&self) -> Value {
        let mut request = self.request();
        if let Some(states) = request["initial_state"].as_array_mut() {
            let content = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
            states.push(json!({ "type": "m.room.encryption", "state_key": "", "content": content }));
        }
        request
    }
}

/// Asks somebody into a room that `bot` has made under this place, or has them go. The key makes it once.
#[must_use]
pub fn membership(key: String, bot: &str, place: &str, user: &UserId, how: &str) -> Letter {
    let mut letter = Letter::message(key, bot, To::Place(place.to_owned()), json!({ "membership": how }));
    letter.kind = "m.room.member".to_owned();
    letter.state_key = Some(user.to_string());
    letter
}

/// A record as an event of a room that `bot` has made under this place. The key makes it once.
#[must_use]
pub fn record_letter(bot: &str, place: &str, key: String, record: &Record) -> Letter {
    let content = serde_json::to_value(record).unwrap_or_default();
    let mut letter = Letter::message(key, bot, To::Place(place.to_owned()), content);
    letter.kind = format!("{PREFIX}record");
    letter
}
