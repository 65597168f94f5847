//! The bridge's bot: commands of people in rooms.

use async_trait::async_trait;
use bridge_api::{ConversationId, Network, PersonId};
use kit::{
    Bot, BotError, CallError, Fired, Heard, Letter, Related, Relation, To, Verb, What, notice, texts::Lang,
};
use ruma::UserId;
use store::Batch;

use crate::{BridgeError, Bridges, lanes::Lane, limits::ANSWER_LINES_MAX, power::Power};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "bridge";

const VERBS: &[Verb] = &[
    Verb { id: "list", names: &["列表", "list"], help: "bridge.help.list" },
    Verb { id: "bind", names: &["绑定", "bind"], help: "bridge.help.bind" },
    Verb { id: "unbind", names: &["解绑", "unbind"], help: "bridge.help.unbind" },
    Verb { id: "status", names: &["状态", "status"], help: "bridge.help.status" },
    Verb { id: "backfill", names: &["补齐", "backfill"], help: "bridge.help.backfill" },
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

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        let What::Command { verb, lang, arguments } = &heard.what else { return Ok(()) };
        let lang = self.0.kit.chosen_language(&heard.sender).await?.unwrap_or(*lang);
        let asked = Asked { bridges: self, heard, lang, words: arguments.split_whitespace().collect() };
        let text = match *verb {
            "list" => asked.list().await,
            "bind" => asked.bind().await,
            "unbind" => asked.unbind().await,
            "status" => asked.status().await,
            "backfill" => asked.backfill().await,
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

    async fn timer(&self, _fired: &Fired, _batch: &mut Batch) -> Result<(), BotError> {
        Ok(())
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
        let Some(intent) = self.bridges.0.kit.intent(LOCALPART) else { return Ok(false) };
        Ok(Power::read(&intent, &self.heard.room).await?.may_bind(&self.heard.sender))
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

    /// Which conversations there are: all to administrators, those of this room to everybody else.
    async fn list(&self) -> Result<String, BridgeError> {
        let network = match self.words.first() {
            Some(_) => match self.network() {
                Ok(network) => Some(network),
                Err(text) => return Ok(text),
            },
            None => None,
        };
        let is_administrator = self.is_administrator();
        let known = match is_administrator {
            true => self.bridges.list(network).await?,
            false => {
                let own = self.bridges.portals().of_room(&self.heard.room).into_iter();
                let own = own.filter_map(|lane| Some((self.bridges.portals().get(&lane)?, lane)));
                own.map(|(row, (network, conversation))| crate::Known {
                    network,
                    conversation,
                    name: row.name,
                    room: row.room,
                })
                .collect()
            }
        };
        let unbound = self.say("bridge.list.unbound", &[]);
        let line = |known: &crate::Known| {
            let name = format!("{} {}", known.network.key(), known.name);
            let room = known.room.as_ref().map_or(unbound.as_str(), |room| room.as_str());
            self.say(
                "bridge.list.line",
                &[("conversation", &name), ("id", known.conversation.as_str()), ("room", room)],
            )
        };
        let mut lines: Vec<_> = known.iter().take(ANSWER_LINES_MAX).map(line).collect();
        if lines.is_empty() {
            return Ok(self.say("bridge.list.none", &[]));
        }
        if known.len() > lines.len() {
            let count = (known.len() - lines.len()).to_string();
            lines.push(self.say("bridge.list.more", &[("count", &count)]));
        }
        Ok(lines.join("\n"))
    }

    /// Administrators bind what they name; others are given a code, and whoever says it in a conversation agrees for it.
    async fn bind(&self) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        if self.words.get(1).is_none() || !self.is_administrator() {
            let code = self.bridges.code(network, &self.heard.room, &self.heard.sender).await?;
            let platform = match self.lang {
                Lang::En => network.name().en,
                Lang::Zh | Lang::Both => network.name().zh,
            };
            return Ok(self.say("bridge.code", &[("platform", platform), ("code", &code)]));
        }
        match self.lane("!bind feishu oc_…") {
            // The room is told by the bridge itself.
            Ok(lane) => self
                .bridges
                .bind(lane, &self.heard.room, self.heard.sender.as_str())
                .await
                .map(|_| String::new()),
            Err(text) => Ok(text),
        }
    }

    async fn unbind(&self) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        match self.lane("!unbind feishu oc_…") {
            Ok(lane) if self.is_here(&lane) || self.is_administrator() => {
                self.bridges.unbind(&lane, self.heard.sender.as_str()).await.map(|()| String::new())
            }
            Ok(_) => Ok(self.say("bridge.denied_administrator", &[])),
            Err(text) => Ok(text),
        }
    }

    fn is_here(&self, lane: &Lane) -> bool {
        self.bridges.portals().room_of(lane).as_ref() == Some(&self.heard.room)
    }

    async fn status(&self) -> Result<String, BridgeError> {
        let lines = self.bridges.status().await?;
        let Some(first) = lines.first() else { return Ok(self.say("bridge.status.none", &[])) };
        let queue = [("in", first.waiting_in.to_string()), ("out", first.waiting_out.to_string())];
        let queue: Vec<_> = queue.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let mut said: Vec<_> = lines
            .iter()
            .map(|line| {
                let (bound, gaps) = (line.bound.to_string(), line.gaps.to_string());
                let platform = line.network.key();
                match line.is_up {
                    true => self.say(
                        "bridge.status.up",
                        &[("platform", platform), ("bound", &bound), ("gaps", &gaps)],
                    ),
                    false => {
                        let values =
                            [("platform", platform), ("reason", line.reason.as_str()), ("bound", &bound)];
                        self.say("bridge.status.down", &values)
                    }
                }
            })
            .collect();
        said.push(self.say("bridge.status.queue", &queue));
        Ok(said.join("\n"))
    }

    async fn backfill(&self) -> Result<String, BridgeError> {
        if !self.may_bind().await? {
            return Ok(self.say("bridge.denied", &[]));
        }
        let usage = "!backfill feishu oc_… 24";
        let lane = match self.lane(usage) {
            Ok(lane) if self.is_here(&lane) => lane,
            Ok(_) => return Ok(self.say("bridge.denied_administrator", &[])),
            Err(text) => return Ok(text),
        };
        let Some(hours) = self.words.get(2).and_then(|hours| hours.parse().ok()) else {
            return Ok(self.say("bridge.use", &[("use", usage)]));
        };
        let count = self.bridges.backfill(&lane, hours).await?.to_string();
        Ok(self.say("bridge.backfilled", &[("count", &count)]))
    }

    async fn person(&self) -> Result<String, BridgeError> {
        if !self.is_administrator() {
            return Ok(self.say("bridge.denied_administrator", &[]));
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        let [_, person, account] = self.words.as_slice() else {
            return Ok(self.say("bridge.use", &[("use", "!person feishu ou_… @li:example.org")]));
        };
        let person = PersonId::new(*person).map_err(|error| BridgeError::Invalid(error.to_string()))?;
        let account = match *account {
            "-" => None,
            account => Some(UserId::parse(account).map_err(|error| BridgeError::Invalid(error.to_string()))?),
        };
        self.bridges.bind_person(network, &person, account.as_deref()).await?;
        Ok(match account {
            Some(account) => {
                self.say("bridge.person.bound", &[("person", person.as_str()), ("account", account.as_str())])
            }
            None => self.say("bridge.person.unbound", &[("person", person.as_str())]),
        })
    }
}
