//! Sessions of customers with accounts of customer service: who attends to them, and how much may be said to them.

use serde_json::{Value, json};

use super::messages::{Author, Draft, Message};
use super::{Receiver, State, remember};
use crate::faults::Fault;
use crate::limits::{MESSAGES_MAX, RECORDS_MAX};
use crate::refusal::Refusal;

/// Nobody attends to it yet.
pub(crate) const NEW: u64 = 0;
/// Whoever calls the API attends to it.
pub(crate) const ASSISTANT: u64 = 1;
/// It waits for a member.
pub(crate) const QUEUE: u64 = 2;
/// A member attends to it.
pub(crate) const HUMAN: u64 = 3;
/// It is over.
pub(crate) const ENDED: u64 = 4;

/// How long a customer may be answered, and the end of their session be followed by words.
pub(super) const ANSWERED_WITHIN_MS: u64 = 48 * 3_600_000;
/// How often a customer may be answered before they write again.
const ANSWERS_MAX: u32 = 5;
/// How long an answer may be taken back.
const RECALLED_WITHIN_MS: u64 = 2 * 60_000;
/// How long who enters may be welcomed.
const WELCOME_LIFE_MS: u64 = 20_000;

/// A session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) account: String,
    /// By folded id.
    pub(crate) customer: String,
    pub(crate) state: u64,
    /// The member who attends to it, by folded id.
    pub(crate) servicer: Option<String>,
    /// When the customer wrote last.
    pub(crate) spoke_ms: Option<u64>,
    /// How often they were answered since.
    pub(crate) answers: u32,
}

/// By what something may be said about an event, once.
#[derive(Clone, Debug)]
pub(crate) struct EventCode {
    pub(crate) chat: String,
    pub(crate) until_ms: u64,
    pub(crate) used: bool,
}

impl State {
    /// A customer opens the chat with an account; answers the chat.
    pub(crate) fn enter_service(
        &mut self,
        customer: &str,
        account: &str,
        scene: &str,
    ) -> Result<String, Refusal> {
        let none = || Refusal::control("there is no such customer or account");
        let (customer, _) = self.customer(customer).ok_or_else(none)?;
        if !self.service.accounts.contains_key(account) || self.service.sessions.len() >= RECORDS_MAX {
            return Err(none());
        }
        let chat = self.direct_chat(&customer, &Receiver::Account(account.to_owned()))?;
        let now = self.now_ms();
        let session = self.service.sessions.entry(chat.clone()).or_insert_with(|| Session {
            account: account.to_owned(),
            customer: customer.clone(),
            ..Session::default()
        });
        let is_lately = session.spoke_ms.is_some_and(|spoke_ms| spoke_ms + ANSWERED_WITHIN_MS > now);
        let mut more = json!({ "scene": scene, "scene_param": "" });
        if !is_lately && session.state != HUMAN {
            more["welcome_code"] = self.event_code(&chat, WELCOME_LIFE_MS).into();
        }
        self.service_event(account, &customer, "enter_session", &more);
        Ok(chat)
    }

    /// By what something may be said about an event for a while.
    pub(super) fn event_code(&mut self, chat: &str, life_ms: u64) -> String {
        let code = self.stage.chance.id("", 32);
        let until_ms = self.now_ms() + life_ms;
        let row = EventCode { chat: chat.to_owned(), until_ms, used: false };
        remember(&mut self.service.codes, code.clone(), row);
        code
    }

    /// The session of a chat.
    pub(crate) fn session(&self, chat: &str) -> Result<&Session, Refusal> {
        let session = self.service.sessions.get(chat);
        session.ok_or_else(|| Refusal::control("the chat is no session of a customer"))
    }

    /// The chat of a customer with an account, as the API names both.
    pub(crate) fn chat_of_customer(&self, account: &str, customer: &str) -> Result<String, Refusal> {
        if !self.service.accounts.contains_key(account) {
            return Err(Refusal::new(95_004));
        }
        let (customer, _) = self.customer(customer).ok_or_else(|| Refusal::new(40_096))?;
        let chat = self.directs.get(&(customer, Receiver::Account(account.to_owned()))).cloned();
        chat.filter(|chat| self.service.sessions.contains_key(chat)).ok_or_else(|| Refusal::new(95_002))
    }

    /// A customer, or the member who attends to them, has said something.
    pub(crate) fn heard_by_account(&mut self, account: &str, person: &str, message: &str) {
        let Some(message) = self.messages.get(message).cloned() else { return };
        let now = self.now_ms();
        let Some(session) = self.service.sessions.get_mut(&message.draft.chat) else { return };
        let is_customer = session.customer == person;
        if is_customer {
            // Whoever writes after the end begins anew.
            if session.state == ENDED {
                session.state = NEW;
            }
            (session.spoke_ms, session.answers) = (Some(now), 0);
        }
        let customer = session.customer.clone();
        let kind = message.draft.kind.as_str();
        let mut shown = json!({
            "msgid": message.id, "open_kfid": account, "external_userid": self.spelled(&customer),
            "send_time": message.created_ms / 1_000, "origin": if is_customer { 3 } else { 5 }, "msgtype": kind,
        });
        shown[kind] = content(&message);
        if !is_customer {
            shown["servicer_userid"] = self.spelled(person).into();
        }
        self.fetchable(account, shown);
    }

