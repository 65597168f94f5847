//! What people see on the stage: cards as they are now, chats with a bot, transcripts that are played line by line.

use serde_json::Value;

use super::Stage;
use crate::{FileSource, crypto::unlocked};

/// A minute, in ms.
const MINUTE_MS: u64 = 60_000;

/// The transcripts of a page: what stands in its blocks of that kind.
#[must_use]
pub fn transcripts(page: &str) -> Vec<&str> {
    page.split("```transcript\n").skip(1).filter_map(|part| part.split("```").next()).collect()
}

/// Who plays a transcript of direct chats with a bot.
pub struct Cast {
    /// The bot.
    pub bot: &'static str,
    /// The account of a name.
    pub account: fn(&str) -> String,
    /// How the card begins that a tap is meant for, where the line does not say.
    pub taps: &'static str,
}

impl Stage {
    /// The direct chat of a bot and a person, joined.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn chat(&self, bot: &str, person: &str) -> String {
        let room = self.direct(bot, person);
        let room = room.unwrap_or_else(|| panic!("{person} has no chat with {bot}"));
        self.joins(person, &room);
        room
    }

    /// The same, opened by the person where there is none.
    pub async fn chat_or_new(&mut self, bot: &str, person: &str) -> String {
        if self.direct(bot, person).is_some() {
            return self.chat(bot, person);
        }
        let room = self.room_with(person, bot, true);
        self.settle().await;
        room
    }

    /// The newest message of bots in a room that is no edit and whose text is as wanted: its event.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn newest(&self, room: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let events = self.events_of_bots(room);
        let found = events
            .iter()
            .rev()
            .find(|event| !is_edit(event) && event["content"]["body"].as_str().is_some_and(&is_wanted));
        let found = found.unwrap_or_else(|| panic!("not in {room}: {:#?}", self.said(room)));
        found["event_id"].as_str().expect("an event id").to_owned()
    }

    /// What a message of bots says now.
    ///
    /// # Panics
    /// Where there is no such message.
    #[must_use]
    pub fn reads(&self, room: &str, event: &str) -> String {
        self.newest_version(room, event)["body"].as_str().expect("a message").to_owned()
    }

    /// The reactions that a message of bots offers as buttons now.
    ///
    /// # Panics
    /// Where there is no such message.
    #[must_use]
    pub fn offers(&self, room: &str, event: &str) -> Vec<String> {
        let prompts = self.newest_version(room, event)["org.matrix.msc4139.prompts"]["prompts"].take();
        let ids = prompts.as_array().into_iter().flatten().filter_map(|prompt| prompt["id"].as_str());
        ids.map(str::to_owned).collect()
    }

    /// The content of a message as it is now.
    fn newest_version(&self, room: &str, event: &str) -> Value {
        let events = self.events_of_bots(room);
        let edit = events
            .iter()
            .rev()
            .find(|other| is_edit(other) && other["content"]["m.relates_to"]["event_id"] == event);
        let first = || Some(&events.iter().find(|other| other["event_id"] == event)?["content"]);
        let content = edit.map(|edit| &edit["content"]["m.new_content"]).or_else(first);
        content.expect("a message").clone()
    }

    /// The last thing that bots said in a room and that is no edit.
    #[must_use]
    pub fn last(&self, room: &str) -> String {
        let events = self.events_of_bots(room);
        let said = events.iter().rev().find(|event| event["type"] == "m.room.message" && !is_edit(event));
        said.and_then(|event| event["content"]["body"].as_str()).unwrap_or_default().to_owned()
    }

    /// Everything that bots ever showed in a room, edits included.
    #[must_use]
    pub fn shown(&self, room: &str) -> Vec<String> {
        let bodies = self.events_of_bots(room).into_iter().flat_map(|event| {
            let content = &event["content"];
            [content["body"].clone(), content["m.new_content"]["body"].clone()]
        });
        bodies.filter_map(|body| body.as_str().map(str::to_owned)).collect()
    }

    /// The file that a message of bots carries in the clear.
    ///
    /// # Panics
    /// Where there is no such message, or no file in it.
    #[must_use]
    pub fn file(&self, room: &str, event: &str) -> Vec<u8> {
        let events = self.events_of_bots(room);
        let found = events.iter().find(|other| other["event_id"] == event).expect("a message");
        self.homeserver().file(found["content"]["url"].as_str().expect("a file"))
    }

    /// The file of this content of a message, unlocked where it is locked.
    ///
    /// # Panics
    /// Where there is none, or it cannot be unlocked.
    #[must_use]
    pub fn file_of(&self, content: &Value) -> Vec<u8> {
        let source = FileSource::of(content).expect("a file");
        let bytes = self.homeserver().file(&source.mxc);
        match source.lock {
            Some(_) => unlocked(&bytes, &content["file"]).expect("the key").to_vec(),
            None => bytes,
        }
    }

    /// Plays a transcript of direct chats. `张三: text` is said, `→ 张三: text` is how something begins that the bot showed
    /// them, `李四 ✅ text` is a tap on the newest message that begins so, `⏱ 60` lets minutes pass.
    ///
    /// # Panics
    /// At the first line that is not true.
    pub async fn plays(&mut self, cast: &Cast, transcript: &str) {
        for line in transcript.lines() {
            if let Some((name, expected)) = line.strip_prefix("→ ").and_then(|line| line.split_once(": ")) {
                let room = self.chat_or_new(cast.bot, &(cast.account)(name)).await;
                let (shown, expected) = (self.shown(&room), expected.replace("\\n", "\n"));
                assert!(shown.iter().any(|body| body.starts_with(&expected)), "{line}: {shown:#?}");
            } else if let Some(minutes) = line.strip_prefix("⏱ ") {
                self.advance_ms(minutes.parse::<u64>().expect("minutes") * MINUTE_MS);
            } else if let Some((name, text)) = line.split_once(": ") {
                let person = (cast.account)(name);
                let room = self.chat_or_new(cast.bot, &person).await;
                self.says(&person, &room, text);
            } else {
                let (name, tap) = line.split_once(' ').expect("a name and a key");
                let (key, begins) = tap.split_once(' ').unwrap_or((tap, cast.taps));
                let person = (cast.account)(name);
                let room = self.chat_or_new(cast.bot, &person).await;
                let card = self.newest(&room, |body| body.starts_with(begins));
                self.reacts(&person, &room, &card, key);
            }
            self.settle().await;
        }
    }
}

fn is_edit(event: &Value) -> bool {
    event["content"]["m.relates_to"]["rel_type"] == "m.replace"
}
