//! Self-built apps, their tokens and addresses, and the webhooks of groups.

use std::collections::BTreeSet;

use http::Uri;
use http::uri::Authority;
use serde_json::json;

use super::people::folded;
use super::{State, remember};
use crate::crypto;
use crate::faults::Fault;
use crate::refusal::Refusal;

/// An address that is called, with its token and its key.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) key: crypto::Key,
}

/// A self-built app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) agent_id: u64,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) disabled: bool,
    /// Whether it was made before the platform began to keep addresses to itself.
    pub(crate) before_2022: bool,
    /// Whether the caller's address is trusted.
    pub(crate) trusted: bool,
    /// Whether this is the secret that keeps the contacts, which cannot send.
    pub(crate) contact_sync: bool,
    /// The people whom it sees beside those of its departments.
    pub(crate) people: BTreeSet<String>,
    /// The departments that it sees; the root is everybody.
    pub(crate) departments: BTreeSet<u64>,
    /// The features whose APIs it may call: `approval`, `calendar`, `meeting`, `meetingroom`, `external`, `kf`.
    pub(crate) granted: BTreeSet<String>,
    /// Where browsers may be sent back to, as `host` or `host:port`; empty for nowhere.
    pub(crate) domain: String,
    pub(crate) callback: Option<Address>,
}

impl App {
    /// The archive of chats, which is called like an app and sees nobody by itself.
    pub(crate) fn of_archive(agent_id: u64, secret: String) -> Self {
        Self {
            agent_id,
            secret,
            name: "会话内容存档".to_owned(),
            disabled: false,
            before_2022: false,
            trusted: true,
            contact_sync: false,
            people: BTreeSet::new(),
            departments: BTreeSet::new(),
            granted: BTreeSet::from(["archive".to_owned()]),
            domain: String::new(),
            callback: None,
        }
    }

    /// Whether browsers may be sent back to an address.
    pub(crate) fn is_at(&self, address: &Uri) -> bool {
        let is_web = matches!(address.scheme_str(), Some("http" | "https"));
        let places = [address.host(), address.authority().map(Authority::as_str)];
        is_web
            && !self.domain.is_empty()
            && places.into_iter().flatten().any(|place| place.eq_ignore_ascii_case(&self.domain))
    }
}

/// A token, also one that is over.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) agent: u64,
    pub(crate) until_ms: u64,
}

/// The webhook of a group.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) chat: String,
    pub(crate) name: String,
    pub(crate) removed: bool,
}

impl State {
    /// Whether an app sees a person.
    pub(crate) fn sees(&self, app: &App, person: &str) -> bool {
        let id = folded(person);
        let Some(person) = self.people.get(&id) else { return false };
        app.people.contains(&id)
            || person
                .departments
                .iter()
                .any(|department| app.departments.iter().any(|seen| self.is_below(*department, *seen)))
    }

    /// The people whom an app sees, by folded id.
    pub(crate) fn seen_by(&self, agent: u64) -> BTreeSet<String> {
        let Some(app) = self.apps.get(&agent) else { return BTreeSet::new() };
        self.people.keys().filter(|id| self.sees(app, id)).cloned().collect()
    }

    /// Tells an app who has it now and had it not, and who has it no more.
    pub(crate) fn tell_of_scope(&mut self, agent: u64, before: &BTreeSet<String>) {
        let now = self.seen_by(agent);
        let changes = [("subscribe", now.difference(before)), ("unsubscribe", before.difference(&now))];
        for (event, people) in changes {
            for person in people {
                let person = self.spelled(person);
                self.emit(agent, &person, event, &json!({}));
            }
        }
    }

    /// Whether an app sees a department.
    pub(crate) fn sees_department(&self, app: &App, department: u64) -> bool {
        app.departments.iter().any(|seen| self.is_below(department, *seen))
    }

    /// The token of an app: the same one while it lives. Answers it and the seconds that are left.
    pub(crate) fn token_of(&mut self, agent: u64) -> (String, u64) {
        let now = self.now_ms();
        let short = self.stage.faults.strikes(Fault::TokenShort);
        let known = self.tokens.iter().find(|(_, token)| token.agent == agent && token.until_ms > now);
        if let Some((known, token)) = known.filter(|_| !short) {
            return (known.clone(), (token.until_ms - now) / 1_000);
        }
        let life_s = if short { 0 } else { self.settings.token_life_s };
        let token = self.stage.chance.id("", 214);
        remember(&mut self.tokens, token.clone(), Token { agent, until_ms: now + life_s * 1_000 });
        (token, life_s)
    }

    /// The app behind a token.
    pub(crate) fn app_of(&self, token: &str) -> Result<u64, Refusal> {
        if token.is_empty() {
            return Err(Refusal::new(41_001));
        }
        let known = self.tokens.get(token).ok_or_else(|| Refusal::new(40_014))?;
        if known.until_ms <= self.now_ms() { Err(Refusal::new(42_001)) } else { Ok(known.agent) }
    }

    /// Ends the tokens of an app before their time.
    pub(crate) fn expire_tokens(&mut self, agent: u64) {
        let now = self.now_ms();
        for token in self.tokens.values_mut().filter(|token| token.agent == agent) {
            token.until_ms = token.until_ms.min(now);
        }
    }
}
