//! Whether this server recommends an event, as the policy server of its room. Counts in memory: a restart forgets them.
//!
//! Leaving, and redacting, are never refused: they make a room smaller. Encrypted messages are judged by size, sender
//! and number, since nobody here can read them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::Clock;
use model::{Pdu, RoomNum};
use moka::sync::Cache;
use rules::acl::ServerAcl;
use rules::glob::Glob;
use ruma::OwnedUserId;
use serde_json::{Value, json};

use super::PolicyServerSettings;
use super::limits::{COUNT_AGE, COUNTS_MAX, REPEATED_TEXT_CHARACTERS_MIN, WINDOW_MS};

/// What is counted, in one room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Events(OwnedUserId),
    Arrivals,
    /// A text, by its hash.
    Text(u64),
}

/// The rule set and its counts.
pub(super) struct Judge {
    clock: Clock,
    settings: PolicyServerSettings,
    words: Vec<String>,
    users: Vec<Glob>,
    servers: ServerAcl,
    /// By room and number of the minute.
    counts: Cache<(RoomNum, u64, Counted), Arc<AtomicU32>>,
}

impl Judge {
    pub fn new(settings: PolicyServerSettings, clock: Clock) -> Self {
        let denied = json!({ "allow": ["*"], "deny": settings.denied_servers });
        Self {
            clock,
            words: settings.denied_words.iter().map(|word| word.to_lowercase()).collect(),
            users: settings.denied_users.iter().map(|user| Glob::new(user)).collect(),
            servers: ServerAcl::new(&denied.to_string()),
            counts: Cache::builder().max_capacity(COUNTS_MAX).time_to_idle(COUNT_AGE).build(),
            settings,
        }
    }

    /// The power level from which on users are spared.
    pub fn spared_power_level(&self) -> i64 {
        self.settings.spared_power_level
    }

    /// Judges an event that was not judged before.
    ///
    /// # Errors
    /// What is wrong with it, for its sender to read.
    pub fn judge(&self, room: RoomNum, pdu: &Pdu, is_spared: bool) -> Result<(), String> {
        let content: Value = pdu.content_as().unwrap_or_default();
        let is_member = pdu.kind() == "m.room.member";
        let membership = content["membership"].as_str().filter(|_| is_member);
        if membership == Some("leave") || pdu.kind() == "m.room.redaction" {
            return Ok(());
        }
        let sender = pdu.sender();
        if self.users.iter().any(|user| user.matches(sender.as_str()))
            || !self.servers.allows(sender.server_name())
        {
            return Err("You may not send in rooms that this policy server protects".to_owned());
        }
        if is_spared {
            return Ok(());
        }
        self.judge_content(pdu, &content)?;
        let settings = &self.settings;
        let is_arrival = matches!(membership, Some("join" | "knock"));
        if is_arrival && self.is_beyond(room, Counted::Arrivals, settings.arrivals_per_minute_max) {
            return Err("Too many come into the room at once; try again in a minute".to_owned());
        }
        if self.is_beyond(room, Counted::Events(sender.to_owned()), settings.events_per_minute_max) {
            return Err("You send too much at once; try again in a minute".to_owned());
        }
        if let Some(text) =
            text_of(&content).filter(|text| text.chars().count() >= REPEATED_TEXT_CHARACTERS_MIN)
            && self.is_beyond(room, Counted::Text(hash(text)), settings.repeats_per_minute_max)
        {
            return Err("The same was said too often in the last minute".to_owned());
        }
        Ok(())
    }

    /// The rules that look at one event alone.
    fn judge_content(&self, pdu: &Pdu, content: &Value) -> Result<(), String> {
        let settings = &self.settings;
        if settings.event_bytes_max > 0 && pdu.json().len() > settings.event_bytes_max {
            return Err(format!("An event may have at most {} bytes here", settings.event_bytes_max));
        }
        if settings.mentions_max > 0 && mentions(content) > settings.mentions_max {
            return Err(format!("An event may mention at most {} users here", settings.mentions_max));
        }
        if !self.words.is_empty() && said(content).any(|text| self.has_denied_word(text)) {
            return Err("This text is not welcome here".to_owned());
        }
        Ok(())
    }

    fn has_denied_word(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().any(|word| text.contains(word))
    }

    /// Counts, and says whether there are more now than may be.
    fn is_beyond(&self, room: RoomNum, counted: Counted, count_max: u32) -> bool {
        if count_max == 0 {
            return false;
        }
        let minute = self.clock.now_ms() / WINDOW_MS;
        let count = self.counts.get_with((room, minute, counted), Arc::default);
        count.fetch_add(1, Ordering::Relaxed) >= count_max
    }
}

/// What a message says.
fn text_of(content: &Value) -> Option<&str> {
    content["body"].as_str()
}

/// Everything that people would read of an event.
fn said(content: &Value) -> impl Iterator<Item = &str> {
    let new = &content["m.new_content"];
    let edited = [&new["body"], &new["formatted_body"]];
    let own = ["body", "formatted_body", "filename", "name", "topic", "displayname", "reason"];
    own.into_iter().map(|key| &content[key]).chain(edited).filter_map(Value::as_str)
}

