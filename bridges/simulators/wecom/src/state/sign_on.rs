//! Signing on with an account of the platform: who asks at the page, the codes that come of it, and what a member agreed to show.

use serde_json::{Map, Value, json};

use super::people::folded;
use super::{Codes, State, remember};
use crate::crypto;
use crate::refusal::Refusal;

/// How long a code may be redeemed.
const CODE_LIFE_MS: u64 = 5 * 60_000;
/// How long a ticket may be used.
const TICKET_LIFE_MS: u64 = 1_800_000;

/// What a member can agree to show, beside who they are.
pub(crate) const SHOWABLE: [&str; 7] =
    ["gender", "avatar", "qr_code", "mobile", "email", "biz_mail", "address"];

/// Who opens the page.
#[derive(Clone, Debug)]
pub(crate) enum Visitor {
    /// A member, by folded id.
    Member(String),
    /// Somebody who is none, by the id that customers have, which is empty for a stranger.
    Outside(String),
}

/// In whose hands the page is, and what they do there.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) visitor: Visitor,
    /// Whether they agree when they are asked.
    pub(crate) consents: bool,
    /// What of [`SHOWABLE`] they show.
    pub(crate) shows: Vec<String>,
}

/// What a page was opened for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The app that asks.
    pub(crate) agent: u64,
    /// Whether it wants to know more than who they are.
    pub(crate) is_private: bool,
}

/// A code that was not redeemed yet.
struct Code {
    browser: Browser,
    asked: Asked,
    until_ms: u64,
}

/// By what an app may ask what a member shows.
struct Ticket {
    agent: u64,
    /// By folded id.
    person: String,
    shows: Vec<String>,
    until_ms: u64,
}

/// Everything about signing on.
#[derive(Default)]
pub(crate) struct SignOn {
    pub(crate) browser: Option<Browser>,
    codes: Codes<Code>,
    tickets: Codes<Ticket>,
}

/// Who redeemed a code.
pub(crate) struct Redeemed {
    pub(crate) visitor: Visitor,
    pub(crate) ticket: Option<String>,
}

impl State {
    /// A code for somebody who agreed.
    pub(crate) fn sign_on_code(&mut self, browser: Browser, asked: Asked) -> String {
        let code = self.stage.chance.id("", 43);
        let until_ms = self.now_ms() + CODE_LIFE_MS;
        remember(&mut self.sign_on.codes, code.clone(), Code { browser, asked, until_ms });
        code
    }

    /// Redeems a code of an app, once and in time.
    pub(crate) fn redeem_sign_on(&mut self, agent: u64, code: &str) -> Result<Redeemed, Refusal> {
        let now = self.now_ms();
        let is_good = |one: &Code| one.asked.agent == agent && one.until_ms > now;
        if !self.sign_on.codes.get(code).is_some_and(is_good) {
            return Err(Refusal::new(40_029));
        }
        let known = self.sign_on.codes.remove(code).ok_or_else(|| Refusal::new(40_029))?;
        let visitor = known.browser.visitor;
        let Visitor::Member(person) = &visitor else { return Ok(Redeemed { visitor, ticket: None }) };
        let app = self.apps.get(&agent).ok_or_else(|| Refusal::new(40_014))?;
        if !self.sees(app, person) {
            return Err(Refusal::new(50_002));
        }
        if !known.asked.is_private {
            return Ok(Redeemed { visitor, ticket: None });
        }
        let ticket = self.stage.chance.id("", 43);
        let (person, shows) = (person.clone(), known.browser.shows);
        let row = Ticket { agent, person, shows, until_ms: now + TICKET_LIFE_MS };
        remember(&mut self.sign_on.tickets, ticket.clone(), row);
        Ok(Redeemed { visitor, ticket: Some(ticket) })
    }

    /// What the member behind a ticket shows to an app.
    pub(crate) fn shown_by_ticket(&self, agent: u64, ticket: &str) -> Result<Value, Refusal> {
        let now = self.now_ms();
        let known = self.sign_on.tickets.get(ticket);
        let known = known.filter(|one| one.agent == agent && one.until_ms > now);
        let known = known.ok_or_else(|| Refusal::new(84_014))?;
        let person = self.people.get(&folded(&known.person)).ok_or_else(|| Refusal::new(60_111))?;
        let all = json!({
            "gender": "1", "avatar": "", "mobile": person.mobile, "email": person.email, "biz_mail": person.email,
            "qr_code": format!("https://open.work.weixin.qq.com/wwopen/userQRCode?vcode={}", person.open_userid),
            "address": "",
        });
        let mut shown = Map::from_iter([("userid".to_owned(), person.user_id.clone().into())]);
        for name in &known.shows {
            shown.insert(name.clone(), all.get(name).cloned().unwrap_or_default());
        }
        Ok(Value::Object(shown))
    }

    /// What an app calls somebody who is no member: `openid`, and `external_userid` of a customer.
    pub(crate) fn outside(&self, visitor: &str) -> (String, Option<String>) {
        let is_customer = self.contacts.contains_key(visitor) || self.customer(visitor).is_some();
        // The same person has the same openid, whoever asks.
        let open = format!("o{}", crypto::md5(format!("openid {visitor}").as_bytes()));
        (open, is_customer.then(|| visitor.to_owned()))
    }
}
