//! The bridge's bot: commands of people in rooms.

mod conversations;
mod login;
mod me;
mod people;
mod rooms;
mod standing;

use async_trait::async_trait;
use bridge_api::{ConversationId, Network};
use kit::{
    Bot, BotError, CallError, Fired, Heard, Letter, Related, Relation, To, Verb, What, notice, texts::Lang,
};
use store::Batch;

use crate::{BridgeError, Bridges, lanes::Lane, power::Power};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "bridge";

const VERBS: &[Verb] = &[
    Verb { id: "list", names: &["列表", "list"], help: "bridge.help.list" },
    Verb { id: "bind", names: &["绑定", "bind"], help: "bridge.help.bind" },
    Verb { id: "unbind", names: &["解绑", "unbind"], help: "bridge.help.unbind" },
    Verb { id: "status", names: &["状态", "status"], help: "bridge.help.status" },
    Verb { id: "backfill", names: &["补齐", "backfill"], help: "bridge.help.backfill" },
    Verb { id: "me", names: &["我", "me"], help: "bridge.help.me" },
    Verb { id: "create", names: &["建房", "create"], help: "bridge.help.create" },
    Verb { id: "permit", names: &["权限", "permit"], help: "bridge.help.permit" },
    Verb { id: "login", names: &["登录", "login"], help: "bridge.help.login" },
    Verb { id: "person", names: &["认人", "person"], help: "bridge.help.person" },
];

#[async_trait]
impl Bot for Bridges {
    fn localpart(&self) -> &'static str {
        LOCALPART
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh | Lang::Both => "桥接",
            Lang::En => "Bridge",
        }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    fn holds_secret(&self, verb: &str, arguments: &str) -> bool {
        verb == "login" && login::holds_secret(arguments)
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        if let What::Ours { kind, content, .. } = &heard.what {
            self.entry_heard(heard, kind, content, batch).await?;
            self.speak_heard(heard, kind, content, batch);
            return Ok(self.card_heard(heard, kind, content, batch).await?);
        }
        if let What::Joined { .. } = &heard.what {
            return self.came_into(&heard.room, batch).await;
        }
        if let What::Upgraded { replacement } = &heard.what
            && self.0.kit.is_welcome(&heard.sender)
        {
            return self.follow(&heard.room, replacement, batch).await;
        }
        let What::Command { verb, lang, arguments } = &heard.what else { return Ok(()) };
        let lang = self.0.kit.chosen_language(&heard.sender).await?.unwrap_or(*lang);
        let asked = Asked { bridges: self, heard, lang, words: arguments.split_whitespace().collect() };
        let text = match *verb {
            "list" => asked.list().await,
            "bind" => asked.bind().await,
            "unbind" => asked.unbind().await,
            "status" => asked.status().await,
            "backfill" => asked.backfill(batch).await,
            "me" => asked.me(batch).await,
            "create" => asked.create(batch).await,
            "permit" => asked.permit().await,
            "login" => asked.login(batch).await,
            _ => asked.person().await,
        };
        let text = match text {
            Ok(text) => text,
            Err(BridgeError::Store(error)) => return Err(error.into()),
            Err(BridgeError::Call(error @ (CallError::Unreachable(_) | CallError::Limited(_)))) => {
                return Err(BotError::Later(error.to_string()));
            }
            Err(error) => asked.say("bridge.failed", &[("reason", &error.to_string())]),
        };
        if !text.is_empty() {
            asked.answer(batch, &text);
        }
        Ok(())
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.say_decision(fired, batch).await?)
    }
}

/// A command on its way to an answer.
struct Asked<'a> {
    bridges: &'a Bridges,
    heard: &'a Heard,
    lang: Lang,
    words: Vec<&'a str>,
}

impl Asked<'_> {
    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.bridges.0.kit.texts().fill(self.lang, key, values)
    }

    /// Answers there, in a thread or in answer to the command.
    fn answer(&self, batch: &mut Batch, text: &str) {
        let Heard { room, event_id, thread, .. } = self.heard;
        let relation = match thread {
            Some(root) => Relation::Thread(Related::Event(root.clone())),
            None => Relation::ReplyTo(Related::Event(event_id.clone())),
        };
        let letter = Letter::message(
            format!("bridge/answer/{event_id}"),
            LOCALPART,
            To::Room(room.clone()),
            notice(text),
        );
        self.bridges.0.kit.outbox().put(batch, letter.relating(relation));
    }

    fn is_administrator(&self) -> bool {
        self.bridges.0.settings.administrators.contains(&self.heard.sender)
    }

    async fn may_bind(&self) -> Result<bool, BridgeError> {
        self.bridges.may_bind(&self.heard.room, &self.heard.sender).await
    }

    /// Whether whoever asks has this power in the room.
    async fn reaches(&self, power: i64) -> Result<bool, BridgeError> {
        let Some(intent) = self.bridges.0.kit.intent(LOCALPART) else { return Ok(false) };
        Ok(Power::read(&intent, &self.heard.room).await?.reaches(&self.heard.sender, power))
    }

    /// The platform that the first word names, if it is connected.
    fn network(&self) -> Result<Network, String> {
        let word = self.words.first().copied().unwrap_or_default();
        let seats = &self.bridges.0.seats;
        match Network::named(word).filter(|network| self.bridges.seat(*network).is_some()) {
            Some(network) => Ok(network),
            None => {
                let known: Vec<_> = seats.iter().map(|seat| seat.network.key()).collect();
                Err(self.say("bridge.platform_unknown", &[("text", word), ("known", &known.join(" "))]))
            }
        }
    }

    /// The conversation that the first two words name.
    fn lane(&self, usage: &str) -> Result<Lane, String> {
        let network = self.network()?;
        let id = self.words.get(1).and_then(|id| ConversationId::new(*id).ok());
        id.map(|id| (network, id)).ok_or_else(|| self.say("bridge.use", &[("use", usage)]))
    }
}
