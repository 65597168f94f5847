//! Customers, and the groups that they are in with members: what happens there the app is told, and how it is now it may read where the
//! company lets it. What is said in such groups the chat archive alone brings.

use bridge_api::{
    Arrival, ConversationId, EventKey, Failure, Happened, MediaId, Person, limits::PEOPLE_AT_ONCE_MAX,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{CallError, Meaning},
    ids,
    incoming::Incoming,
    lenient::{items, number, text},
    limits::{JOINED_LATELY_SECONDS, LOOKED_UP_WITHIN},
    people::{People, unless_refused},
    received::GroupChange,
};

/// What somebody of such a group is: a member of the company, or else from outside.
const MEMBER: u64 = 1;

/// A group with customers, as it is now.
pub struct CustomerGroup {
    /// What it is called; empty where nobody named it.
    pub name: String,
    /// Who is in it, and since when, in seconds since the Unix epoch.
    pub people: Vec<(Person, u64)>,
}

impl People {
    /// A customer; nothing where the app may not see them.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub async fn customer(&self, external: &str) -> Result<Option<Person>, Failure> {
        if self.client.settings().app.is_none() {
            return Ok(None);
        }
        let query = [("external_userid", external)];
        let Some(answer) = seen(self.client.get("externalcontact/get", &query).await)? else {
            return Ok(None);
        };
        let contact = answer.get("external_contact").unwrap_or(&Value::Null);
        let Some((id, name)) = ids::person(external).zip(text(contact, "name")) else { return Ok(None) };
        self.memory.called(&id, &name);
        let avatar = text(contact, "avatar").and_then(|address| MediaId::new(address).ok());
        Ok(Some(Person { avatar, external: true, ..Person::named(id, name) }))
    }

    /// A group with customers as it is now; nothing where it is gone, or the app may not see it.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub async fn customer_group(&self, chat: &str) -> Result<Option<CustomerGroup>, Failure> {
        let body = json!({"chat_id": chat, "need_name": 1});
        let Some(answer) = seen(self.client.post("externalcontact/groupchat/get", &body).await)? else {
            return Ok(None);
        };
        let group = answer.get("group_chat").unwrap_or(&Value::Null);
        let person = |one: &Value| {
            let external = number(one, "type").is_some_and(|kind| kind != MEMBER);
            let name = text(one, "name").or_else(|| text(one, "group_nickname")).unwrap_or_default();
            let person = Person { external, ..Person::named(ids::person(&text(one, "userid")?)?, name) };
            self.memory.called(&person.id, &person.name);
            Some((person, number(one, "join_time").unwrap_or_default()))
        };
        let people = items(group, "member_list").iter().filter_map(person).collect();
        Ok(Some(CustomerGroup { name: text(group, "name").unwrap_or_default(), people }))
    }
}

/// Nothing also where the company does not let the app see customers at all.
fn seen(outcome: Result<Value, CallError>) -> Result<Option<Value>, Failure> {
    match outcome {
        Err(CallError { meaning: Meaning::SetUp, .. }) => Ok(None),
        outcome => unless_refused(outcome),
    }
}

impl Incoming {
    /// A group with customers changed.
    ///
    /// # Errors
    /// When it cannot be said how it is now; the platform tells it once more.
    pub(super) async fn customer_group_changed(
        &self,
        (chat, change): (&str, GroupChange),
        key: EventKey,
        at_ms: u64,
    ) -> Result<Option<Arrival>, Failure> {
        // Without the archive nothing is heard of such groups, so nobody has bound one.
        let Some(conversation) = self.twins.as_ref().and_then(|twins| twins.conversation(chat)) else {
            return Ok(None);
        };
        let what = match change {
            GroupChange::Dismissed => Some(Happened::Dissolved),
            GroupChange::Left(people) => {
                let people: Vec<_> =
                    people.iter().filter_map(|user| ids::person(user)).take(PEOPLE_AT_ONCE_MAX).collect();
                (!people.is_empty()).then_some(Happened::Left { people, by: None })
            }
            change @ (GroupChange::Made | GroupChange::Renamed | GroupChange::Joined(_)) => {
                let read = timeout(LOOKED_UP_WITHIN, self.people.customer_group(chat)).await;
                let read = read.map_err(|_| Failure::later("nobody said in time how a group is now"))??;
                match read {
                    Some(group) => self.became(group, &change, &conversation, at_ms).await,
                    None => None,
                }
            }
        };
        let arrival = |what| Arrival { key, conversation: Some(conversation), at_ms, trace: None, what };
        Ok(what.map(arrival))
    }

    async fn became(
        &self,
        group: CustomerGroup,
        change: &GroupChange,
        conversation: &ConversationId,
        at_ms: u64,
    ) -> Option<Happened> {
        let CustomerGroup { name, people } = group;
        self.groups.seen(conversation, &name).await;
        match change {
            GroupChange::Renamed => (!name.is_empty()).then_some(Happened::Renamed { name, by: None }),
            GroupChange::Joined(who) => {
                let who: Vec<_> = who.iter().filter_map(|user| ids::person(user)).collect();
                // An older event says that some came and not who: those who came just then.
                let lately_s = (at_ms / 1_000).saturating_sub(JOINED_LATELY_SECONDS);
                let is_new = |(person, joined_s): &(Person, u64)| match who.is_empty() {
                    true => *joined_s >= lately_s,
                    false => who.contains(&person.id),
                };
                let new = people.into_iter().filter(is_new).map(|(person, _)| person);
                let people: Vec<_> = new.take(PEOPLE_AT_ONCE_MAX).collect();
                (!people.is_empty()).then_some(Happened::Joined { people })
            }
            GroupChange::Made | GroupChange::Left(_) | GroupChange::Dismissed => None,
        }
    }

    /// A customer is called otherwise, or has another picture.
    ///
    /// # Errors
    /// When nobody says who they are now; the platform tells it once more.
    pub(super) async fn customer_changed(
        &self,
        external: &str,
        key: EventKey,
        at_ms: u64,
    ) -> Result<Option<Arrival>, Failure> {
        if self.twins.is_none() {
            return Ok(None);
        }
        let read = timeout(LOOKED_UP_WITHIN, self.people.customer(external)).await;
        let person = read.map_err(|_| Failure::later("nobody said in time who a customer is"))??;
        let what = person.map(Happened::PersonChanged);
        Ok(what.map(|what| Arrival { key, conversation: None, at_ms, trace: None, what }))
    }
}
