//! Chats: who is in them, and what their members and bots are told when that changes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::State;
use crate::refusal::Refusal;

/// A group, or a conversation of one person with one bot.
#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) chat_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The key of its picture.
    pub(crate) avatar: String,
    /// The person and the bot of a direct conversation.
    pub(crate) direct: Option<(String, String)>,
    pub(crate) owner: Option<String>,
    pub(crate) people: BTreeSet<String>,
    pub(crate) bots: BTreeSet<String>,
    pub(crate) dissolved: bool,
    /// Whether it was dissolved and what was said in it stays: nobody is told of that.
    pub(crate) keeps_history: bool,
    /// Whether only people may speak.
    pub(crate) bots_muted: bool,
    pub(crate) number: u64,
}

impl Chat {
    pub(crate) fn chat_type(&self) -> &'static str {
        if self.direct.is_some() { "p2p" } else { "group" }
    }

    /// Whether it is still there, and what is left of it.
    pub(crate) fn status(&self) -> &'static str {
        match (self.dissolved, self.keeps_history) {
            (false, _) => "normal",
            (true, false) => "dissolved",
            (true, true) => "dissolved_save",
        }
    }
}

impl State {
    /// Makes a group. A person or a bot may own it; nobody is told.
    pub(crate) fn make_chat(&mut self, name: &str, owner: Option<&str>) -> String {
        let chat_id = self.stage.chance.id("oc_", 32);
        let number = self.stage.number();
        let chat = Chat {
            chat_id: chat_id.clone(),
            name: name.to_owned(),
            description: String::new(),
            avatar: chat_id.clone(),
            direct: None,
            owner: owner.map(str::to_owned),
            people: owner
                .filter(|owner| self.people.contains_key(*owner))
                .map(str::to_owned)
                .into_iter()
                .collect(),
            bots: owner
                .filter(|owner| self.apps.contains_key(*owner))
                .map(str::to_owned)
                .into_iter()
                .collect(),
            dissolved: false,
            keeps_history: false,
            bots_muted: false,
            number,
        };
        self.chats.insert(chat_id.clone(), chat);
        chat_id
    }

