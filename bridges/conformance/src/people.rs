//! What the people of every network do there, and what they see.

use std::time::Duration;

use bridge_api::{ConversationId, MessageId};
use serde_json::{Value, json};

use crate::control::{TOKENS_EXPIRED, given, list, text, texts, with};
use crate::limits::DISCONNECT_TRIES_MAX;
use crate::{Platform, Said, Shown};

impl dyn Platform {
    /// The chat and the platform's own id of what our connector calls a message.
    async fn found(&self, message: &MessageId) -> (String, String) {
        let overview = self.act(json!({ "do": "overview" })).await;
        for chat in list(&overview, "chats") {
            let chat = text(chat, "chat_id");
            let shown = self.act(json!({ "do": "show", "chat": chat })).await;
            let named = |shown: &&Value| self.id_of(shown) == message.as_str();
            if let Some(found) = list(&shown, "messages").iter().find(named) {
                return (chat, text(found, "message_id"));
            }
        }
        panic!("the platform does not know {message}")
    }

    /// Says something.
    pub async fn say(&self, person: &str, conversation: &ConversationId, said: Said) -> MessageId {
        let say = self.saying(person, conversation, said).await;
        MessageId::new(text(&self.act(say).await, "message_id")).expect("an id")
    }

    /// Answers a message, in a topic of its own or not.
    pub async fn answer(&self, person: &str, to: &MessageId, words: &str, in_thread: bool) -> MessageId {
        let (chat, to) = self.found(to).await;
        let speak = json!({ "do": "speak", "person": person, "chat": chat, "text": words, "reply_to": to });
        let said = self.act(with(speak, self.answering(in_thread))).await;
        MessageId::new(text(&said, "message_id")).expect("an id")
    }

    /// Changes what somebody said.
    pub async fn edit(&self, person: &str, message: &MessageId, words: &str) {
        let (_, message) = self.found(message).await;
        self.act(json!({ "do": "edit", "person": person, "message": message, "text": words })).await;
    }

    /// Takes a message back.
    pub async fn recall(&self, person: &str, message: &MessageId) {
        let (_, message) = self.found(message).await;
        self.act(json!({ "do": "recall", "person": person, "message": message })).await;
    }

    /// Reacts, or takes the reaction back.
    pub async fn react(&self, person: &str, message: &MessageId, unicode: &str, added: bool) {
        let ((_, message), emoji) = (self.found(message).await, self.emoji(unicode));
        let react =
            json!({ "do": "react", "person": person, "message": message, "emoji": emoji, "added": added });
        self.act(react).await;
    }

    /// Presses a button; whether the person was told that it worked.
    pub async fn press(&self, person: &str, message: &MessageId, label: &str) -> bool {
        let (_, message) = self.found(message).await;
        let press = json!({ "do": "press", "person": person, "message": message, "button": label });
        self.has_worked(&self.act(press).await)
    }

    /// Somebody does something with a whole chat.
    async fn in_chat(&self, what: &str, person: &str, conversation: &ConversationId, more: Value) {
        let chat = self.chat(conversation).await;
        self.act(with(json!({ "do": what, "person": person, "chat": chat }), more)).await;
    }

    /// Brings our app in, or removes it.
    pub async fn invite_bot(&self, person: &str, conversation: &ConversationId, added: bool) {
        let chat = self.chat(conversation).await;
        self.act(self.invitation(person, &chat, added)).await;
    }

    /// Reads everything.
    pub async fn read(&self, person: &str, conversation: &ConversationId) {
        self.in_chat("read", person, conversation, json!({})).await;
    }

    /// Comes in.
    pub async fn join(&self, person: &str, conversation: &ConversationId) {
        self.in_chat("join", person, conversation, json!({})).await;
    }

    /// Goes away.
    pub async fn leave(&self, person: &str, conversation: &ConversationId) {
        self.in_chat("leave", person, conversation, json!({})).await;
    }

    /// Gives a group another name.
    pub async fn rename(&self, person: &str, conversation: &ConversationId, name: &str) {
        self.in_chat("rename", person, conversation, json!({ "name": name })).await;
    }

    /// Dissolves a group.
    pub async fn dissolve(&self, person: &str, conversation: &ConversationId) {
        self.in_chat("dissolve", person, conversation, json!({})).await;
    }