    /// Who said something in a session has taken it back.
    pub(crate) fn recalled_in_service(&mut self, message: &str) {
        let Some(message) = self.messages.get(message).cloned() else { return };
        let Some(session) = self.service.sessions.get(&message.draft.chat).cloned() else { return };
        let by = message.by.id();
        let more = json!({ "recall_msgid": message.id, "servicer_userid": self.spelled(&by) });
        let kind = if by == session.customer { "user_recall_msg" } else { "servicer_recall_msg" };
        self.service_event(&session.account, &session.customer, kind, &more);
    }

    /// Says something to a customer in the name of an account, under an id of whoever says it; the same id says nothing twice.
    pub(crate) fn answer_customer(&mut self, chat: &str, msgid: &str, draft: Draft) -> Result<(), Refusal> {
        if self.service.sent.contains(msgid) {
            return Ok(());
        }
        if self.service.sent.len() >= MESSAGES_MAX {
            return Err(Refusal::new(-1));
        }
        let now = self.now_ms();
        let refused = self.stage.faults.strikes(Fault::ServiceState);
        let session = self.service.sessions.get_mut(chat).ok_or_else(|| Refusal::new(95_002))?;
        if refused || !matches!(session.state, NEW | ASSISTANT) {
            return Err(Refusal::new(95_018));
        }
        if session.spoke_ms.is_none_or(|spoke_ms| spoke_ms + ANSWERED_WITHIN_MS <= now) {
            return Err(Refusal::new(95_002));
        }
        if session.answers >= ANSWERS_MAX {
            return Err(Refusal::new(95_001));
        }
        session.answers += 1;
        let (account, customer) = (session.account.clone(), session.customer.clone());
        self.service.sent.insert(msgid.to_owned());
        match self.stage.faults.take(Fault::ServiceSendFails) {
            Some(value) => {
                let more = json!({ "fail_msgid": msgid, "fail_type": value.as_u64().unwrap_or(10) });
                self.service_event(&account, &customer, "msg_send_fail", &more);
                Ok(())
            }
            None => self.say_for_account(&account, chat, msgid, draft),
        }
    }

    /// Says something about an event, once and in time.
    pub(crate) fn answer_event(&mut self, code: &str, msgid: &str, draft: Draft) -> Result<(), Refusal> {
        let now = self.now_ms();
        let known = self.service.codes.get_mut(code).filter(|known| known.until_ms > now && !known.used);
        let known = known.ok_or_else(|| Refusal::new(95_007))?;
        known.used = true;
        let chat = known.chat.clone();
        let account = self.session(&chat)?.account.clone();
        self.say_for_account(&account, &chat, msgid, draft)
    }

    /// Takes back what an account said lately; the customer counts as answered all the same.
    pub(crate) fn recall_answer(&mut self, account: &str, msgid: &str) -> Result<(), Refusal> {
        if !self.service.accounts.contains_key(account) {
            return Err(Refusal::new(95_004));
        }
        let (now, by) = (self.now_ms(), Author::Account(account.to_owned()));
        let is_it = |message: &&mut Message| {
            let is_late = message.created_ms + RECALLED_WITHIN_MS <= now;
            message.by == by && message.draft.msgid.as_deref() == Some(msgid) && !message.recalled && !is_late
        };
        let found = self.messages.values_mut().find(is_it);
        found.ok_or_else(|| Refusal::parameter("invalid msgid, or recalled too late"))?.recalled = true;
        Ok(())
    }

    fn say_for_account(
        &mut self,
        account: &str,
        chat: &str,
        msgid: &str,
        draft: Draft,
    ) -> Result<(), Refusal> {
        let msgid = Some(msgid.to_owned());
        let draft = Draft { chat: chat.to_owned(), msgid, ..draft };
        self.say(Author::Account(account.to_owned()), draft).map(drop)
    }
}

/// What stands under the kind of a message that somebody said.
fn content(message: &Message) -> Value {
    let content = &message.draft.content;
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    match message.draft.kind.as_str() {
        "image" | "voice" | "video" | "file" => json!({ "media_id": message.draft.media }),
        "location" => json!({
            "latitude": content.get("latitude"), "longitude": content.get("longitude"), "name": text("label"),
            "address": text("label"),
        }),
        "link" => json!({
            "title": text("title"), "desc": text("description"), "url": text("url"), "pic_url": text("picurl"),
        }),
        _ => content.clone(),
    }
}
