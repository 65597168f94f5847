//! Customers: who they are and which members follow them.

use std::collections::BTreeMap;

use serde_json::json;

use super::people::folded;
use super::{State, remember};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// How long a new customer may be greeted.
const WELCOME_LIFE_MS: u64 = 20_000;

/// A customer.
#[derive(Clone, Debug)]
pub(crate) struct Contact {
    pub(crate) name: String,
    /// 1 of WeChat, 2 of another organisation.
    pub(crate) kind: u64,
    pub(crate) corp_name: String,
    /// The members who follow them, by folded id, and since when.
    pub(crate) follows: BTreeMap<String, u64>,
}

/// The right to greet a new customer once.
#[derive(Clone, Debug)]
pub(crate) struct WelcomeCode {
    pub(crate) until_ms: u64,
    pub(crate) used: bool,
}

impl State {
    /// The apps that may know of customers.
    pub(super) fn apps_of_customers(&self) -> Vec<u64> {
        let granted = self.apps.values().filter(|app| app.granted.contains("external"));
        granted.map(|app| app.agent_id).collect()
    }

    /// Tells every app that may know of customers.
    fn tell_of_customer(&mut self, change: &str, person: &str, external: &str) {
        let agents = self.apps_of_customers();
        let person = self.spelled(person);
        let mut fields = json!({ "ChangeType": change, "UserID": person, "ExternalUserID": external });
        if change == "add_external_contact" {
            let code = self.stage.chance.id("", 32);
            fields["WelcomeCode"] = code.clone().into();
            let until_ms = self.now_ms() + WELCOME_LIFE_MS;
            remember(&mut self.welcome_codes, code, WelcomeCode { until_ms, used: false });
        }
        for agent in agents {
            self.emit(agent, &person, "change_external_contact", &fields);
        }
    }

    /// A member gets a customer, who is made when there is none of the id.
    pub(crate) fn follow(&mut self, external: &str, person: &str, made: Contact) -> Result<(), Refusal> {
        self.person(person)?;
        if self.contacts.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many customers"));
        }
        let now = self.now_s();
        let contact = self.contacts.entry(external.to_owned()).or_insert(made);
        if contact.follows.insert(folded(person), now).is_none() {
            self.tell_of_customer("add_external_contact", person, external);
        }
        Ok(())
    }

    /// A member gives a customer up, or the customer the member.
    pub(crate) fn unfollow(
        &mut self,
        external: &str,
        person: &str,
        by_customer: bool,
    ) -> Result<(), Refusal> {
        let contact = self.contacts.get_mut(external);
        let gone = contact.and_then(|contact| contact.follows.remove(&folded(person)));
        gone.ok_or_else(|| Refusal::control("the member does not have that customer"))?;
        let change = if by_customer { "del_follow_user" } else { "del_external_contact" };
        self.tell_of_customer(change, person, external);
        Ok(())
    }
}