    /// What people see, oldest first.
    pub async fn shows(&self, conversation: &ConversationId) -> Vec<Shown> {
        let chat = self.chat(conversation).await;
        let shown = self.act(json!({ "do": "show", "chat": chat })).await;
        let mut all: Vec<Shown> = Vec::new();
        for message in list(&shown, "messages") {
            let (ours, words) = (self.is_ours(message), self.words(message));
            let reactions = list(message, "reactions").iter();
            let quoted = || if ours { self.quoted(&words, &all) } else { None };
            let mut file = None;
            if let Some((kind, key)) = self.file_of(message) {
                let opened = self.perform(json!({ "do": "open", "key": key })).await;
                file = opened.ok().map(|opened| given(kind, &opened));
            }
            all.push(Shown {
                id: self.id_of(message),
                ours,
                mentions: texts(message, "mentions"),
                parent: message["parent"].as_str().map(str::to_owned).or_else(quoted),
                thread: message["thread"].as_str().map(str::to_owned),
                recalled: message["recalled"] == true,
                edited: message["edits"].as_u64().unwrap_or(0) > 0,
                reactions: reactions.map(|one| (text(one, "emoji"), one["by"] == self.us())).collect(),
                buttons: list(message, "buttons").iter().map(|button| text(button, "label")).collect(),
                file,
                text: words,
            });
        }
        all
    }

    /// What somebody sees in their calendar.
    pub async fn calendar(&self, person: &str) -> Vec<Value> {
        let seen = self.act(json!({ "do": "calendar", "person": person })).await;
        list(&seen, "meetings").to_vec()
    }

    /// What somebody sees in the approval centre.
    pub async fn approvals(&self, person: &str) -> Vec<Value> {
        let seen = self.act(json!({ "do": "approvals", "person": person })).await;
        list(&seen, "approvals").to_vec()
    }

    /// Ticks a to-do off, or not any more.
    pub async fn tick_todo(&self, person: &str, todo: &str, done: bool) {
        self.act(json!({ "do": "tick_todo", "person": person, "todo": todo, "done": done })).await;
    }

    /// Answers an invitation.
    pub async fn answer_meeting(&self, person: &str, meeting: &str, answer: &str) {
        let answer =
            json!({ "do": "answer_meeting", "person": person, "meeting": meeting, "answer": answer });
        self.act(answer).await;
    }

    /// Has no time.
    pub async fn book(&self, person: &str, start_ms: u64, end_ms: u64) {
        let book = json!({ "do": "book", "person": person, "title": "私事", "start_ms": start_ms, "end_ms": end_ms });
        self.act(book).await;
    }

    /// Asks for something in the platform's own approval app.
    pub async fn start_approval(&self, person: &str, title: &str, approvers: &[&str]) {
        let start = json!({
            "do": "start_approval", "person": person, "title": title, "approvers": approvers,
            "lines": [["事由", title]],
        });
        self.act(start).await;
    }

    /// Decides there what somebody was asked.
    pub async fn decide_approval(&self, person: &str, task: &str, approve: bool) {
        let decide = json!({
            "do": "decide_approval", "person": person, "task": task, "approve": approve, "reason": null,
        });
        self.act(decide).await;
    }

    /// What the group is called.
    pub async fn name_of(&self, conversation: &ConversationId) -> String {
        let chat = self.chat(conversation).await;
        let overview = self.act(json!({ "do": "overview" })).await;
        let mut chats = list(&overview, "chats").iter();
        let found = chats.find(|known| known["chat_id"] == chat || known["appchat_id"] == chat);
        found.map(|chat| text(chat, "name")).unwrap_or_default()
    }

    /// Whether the platform has a connection of ours.
    pub async fn is_connected(&self) -> bool {
        let overview = self.act(json!({ "do": "overview" })).await;
        let mut all = ["apps", "bots"].into_iter().flat_map(|kind| list(&overview, kind));
        all.any(|one| one["connections"].as_u64().is_some_and(|count| count > 0))
    }

    /// How often something went wrong.
    pub async fn struck(&self, fault: &str) -> u64 {
        self.act(json!({ "do": "struck" })).await[fault].as_u64().unwrap_or(0)
    }

    /// Whether everything that was to go wrong did. Tokens ended when they were told to.
    pub async fn has_struck(&self, fault: &str) -> bool {
        fault == TOKENS_EXPIRED || self.struck(fault).await > 0
    }

    /// Nothing goes wrong any more.
    pub async fn mend(&self) {
        self.act(json!({ "do": "mend" })).await;
    }

    /// Whether the platform knows what came of its first try to bring each of these messages.
    pub async fn has_tried(&self, messages: &[MessageId]) -> bool {
        let lines = self.act(json!({ "do": "deliveries" })).await;
        let lines = lines.as_array().map_or(&[][..], Vec::as_slice);
        messages.iter().all(|message| lines.iter().any(|line| line["id"] == message.as_str()))
    }

    /// Closes our connections.
    pub async fn disconnect(&self) {
        // Our side knows of a new connection a moment before the platform does.
        for _ in 0..DISCONNECT_TRIES_MAX {
            if self.act(self.end_of_lines()).await["closed"] != 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there is no connection to close");
    }
}