/// Users that an event mentions: those that it lists, or the links to users in its text if these are more.
fn mentions(content: &Value) -> usize {
    let listed = content["m.mentions"]["user_ids"].as_array().map_or(0, Vec::len);
    let linked = content["formatted_body"].as_str().map_or(0, |text| text.matches("matrix.to/#/@").count());
    let plain =
        text_of(content).map_or(0, |text| text.split_whitespace().filter(|word| is_user(word)).count());
    listed.max(linked).max(plain)
}

fn is_user(word: &str) -> bool {
    word.starts_with('@') && word.contains(':')
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.trim().to_lowercase().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomNum = RoomNum::new(1);

    fn judge(change: impl FnOnce(&mut PolicyServerSettings)) -> (Judge, Clock) {
        let mut settings = PolicyServerSettings::default();
        change(&mut settings);
        let clock = Clock::fake(1_000_000);
        (Judge::new(settings, clock.clone()), clock)
    }

    fn event(sender: &str, kind: &str, content: &Value) -> Pdu {
        let mut event = json!({
            "type": kind, "sender": sender, "room_id": "!r:a.org", "content": content, "depth": 1,
            "origin_server_ts": 1, "prev_events": [], "auth_events": [], "hashes": { "sha256": "x" },
        });
        if kind == "m.room.member" {
            event["state_key"] = sender.into();
        }
        Pdu::parse(ruma::owned_event_id!("$e"), event.to_string().into()).unwrap()
    }

    fn message(sender: &str, body: &str) -> Pdu {
        event(sender, "m.room.message", &json!({ "msgtype": "m.text", "body": body }))
    }

    #[test]
    fn an_event_is_judged_by_what_it_says_and_who_says_it() {
        let (judge, _) = judge(|settings| {
            settings.denied_words = vec!["Buy Coins".to_owned()];
            settings.denied_users = vec!["@bot*:*".to_owned()];
            settings.denied_servers = vec!["*.evil.org".to_owned()];
            settings.mentions_max = 2;
            settings.event_bytes_max = 1_000;
        });
        let alice = "@alice:a.org";
        let crowd = json!({ "body": "hi", "m.mentions": { "user_ids": ["@a:x", "@b:x", "@c:x"] } });
        let edit = json!({ "body": "*", "m.new_content": { "body": "buy coins" } });
        let named = json!({ "membership": "join", "displayname": "BUY COINS now" });
        let table = [
            (message(alice, "hello"), true),
            (message(alice, "now BUY coins here"), false),
            (event(alice, "m.room.message", &edit), false),
            (event(alice, "m.room.member", &named), false),
            (event(alice, "m.room.message", &crowd), false),
            (message(alice, "@a:x @b:x @c:x look"), false),
            (message(alice, &"x".repeat(1_000)), false),
            (message("@bot7:a.org", "hello"), false),
            (message("@alice:x.evil.org", "hello"), false),
            (event("@bot7:a.org", "m.room.member", &json!({ "membership": "leave" })), true),
            (event("@bot7:a.org", "m.room.redaction", &json!({})), true),
        ];
        for (pdu, expected) in table {
            assert_eq!(judge.judge(ROOM, &pdu, false).is_ok(), expected, "{:?}", pdu.content_str());
        }
        assert!(judge.judge(ROOM, &message(alice, "buy coins"), true).is_ok());
        assert!(judge.judge(ROOM, &message("@bot7:a.org", "hello"), true).is_err());
    }

    #[test]
    fn floods_end_and_the_next_minute_begins_anew() {
        let (judge, clock) = judge(|settings| {
            settings.events_per_minute_max = 3;
            settings.repeats_per_minute_max = 2;
            settings.arrivals_per_minute_max = 1;
        });
        let said = |sender: &str, text: &str| judge.judge(ROOM, &message(sender, text), false).is_ok();
        assert!(said("@a:x", "1") && said("@a:x", "2") && said("@a:x", "3"));
        assert!(!said("@a:x", "4") && said("@b:x", "1"));
        assert!(judge.judge(RoomNum::new(2), &message("@a:x", "4"), false).is_ok());
        let wave = "join our great channel";
        assert!(said("@c:x", wave) && said("@d:x", "JOIN our great channel ") && !said("@e:x", wave));
        let join = |sender: &str| event(sender, "m.room.member", &json!({ "membership": "join" }));
        assert!(judge.judge(ROOM, &join("@f:x"), false).is_ok());
        assert!(judge.judge(ROOM, &join("@g:x"), false).is_err());
        clock.advance(WINDOW_MS);
        assert!(said("@a:x", "5") && said("@e:x", wave));
        assert!(judge.judge(ROOM, &join("@g:x"), false).is_ok());
    }

    #[test]
    fn a_rule_with_nothing_in_it_refuses_nothing() {
        let (judge, _) = judge(|settings| {
            *settings = PolicyServerSettings {
                events_per_minute_max: 0,
                arrivals_per_minute_max: 0,
                repeats_per_minute_max: 0,
                mentions_max: 0,
                ..PolicyServerSettings::default()
            };
        });
        for _ in 0..200 {
            assert!(judge.judge(ROOM, &message("@a:x", &"@a:x ".repeat(50)), false).is_ok());
        }
    }
}
