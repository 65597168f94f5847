//! Customer service of WeChat: the accounts that customers write to, the customers, and what has to be fetched of both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::people::folded;
use super::sessions::{EventCode, Session};
use super::{Codes, State, remember};
use crate::faults::Fault;
use crate::limits::{MESSAGES_MAX, RECORDS_MAX};
use crate::refusal::Refusal;

/// The feature whose apps are told of customer service and may call its API.
pub(crate) const FEATURE: &str = "kf";

/// How long the token that comes with an event may be used.
const TOKEN_LIFE_MS: u64 = 10 * 60_000;
/// How long what was said can be fetched.
const FETCHED_WITHIN_MS: u64 = 3 * 24 * 3_600_000;

/// With what the places begin from which one reads on; nobody but the platform reads them.
const CURSOR_HEAD: &str = "place";

/// An account of customer service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// What was uploaded as its picture; empty for none.
    pub(crate) avatar: String,
    /// The members who attend to it, by folded id.
    pub(crate) servicers: BTreeSet<String>,
}

/// A person of WeChat.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// The id as the platform writes it.
    pub(crate) external_userid: String,
    pub(crate) name: String,
    /// What was uploaded as their picture; empty for none.
    pub(crate) avatar: String,
}

/// Something that can be fetched.
struct Entry {
    account: String,
    at_ms: u64,
    shown: Value,
}

/// Customer service.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By folded id, like members.
    pub(crate) customers: BTreeMap<String, Customer>,
    /// By their chats.
    pub(crate) sessions: BTreeMap<String, Session>,
    /// What was sent under which id of whoever sent it.
    pub(crate) sent: BTreeSet<String>,
    /// By what something may be said about an event, once.
    pub(crate) codes: Codes<EventCode>,
    entries: Vec<Entry>,
    /// Of which account something may be fetched, and until when.
    tokens: Codes<(String, u64)>,
}

/// A page of what can be fetched.
pub(crate) struct Fetched {
    pub(crate) entries: Vec<Value>,
    pub(crate) next_cursor: String,
    pub(crate) has_more: bool,
}

impl State {
    /// The apps that are told of customer service.
    fn apps_of_service(&self) -> Vec<u64> {
        let granted = self.apps.values().filter(|app| app.granted.contains(FEATURE));
        granted.map(|app| app.agent_id).collect()
    }

