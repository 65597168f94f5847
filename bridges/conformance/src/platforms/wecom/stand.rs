//! What the cases ask of WeCom: who says what where, what is shown, what goes wrong.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{Ability, Clock, Connector, ConversationId, FileKind, Rng};
use connector_wecom::WeCom;
use serde_json::{Value, json};
use simulator_stage::Refused;
use simulator_wecom::Simulator;

use super::said::{self, Where, seen};
use super::{AGENT, BOT, CALLBACK_KEY, CALLBACK_TOKEN, settings};
use crate::control::{conversation, faults, group, list, quoted, text, upload, with};
use crate::platforms::faults::WECOM;
use crate::{Fault, MemoryShelf, Platform, Said, Shown};

/// The platform on its stand.
pub(super) struct Stand {
    pub(super) simulator: Simulator,
    pub(super) corp_id: String,
    /// Whether all goes to the app by callbacks.
    pub(super) callbacks: bool,
    /// Whether our connector serves customers as well.
    pub(super) serves_customers: bool,
}

impl Stand {
    /// The chat of somebody with the app, or with the bot.
    async fn enter(&self, person: &str, whose: Where) -> String {
        let mut enter = json!({ "do": "enter", "person": person, "quietly": true, "addressed": true });
        match whose {
            Where::App => enter["app"] = AGENT.into(),
            Where::Bot | Where::Here => enter["bot"] = BOT.into(),
        }
        text(&self.act(enter).await, "chat_id")
    }

    async fn new_group(&self, name: &str, more: Value) -> ConversationId {
        let made = self.act(group(name, more)).await;
        conversation(format!("group:{}", text(&made, "chat_id")))
    }
}

#[async_trait]
impl Platform for Stand {
    async fn perform(&self, command: Value) -> Result<Value, Refused> {
        self.simulator.perform(command).await
    }