    /// The conversation of a person with a bot; made when there is none.
    pub(crate) fn direct_chat(&mut self, person: &str, app: &str) -> String {
        let pair = Some((person.to_owned(), app.to_owned()));
        if let Some(chat) = self.chats.values().find(|chat| chat.direct == pair) {
            return chat.chat_id.clone();
        }
        let chat_id = self.make_chat("", None);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.people.insert(person.to_owned());
            chat.bots.insert(app.to_owned());
            chat.direct = pair;
        }
        chat_id
    }

    /// A chat that is there and not dissolved.
    pub(crate) fn live_chat(&mut self, chat_id: &str, missing: i64) -> Result<&mut Chat, Refusal> {
        let chat = self.chats.get_mut(chat_id).ok_or(Refusal::code(missing))?;
        if chat.dissolved { Err(Refusal::code(232_009)) } else { Ok(chat) }
    }

    /// What every event about a chat carries.
    fn about(&self, viewer: &str, chat_id: &str, operator: &str) -> Value {
        let name = self.chats.get(chat_id).map(|chat| chat.name.clone()).unwrap_or_default();
        json!({
            "chat_id": chat_id, "operator_id": self.ids(viewer, operator), "external": false,
            "operator_tenant_key": self.tenant_of(operator), "name": name,
            "i18n_names": { "zh_cn": name, "en_us": name, "ja_jp": name },
        })
    }

    /// Tells every bot of a chat something about it.
    fn tell_bots(
        &mut self,
        chat_id: &str,
        event_type: &'static str,
        operator: &str,
        extra: &dyn Fn(&Self, &str, &mut Value),
    ) {
        let bots = self.chats.get(chat_id).map(|chat| chat.bots.clone()).unwrap_or_default();
        for bot in bots {
            let mut body = self.about(&bot, chat_id, operator);
            extra(self, &bot, &mut body);
            self.emit(&bot, event_type, body);
        }
    }

    fn tell_of_person(&mut self, chat_id: &str, event_type: &'static str, operator: &str, person: &str) {
        self.tell_bots(chat_id, event_type, operator, &|state, viewer, body| {
            let user = json!({
                "name": state.name_of(person), "tenant_key": state.tenant_of(person),
                "user_id": state.ids(viewer, person),
            });
            body["users"] = json!([user]);
        });
    }

    /// Adds a person; nothing happens when they are there already.
    pub(crate) fn join(&mut self, chat_id: &str, person: &str, operator: &str) -> Result<(), Refusal> {
        if self.live_chat(chat_id, 232_006)?.people.insert(person.to_owned()) {
            self.tell_of_person(chat_id, "im.chat.member.user.added_v1", operator, person);
        }
        Ok(())
    }

    /// Removes a person; nothing happens when they are not there.
    pub(crate) fn leave(&mut self, chat_id: &str, person: &str, operator: &str) -> Result<(), Refusal> {
        if self.live_chat(chat_id, 232_006)?.people.remove(person) {
            self.tell_of_person(chat_id, "im.chat.member.user.deleted_v1", operator, person);
        }
        Ok(())
    }

    /// Adds a bot, which alone is told.
    pub(crate) fn add_bot(&mut self, chat_id: &str, app: &str, operator: &str) -> Result<(), Refusal> {
        self.app(app)?;
        if self.live_chat(chat_id, 232_006)?.bots.insert(app.to_owned()) {
            let body = self.about(app, chat_id, operator);
            self.emit(app, "im.chat.member.bot.added_v1", body);
        }
        Ok(())
    }

    /// Removes a bot, which alone is told.
    pub(crate) fn remove_bot(&mut self, chat_id: &str, app: &str, operator: &str) -> Result<(), Refusal> {
        if self.live_chat(chat_id, 232_006)?.bots.remove(app) {
            let body = self.about(app, chat_id, operator);
            self.emit(app, "im.chat.member.bot.deleted_v1", body);
        }
        Ok(())
    }

    /// Gives a group another name.
    pub(crate) fn rename(&mut self, chat_id: &str, name: &str, operator: &str) -> Result<(), Refusal> {
        let chat = self.live_chat(chat_id, 232_006)?;
        let before = std::mem::replace(&mut chat.name, name.to_owned());
        self.tell_bots(chat_id, "im.chat.updated_v1", operator, &|_, _, body| {
            body["before_change"] = json!({ "name": before });
            body["after_change"] = json!({ "name": name });
        });
        Ok(())
    }

    /// Gives a group other words about what it is for, or another picture; nothing happens where both are as before.
    pub(crate) fn describe(
        &mut self,
        chat_id: &str,
        description: Option<&str>,
        avatar: Option<&str>,
        operator: &str,
    ) -> Result<(), Refusal> {
        let chat = self.live_chat(chat_id, 232_006)?;
        let (mut before, mut after) = (Map::new(), Map::new());
        let fields =
            [("description", description, &mut chat.description), ("avatar", avatar, &mut chat.avatar)];
        for (name, wanted, known) in fields {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != known.as_str()) {
                let old = std::mem::replace(known, wanted.to_owned());
                before.insert(name.to_owned(), old.into());
                after.insert(name.to_owned(), wanted.into());
            }
        }
        if !after.is_empty() {
            self.tell_bots(chat_id, "im.chat.updated_v1", operator, &|_, _, body| {
                body["before_change"] = before.clone().into();
                body["after_change"] = after.clone().into();
            });
        }
        Ok(())
    }

    /// Dissolves a group; with its history kept nobody is told.
    pub(crate) fn dissolve(
        &mut self,
        chat_id: &str,
        operator: &str,
        keeps_history: bool,
    ) -> Result<(), Refusal> {
        let chat = self.live_chat(chat_id, 232_006)?;
        chat.dissolved = true;
        chat.keeps_history = keeps_history;
        if !keeps_history {
            self.tell_bots(chat_id, "im.chat.disbanded_v1", operator, &|_, _, _| {});
        }
        Ok(())
    }
}