    /// A new account, made by an app or by an administrator; answers its id.
    pub(crate) fn add_account(&mut self, account: Account, by: Option<u64>) -> Result<String, Refusal> {
        for servicer in &account.servicers {
            self.person(servicer)?;
        }
        if self.service.accounts.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many accounts"));
        }
        let id = self.stage.chance.id("wk", 30);
        self.service.accounts.insert(id.clone(), account);
        self.tell_of_accounts("AuthAddOpenKfId", &id, by);
        Ok(id)
    }

    /// An account is no more, by an app or by an administrator.
    pub(crate) fn remove_account(&mut self, id: &str, by: Option<u64>) -> Result<(), Refusal> {
        let gone = self.service.accounts.remove(id);
        gone.ok_or_else(|| Refusal::control("there is no such account"))?;
        self.tell_of_accounts("AuthDelOpenKfId", id, by);
        Ok(())
    }

    /// Tells every app of customer service but the one that did it.
    fn tell_of_accounts(&mut self, field: &str, id: &str, by: Option<u64>) {
        for agent in self.apps_of_service().into_iter().filter(|agent| Some(*agent) != by) {
            self.emit(agent, "sys", "kf_account_auth_change", &json!({ field: id }));
        }
    }

    /// A new customer; answers their id.
    pub(crate) fn add_customer(
        &mut self,
        id: Option<String>,
        name: String,
        avatar: String,
    ) -> Result<String, Refusal> {
        let external_userid = id.unwrap_or_else(|| self.stage.chance.id("wm", 30));
        let key = folded(&external_userid);
        let is_taken = self.people.contains_key(&key) || self.service.customers.contains_key(&key);
        if is_taken || self.service.customers.len() >= RECORDS_MAX {
            return Err(Refusal::control("the id is taken, or there are too many customers"));
        }
        self.service
            .customers
            .insert(key, Customer { external_userid: external_userid.clone(), name, avatar });
        Ok(external_userid)
    }

    /// A customer by exactly this id, and their folded one.
    pub(crate) fn customer(&self, id: &str) -> Option<(String, &Customer)> {
        let key = folded(id);
        let customer = self.service.customers.get(&key).filter(|customer| customer.external_userid == id)?;
        Some((key, customer))
    }

    /// Something can be fetched of an account, and whoever may is told.
    pub(crate) fn fetchable(&mut self, account: &str, shown: Value) {
        if self.service.entries.len() < MESSAGES_MAX {
            let at_ms = self.now_ms();
            self.service.entries.push(Entry { account: account.to_owned(), at_ms, shown });
        }
        for agent in self.apps_of_service() {
            let token = self.stage.chance.id("ENC", 40);
            let over = self.stage.faults.strikes(Fault::ServiceTokenOver);
            let until_ms = self.now_ms() + if over { 0 } else { TOKEN_LIFE_MS };
            remember(&mut self.service.tokens, token.clone(), (account.to_owned(), until_ms));
            let fields = json!({ "Token": token, "OpenKfId": account });
            self.emit(agent, "sys", "kf_msg_or_event", &fields);
        }
    }

    /// An event of an account that concerns a customer; `more` are its own fields.
    pub(crate) fn service_event(&mut self, account: &str, customer: &str, kind: &str, more: &Value) {
        let mut event = json!({
            "event_type": kind, "open_kfid": account, "external_userid": self.spelled(customer),
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name.as_str()] = value.clone();
        }
        let msgid = self.stage.chance.id("", 32);
        let shown = json!({
            "msgid": msgid, "send_time": self.now_s(), "origin": 4, "msgtype": "event", "event": event,
        });
        self.fetchable(account, shown);
    }

    /// Whether a token came with an event of an account, also one that is over.
    pub(crate) fn is_token_of(&self, token: &str, account: &str) -> bool {
        self.service.tokens.get(token).is_some_and(|(of, _)| of == account)
    }

    /// Whether a token lets its account be fetched without haste.
    pub(crate) fn is_fetching(&self, token: &str, account: &str) -> bool {
        let now = self.now_ms();
        self.service.tokens.get(token).is_some_and(|(of, until_ms)| of == account && *until_ms > now)
    }

    /// What an account has behind a place.
    pub(crate) fn fetch(&mut self, account: &str, cursor: &str, limit: usize) -> Result<Fetched, Refusal> {
        let begin = match cursor.strip_prefix(CURSOR_HEAD) {
            Some(place) => place.parse::<usize>().map_err(|_| Refusal::parameter("cursor"))?,
            None if cursor.is_empty() => 0,
            None => return Err(Refusal::parameter("cursor")),
        };
        if self.stage.faults.strikes(Fault::ServicePageEmpty) {
            return Ok(Fetched { entries: Vec::new(), next_cursor: cursor.to_owned(), has_more: true });
        }
        let begin = match begin.checked_sub(1) {
            Some(before) if self.stage.faults.strikes(Fault::ServicePageRepeats) => before,
            _ => begin,
        };
        let since_ms = self.now_ms().saturating_sub(FETCHED_WITHIN_MS);
        let own = self.service.entries.iter().enumerate().skip(begin);
        let mut own = own.filter(|(_, entry)| entry.account == account && entry.at_ms >= since_ms);
        let page: Vec<(usize, &Entry)> = own.by_ref().take(limit).collect();
        let has_more = own.next().is_some();
        let next = match page.last() {
            Some((place, _)) => place + 1,
            None => self.service.entries.len().max(begin),
        };
        Ok(Fetched {
            entries: page.iter().map(|(_, entry)| entry.shown.clone()).collect(),
            next_cursor: format!("{CURSOR_HEAD}{next}"),
            has_more,
        })
    }
}