    fn us(&self) -> &'static str {
        BOT
    }

    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector> {
        let connector = WeCom::new(settings(self), shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        let callback = json!({
            "do": "use_callback", "app": AGENT, "url": url, "token": CALLBACK_TOKEN, "aes_key": CALLBACK_KEY,
        });
        self.act(callback).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        self.new_group(name, json!({ "bots": [BOT], "addressed": true })).await
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        self.new_group(name, json!({ "addressed": true })).await
    }

    async fn direct(&self, person: &str) -> ConversationId {
        self.enter(person, Where::App).await;
        conversation(format!("user:{person}"))
    }

    async fn saying(&self, person: &str, conversation: &ConversationId, said: Said) -> Value {
        let key = match &said {
            Said::File(given) => text(&self.act(upload(said::kind_of(given), given)).await, "key"),
            _ => String::new(),
        };
        let (kind, content, place) = said::content(said, &key);
        let chat = match (place, self.callbacks) {
            (_, true) => self.enter(person, Where::App).await,
            (Where::Here, false) => self.chat(conversation).await,
            (place, false) => self.enter(person, place).await,
        };
        let grouped = place == Where::Here && !self.callbacks && conversation.as_str().starts_with("group:");
        let at = if grouped { vec![BOT] } else { vec![] };
        json!({ "do": "say", "person": person, "chat": chat, "kind": kind, "content": content, "at": at })
    }

    fn file_of(&self, message: &Value) -> Option<(FileKind, String)> {
        Some((said::file_kind(message["kind"].as_str()?)?, text(message, "media")))
    }

    fn faults(&self) -> Vec<Fault> {
        faults(WECOM)
    }

    fn path(&self) -> &'static str {
        "message/send"
    }

    fn needs_door(&self) -> bool {
        true
    }

    async fn place(&self, ability: Ability, name: &str) -> ConversationId {
        match ability {
            // The app's own groups, which hear nothing.
            Ability::Mentions | Ability::MentionEverybody | Ability::Names => {
                let made = self.act(group(name, json!({ "made_by": AGENT, "addressed": true }))).await;
                conversation(format!("chat:{}", text(&made, "appchat_id")))
            }
            Ability::Recalls | Ability::Cards => self.direct("li").await,
            _ => self.group(name).await,
        }
    }

    async fn stricken(&self, fault: &str) -> ConversationId {
        if ["api.", "tokens.", "token.", "send."].iter().any(|of_app| fault.starts_with(of_app)) {
            self.direct("li").await
        } else {
            self.group("trouble").await
        }
    }

    // The bot is given pictures and documents, the app everything else.
    fn stricken_file(&self, fault: &str) -> FileKind {
        if fault.starts_with("file.") { FileKind::File } else { FileKind::Voice }
    }

    async fn rival(&self) -> bool {
        self.act(json!({ "do": "take_over", "bot": BOT })).await;
        true
    }

    // There are no to-dos: what is due stands in the calendar, and ends when it is due.
    async fn todos(&self, person: &str) -> Vec<Value> {
        let seen = self.act(json!({ "do": "calendar", "person": person })).await;
        let todo = |meeting: &Value| {
            let people = list(meeting, "attendees").iter().map(|one| text(one, "person"));
            json!({
                "id": meeting["id"], "title": meeting["title"], "description": meeting["description"],
                "due_ms": meeting["end_ms"], "done": false, "assignees": people.collect::<Vec<_>>(),
            })
        };
        list(&seen, "meetings").iter().map(todo).collect()
    }

    fn hears(&self, conversation: &ConversationId) -> bool {
        !conversation.as_str().starts_with("chat:")
    }

    fn spoken_form(&self) -> (&'static str, &'static [u8], &'static str) {
        ("voice.amr", b"#!AMR\n", "audio/amr")
    }

    async fn chat(&self, conversation: &ConversationId) -> String {
        match conversation.as_str().split_once(':') {
            Some(("user", person)) => self.enter(person, Where::App).await,
            Some(("bot", person)) => self.enter(person, Where::Bot).await,
            Some((_, chat)) => chat.to_owned(),
            None => panic!("{conversation} is no conversation of WeCom's"),
        }
    }

    // Ours are known by what the platform answered, which is nothing in groups of the app.
    fn id_of(&self, message: &Value) -> String {
        let named = |kind: &str, name: &str| Some(format!("{kind}:{}", message[name].as_str()?));
        if message["is_bot"] != true {
            return text(message, "message_id");
        }
        let ours = named("card", "task_id").or_else(|| named("msg", "msgid"));
        ours.or_else(|| named("bot", "req_id")).unwrap_or_default()
    }

    fn words(&self, message: &Value) -> String {
        let words = text(message, "text");
        if message["is_bot"] == true && message["kind"] == "markdown" { seen(&words) } else { words }
    }

    fn quoted(&self, words: &str, earlier: &[Shown]) -> Option<String> {
        quoted(words, earlier)
    }

    fn invitation(&self, person: &str, chat: &str, added: bool) -> Value {
        json!({ "do": "set_bot", "person": person, "chat": chat, "bot": BOT, "there": added })
    }

    fn tells_of_recalled_words_of_people(&self) -> bool {
        false
    }

    async fn fail(&self, fault: &str, times: u64) {
        let order = self.failure(fault, times);
        let order = match fault {
            "api.code" => with(order, json!({ "value": 81_013 })),
            // A connection counts as dead when two pings in a row are not answered.
            "socket.no_pong" => with(order, json!({ "times": 2 })),
            _ => order,
        };
        self.act(order).await;
        // A token has to end before the next one can be short.
        if fault == "token.short" {
            self.act(self.end_of_tokens()).await;
        }
    }

    fn end_of_tokens(&self) -> Value {
        json!({ "do": "expire_tokens", "app": AGENT })
    }

    fn end_of_lines(&self) -> Value {
        json!({ "do": "close_connections", "bot": BOT })
    }
}
