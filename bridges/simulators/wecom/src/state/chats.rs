//! Groups, and the chats of one person with one app or bot.

use std::collections::BTreeSet;

use serde_json::Value;

use super::people::folded;
use super::{Receiver, State};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// A group, or a chat of one person with one app or bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chat {
    /// The id under which bots know it.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    /// By the lower case of their ids.
    pub(crate) people: BTreeSet<String>,
    pub(crate) bots: BTreeSet<String>,
    /// The bots that somebody has addressed here, so that they may write by themselves.
    pub(crate) addressed: BTreeSet<String>,
    /// The person, and the app or bot, of a chat between two.
    pub(crate) direct: Option<(String, Receiver)>,
    /// The app that made it, and the id under which apps know it.
    pub(crate) made_by: Option<(u64, String)>,
    pub(crate) dissolved: bool,
    pub(crate) number: u64,
}

impl State {
    /// Makes a group or a chat between two.
    pub(crate) fn make_chat(&mut self, chat: Chat) -> Result<String, Refusal> {
        if self.chats.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many chats"));
        }
        let id = self.stage.chance.id("wr", 30);
        let number = self.stage.number();
        if let Some((_, chat_id)) = &chat.made_by {
            self.appchats.insert(chat_id.clone(), id.clone());
        }
        if let Some(direct) = &chat.direct {
            self.directs.insert(direct.clone(), id.clone());
        }
        self.chats.insert(id.clone(), Chat { id: id.clone(), number, ..chat });
        Ok(id)
    }

    /// The chat of a person with an app or a bot, which is made when there is none.
    pub(crate) fn direct_chat(&mut self, person: &str, with: &Receiver) -> Result<String, Refusal> {
        let pair = (folded(person), with.clone());
        match self.directs.get(&pair) {
            Some(known) => Ok(known.clone()),
            None => {
                let people = BTreeSet::from([pair.0.clone()]);
                self.make_chat(Chat { people, direct: Some(pair), ..Chat::default() })
            }
        }
    }

    /// A chat by either of its ids, dissolved or not.
    pub(crate) fn chat(&self, id: &str) -> Result<&Chat, Refusal> {
        let id = self.appchats.get(id).map_or(id, String::as_str);
        self.chats.get(id).ok_or_else(|| Refusal::control("there is no such chat"))
    }

    /// A chat that is not dissolved, by either of its ids.
    pub(crate) fn live_chat(&mut self, id: &str) -> Result<&mut Chat, Refusal> {
        let id = self.appchats.get(id).map_or(id, String::as_str);
        let chat = self.chats.get_mut(id).filter(|chat| !chat.dissolved);
        chat.ok_or_else(|| Refusal::control("there is no such chat, or it is dissolved"))
    }

    /// Refuses who is not in a chat.
    pub(crate) fn must_be_in(&mut self, person: &str, chat: &str) -> Result<(), Refusal> {
        if self.live_chat(chat)?.people.contains(&folded(person)) {
            Ok(())
        } else {
            Err(Refusal::control("the person is not in the chat"))
        }
    }

    /// How a bot calls the chat between it and somebody, or the group.
    pub(crate) fn chat_of_bot(&self, bot: &str, chat_id: &str, chat_type: u64) -> Result<String, Refusal> {
        let unknown = || Refusal::new(93_006);
        let group = self.chats.get(chat_id).filter(|chat| chat.direct.is_none() && !chat.dissolved);
        let group = group.filter(|chat| chat.bots.contains(bot) && chat_type != 1).map(|chat| &chat.id);
        let person = self.person_of_bot(bot, chat_id);
        let direct = (folded(&person), Receiver::Bot(bot.to_owned()));
        let direct = self.directs.get(&direct).filter(|_| chat_type != 2);
        let chat = group.or(direct).ok_or_else(unknown)?;
        let addressed = self.chats.get(chat).is_some_and(|chat| chat.addressed.contains(bot));
        if addressed { Ok(chat.clone()) } else { Err(unknown()) }
    }

    /// Whom a bot means by an id: one that is encrypted for it, or a plain one.
    pub(crate) fn person_of_bot(&self, bot: &str, id: &str) -> String {
        let encrypts = self.bots.get(bot).is_some_and(|bot| bot.encrypts_userids);
        let by_open = self.people.values().find(|person| encrypts && person.open_userid == id);
        by_open.map_or_else(|| id.to_owned(), |person| person.user_id.clone())
    }

    /// How the name of a chat is shown.
    pub(crate) fn chat_name(&self, chat: &Chat) -> String {
        match &chat.direct {
            Some((_, with)) => self.name_of_receiver(with),
            None => chat.name.clone(),
        }
    }

    pub(crate) fn name_of_receiver(&self, receiver: &Receiver) -> String {
        match receiver {
            Receiver::App(agent) => self.apps.get(agent).map(|app| app.name.clone()),
            Receiver::Bot(bot) => self.bots.get(bot).map(|bot| bot.name.clone()),
            Receiver::Account(id) => self.service.accounts.get(id).map(|account| account.name.clone()),
        }
        .unwrap_or_else(|| receiver.id())
    }

    /// The people of a chat, as their ids are written.
    pub(crate) fn people_of(&self, chat: &Chat) -> Value {
        chat.people.iter().map(|person| self.spelled(person)).collect()
    }
}
