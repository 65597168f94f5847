//! Groups and chats with robots: who is in them, what happens to them, who is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use crate::chance::opaque;
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// A group, or a chat of one person with one robot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chat {
    /// The openConversationId.
    pub(crate) id: String,
    /// The chatid of groups that an app made.
    pub(crate) chat_id: String,
    pub(crate) title: String,
    pub(crate) owner: String,
    pub(crate) people: BTreeSet<String>,
    /// Apps whose robot is here.
    pub(crate) robots: BTreeSet<String>,
    /// The person and the app of a chat between two.
    pub(crate) direct: Option<(String, String)>,
    /// The app that made it. The platform tells of changes to such groups alone.
    pub(crate) made_by: Option<String>,
    /// The template of a scene group.
    pub(crate) template: Option<String>,
    pub(crate) disbanded: bool,
    pub(crate) number: u64,
}

impl State {
    /// Makes a group.
    pub(crate) fn make_chat(&mut self, chat: Chat) -> Result<String, Refusal> {
        if self.chats.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many chats"));
        }
        let id = opaque(&mut self.stage.chance, "cid");
        let (chat_id, number) = (format!("chat{}", self.stage.chance.id("", 32)), self.stage.number());
        self.chats.insert(id.clone(), Chat { id: id.clone(), chat_id, number, ..chat });
        Ok(id)
    }

    /// The chat of a person with a robot, which is made when there is none.
    pub(crate) fn direct_chat(&mut self, person: &str, app: &str) -> Result<String, Refusal> {
        let pair = (person.to_owned(), app.to_owned());
        if let Some(known) = self.chats.values().find(|chat| chat.direct.as_ref() == Some(&pair)) {
            return Ok(known.id.clone());
        }
        self.make_chat(Chat {
            people: BTreeSet::from([person.to_owned()]),
            robots: BTreeSet::from([app.to_owned()]),
            direct: Some(pair),
            ..Chat::default()
        })
    }

    /// A group that is not disbanded.
    pub(crate) fn live_chat(&mut self, chat: &str) -> Option<&mut Chat> {
        self.chats.get_mut(chat).filter(|chat| !chat.disbanded)
    }

    /// Tells the app that made a group.
    fn tell_of(&mut self, chat: &str, event_type: &'static str, operator: &str, more: &[(&str, Value)]) {
        let Some(chat) = self.chats.get(chat).cloned() else { return };
        let Some(app) = chat.made_by else { return };
        let union_id = self.people.get(operator).map(|person| person.union_id.clone());
        let mut data = json!({
            "timeStamp": self.stage.now_ms(), "openConversationId": chat.id, "corpId": self.corp_id,
            "operator": operator, "operatorUnionId": union_id, "eventType": event_type,
        });
        if event_type != "chat_update_owner" {
            data["chatId"] = chat.chat_id.into();
        }
        for (name, value) in more {
            data[*name] = value.clone();
        }
        // A sample of the platform's looks so.
        if data.get("chatId").is_some() && self.stage.faults.strikes(Fault::EventMisplaced) {
            data["openConversationId"] = operator.into();
        }
        self.emit(&app, event_type, data);
    }

    fn union_ids(&self, people: &[String]) -> Value {
        people.iter().filter_map(|one| self.people.get(one)).map(|one| one.union_id.clone()).collect()
    }

    /// People come in.
    pub(crate) fn join(&mut self, chat: &str, people: &[String], operator: &str) -> Result<(), Refusal> {
        if let Some(unknown) = people.iter().find(|person| !self.people.contains_key(*person)) {
            return Err(Refusal::control(&format!("there is no such person: {unknown}")));
        }
        let known = self.live_chat(chat).ok_or_else(gone)?;
        let new: Vec<String> =
            people.iter().filter(|person| known.people.insert((*person).clone())).cloned().collect();
        if !new.is_empty() {
            let more = [("userId", json!(new)), ("unionId", self.union_ids(&new))];
            self.tell_of(chat, "chat_add_member", operator, &more);
        }
        Ok(())
    }

    /// People leave, or are removed by somebody else.
    pub(crate) fn leave(&mut self, chat: &str, people: &[String], operator: &str) -> Result<(), Refusal> {
        let known = self.live_chat(chat).ok_or_else(gone)?;
        let left: Vec<String> =
            people.iter().filter(|person| known.people.remove(*person)).cloned().collect();
        let alone = left.first().is_some_and(|first| left.len() == 1 && first == operator);
        if alone {
            self.tell_of(chat, "chat_quit", operator, &[]);
        } else if !left.is_empty() {
            let more = [("userId", json!(left)), ("unionId", self.union_ids(&left))];
            self.tell_of(chat, "chat_remove_member", operator, &more);
        }
        Ok(())
    }

    pub(crate) fn rename(&mut self, chat: &str, title: &str, operator: &str) -> Result<(), Refusal> {
        self.live_chat(chat).ok_or_else(gone)?.title = title.to_owned();
        self.tell_of(chat, "chat_update_title", operator, &[("title", title.into())]);
        Ok(())
    }

    pub(crate) fn change_owner(&mut self, chat: &str, owner: &str, operator: &str) -> Result<(), Refusal> {
        self.live_chat(chat).ok_or_else(gone)?.owner = owner.to_owned();
        self.tell_of(chat, "chat_update_owner", operator, &[("owner", owner.into())]);
        Ok(())
    }

    pub(crate) fn disband(&mut self, chat: &str, operator: &str) -> Result<(), Refusal> {
        self.live_chat(chat).ok_or_else(gone)?.disbanded = true;
        self.tell_of(chat, "chat_disband", operator, &[]);
        Ok(())
    }

    /// A member brings a robot into a group, or takes it out.
    pub(crate) fn set_robot(
        &mut self,
        chat: &str,
        app: &str,
        operator: &str,
        there: bool,
    ) -> Result<(), Refusal> {
        let cool_app = self.app(app)?.cool_app.clone();
        let known = self.live_chat(chat).ok_or_else(gone)?;
        let changed = if there { known.robots.insert(app.to_owned()) } else { known.robots.remove(app) };
        if !changed {
            return Ok(());
        }
        let data = json!({
            "coolAppCode": cool_app, "robotCode": app, "openConversationId": chat,
            "openConversationCorpId": self.corp_id, "operator": operator,
            "operateTime": self.stage.now_ms().to_string(),
        });
        self.emit(app, if there { "im_cool_app_install" } else { "im_cool_app_uninstall" }, data);
        Ok(())
    }
}

fn gone() -> Refusal {
    Refusal::control("there is no such chat, or it is disbanded")
}
