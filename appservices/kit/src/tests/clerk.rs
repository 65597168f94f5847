//! A bot that does one of everything.

use std::sync::Arc;

use async_trait::async_trait;
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::json;
use store::{Batch, Profile, Table};

use crate::{
    Attachment, Bot, BotError, FetchError, FileSource, Fired, Heard, Kit, Letter, Related, Relation, To,
    Verb, What,
    double::Play,
    notice,
    texts::{Entry, Lang},
};

/// What the clerk wrote down.
pub const NOTES: Table<String, String> = Table::new(9_000, "clerk_notes", Profile::Point, "What was noted?");

/// What the clerk takes.
pub const VERBS: &[Verb] = &[
    Verb { id: "note", names: &["记录", "note"], help: "clerk.note" },
    Verb { id: "tell", names: &["告诉", "tell"], help: "clerk.note" },
    Verb { id: "card", names: &["卡片", "card"], help: "clerk.note" },
    Verb { id: "close", names: &["关闭", "close"], help: "clerk.note" },
    Verb { id: "alarm", names: &["闹钟", "alarm"], help: "clerk.note" },
    Verb { id: "cancel", names: &["取消", "cancel"], help: "clerk.note" },
    Verb { id: "clash", names: &["冲突", "clash"], help: "clerk.note" },
    Verb { id: "file", names: &["文件", "file"], help: "clerk.note" },
    Verb { id: "panic", names: &["慌", "panic"], help: "clerk.note" },
];

const TEXTS: &[Entry] = &[Entry { key: "clerk.note", zh: "写下来", en: "writes it down" }];

struct Clerk(Kit);

/// The clerk on a stage.
pub fn play() -> Play {
    Play {
        localparts: vec![super::BOT],
        tables: vec![NOTES.info()],
        texts: vec![TEXTS],
        bots: |kit| vec![Arc::new(Clerk(kit.clone()))],
    }
}

impl Clerk {
    fn say(&self, batch: &mut Batch, key: impl Into<String>, room: &RoomId, body: &str) {
        let letter = Letter::message(key, super::BOT, To::Room(room.to_owned()), notice(body));
        self.0.outbox().put(batch, letter);
    }

    fn pass_on(&self, batch: &mut Batch, key: String, whom: OwnedUserId, source: &FileSource) {
        let content = json!({ "msgtype": "m.file", "body": "passed on", "filename": "scan.pdf" });
        let letter = Letter::message(key, super::BOT, To::Direct(whom), content);
        self.0.outbox().put(batch, Letter { forwards: Some(source.clone()), ..letter });
    }

    async fn command(
        &self,
        heard: &Heard,
        verb: &str,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let Heard { room, event_id, .. } = heard;
        let key = format!("{verb}:{event_id}");
        match verb {
            "note" => self.say(batch, key, room, &format!("noted: {arguments}")),
            "tell" => {
                let whom = UserId::parse(arguments).map_err(|error| BotError::Broken(error.to_string()))?;
                self.0
                    .outbox()
                    .put(batch, Letter::message(key, super::BOT, To::Direct(whom), notice("psst")));
            }
            "card" => {
                let mut content = notice("[open]");
                content[format!("{}card", crate::PREFIX)] = json!({ "v": 1 });
                let card = Letter::message("card", super::BOT, To::Room(room.clone()), content);
                self.0.outbox().put(batch, card);
                let seed = Relation::Reacts(Related::Letter("card".to_owned()), "✅".to_owned());
                let letter = Letter::message("seed", super::BOT, To::Room(room.clone()), json!({}));
                self.0.outbox().put(batch, letter.relating(seed));
                let thread = Relation::Thread(Related::Letter("card".to_owned()));
                let letter = Letter::message("thread", super::BOT, To::Room(room.clone()), notice("history"));
                self.0.outbox().put(batch, letter.relating(thread));
            }
            "close" => {
                let edit = Relation::Edits(Related::Letter("card".to_owned()));
                let mut letter =
                    Letter::message(&key, super::BOT, To::Room(room.clone()), notice("[closed]"));
                let (how, reactions) = arguments.split_once(' ').unwrap_or((arguments, ""));
                if how == "offers" {
                    letter = letter.offering(reactions.split_whitespace());
                }
                self.0.outbox().put(batch, letter.relating(edit));
                for reaction in reactions.split_whitespace().filter(|_| how == "seeds") {
                    let seed = Relation::Reacts(Related::Letter("card".to_owned()), reaction.to_owned());
                    let name = format!("{key}/{reaction}");
                    let letter = Letter::message(name, super::BOT, To::Room(room.clone()), json!({}));
                    self.0.outbox().put(batch, letter.relating(seed));
                }
            }
            "alarm" => {
                let after_ms: u64 = arguments.parse().unwrap_or(0);
                let at_ms = self.0.clock().now_ms() + after_ms;
                self.0.timers().set(batch, super::BOT, "alarm", at_ms, json!({ "room": room, "again": 1 }));
            }
            "file" => {
                let mut letter = Letter::message(key, super::BOT, To::Room(room.clone()), json!({}));
                letter.attachment = Some(Attachment {
                    name: "list.csv".to_owned(),
                    mimetype: "text/csv".to_owned(),
                    bytes: arguments.parse().map_or(b"a,b".to_vec(), |count| vec![b'x'; count]),
                });
                self.0.outbox().put(batch, letter);
            }
            "cancel" => self.0.timers().cancel(batch, "alarm"),
            "clash" => {
                let count = self.0.store().get(&NOTES, "clash").await?;
                if count.is_none() {
                    // Somebody else is faster, once.
                    let mut faster = Batch::new();
                    faster.put(&NOTES, "clash", &"theirs".to_owned());
                    self.0.store().commit(faster).await?;
                }
                batch.expect_read(&NOTES, "clash", count.as_ref());
                self.say(batch, key, room, &format!("after {}", count.unwrap_or_default()));
            }
            _ => panic!("as asked"),
        }
        Ok(())
    }
}

#[async_trait]
impl Bot for Clerk {
    fn localpart(&self) -> &'static str {
        super::BOT
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        if lang == Lang::En { "Clerk" } else { "文员" }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    fn holds_secret(&self, verb: &str, arguments: &str) -> bool {
        verb == "note" && arguments.contains("geheim")
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        let (room, on) = (&heard.room, heard.on.clone().unwrap_or_default());
        let key = format!("heard:{}", heard.event_id);
        match &heard.what {
            What::Command { verb, arguments, .. } => self.command(heard, verb, arguments, batch).await?,
            What::Reaction(reaction) => self.say(batch, key, room, &format!("{reaction} on {on}")),
            What::ReactionTakenBack { reaction, .. } => {
                self.say(batch, key, room, &format!("no {reaction} on {on}"));
            }
            What::Text(text) if text.starts_with("about") => {
                self.say(batch, key, room, &format!("{text} on {on}, direct {}", heard.is_direct));
            }
            What::File { name, source, .. } => match UserId::parse(name) {
                Ok(whom) => self.pass_on(batch, key, whom, source),
                Err(_) => {
                    let read = match self.0.fetch(super::BOT, source).await {
                        Ok(bytes) => format!("{name} says {}", String::from_utf8_lossy(&bytes)),
                        Err(FetchError::Unlike(_)) => format!("{name} is another file"),
                        Err(error) => return Err(BotError::Later(error.to_string())),
                    };
                    self.say(batch, key, room, &read);
                }
            },
            What::Edited { text, .. } => self.say(batch, key, room, &format!("edited to {text}")),
            What::PollAnswered { answers } => {
                self.say(batch, key, room, &format!("votes {} on {on}", answers.join(" ")));
            }
            What::Upgraded { replacement } => self.say(batch, key, room, &format!("on to {replacement}")),
            What::Redacted { event } if self.0.is_redacted(super::BOT, room, event).await? => {
                self.say(batch, key, room, "something was redacted");
            }
            What::Text(_)
            | What::InCall
            | What::Redacted { .. }
            | What::Joined { .. }
            | What::Member { .. }
            | What::Ours { .. } => {}
        }
        Ok(())
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        let room = RoomId::parse(fired.payload["room"].as_str().unwrap_or_default());
        let room = room.map_err(|error| BotError::Broken(error.to_string()))?;
        self.say(batch, format!("ring:{}", fired.at_ms), &room, &format!("ring, late {}", fired.is_late));
        if fired.payload["again"] == 1 {
            let at_ms = fired.at_ms + 3_600_000;
            self.0.timers().set(batch, super::BOT, &fired.key, at_ms, json!({ "room": room }));
        }
        Ok(())
    }

    async fn undeliverable(&self, key: &str, reason: &str, batch: &mut Batch) -> Result<(), BotError> {
        batch.put(&NOTES, key, &reason.to_owned());
        Ok(())
    }
}
