//! unionIds of people, by which calendars and to-dos know them. Contacts are not counted in the month's calls.

use std::sync::Arc;

use bridge_api::{Bounded, CallError, Failure, Meaning, PersonId};
use parking_lot::Mutex;
use serde_json::json;

use crate::{
    client::{Call, Client},
    ids,
    lenient::text,
    limits::UNIONS_MAX,
};

/// Who is who.
pub(super) struct Unions {
    client: Arc<Client>,
    of_people: Mutex<Bounded<PersonId, String>>,
    people: Mutex<Bounded<String, PersonId>>,
}

impl Unions {
    pub(super) fn new(client: Arc<Client>) -> Self {
        let (of_people, people) = (Bounded::new(UNIONS_MAX), Bounded::new(UNIONS_MAX));
        Self { client, of_people: Mutex::new(of_people), people: Mutex::new(people) }
    }

    /// The unionId of somebody; nothing for who is not of our company, or out of the app's sight.
    pub(super) async fn of(&self, person: &PersonId) -> Result<Option<String>, Failure> {
        if let Some(union) = person.as_str().strip_prefix("union:") {
            return Ok(Some(union.to_owned()));
        }
        if let Some(known) = self.of_people.lock().get(person).cloned() {
            return Ok(Some(known));
        }
        let Some(user) = ids::user(person) else { return Ok(None) };
        let call = Call::contacts("/topapi/v2/user/get", json!({"userid": user, "language": "zh_CN"}));
        let Some(found) = self.asked(&call, "unionid").await? else { return Ok(None) };
        self.remember(person, &found);
        Ok(Some(found))
    }

    /// Who has this unionId.
    pub(super) async fn who(&self, union: &str) -> Result<Option<PersonId>, Failure> {
        if let Some(known) = self.people.lock().get(union).cloned() {
            return Ok(Some(known));
        }
        let call = Call::contacts("/topapi/user/getbyunionid", json!({"unionid": union}));
        let found = self.asked(&call, "userid").await?;
        let person = found.and_then(|user| ids::person(&user));
        if let Some(person) = &person {
            self.remember(person, union);
        }
        Ok(person)
    }

    fn remember(&self, person: &PersonId, union: &str) {
        self.of_people.lock().put(person.clone(), union.to_owned());
        self.people.lock().put(union.to_owned(), person.clone());
    }

    async fn asked(&self, call: &Call, name: &str) -> Result<Option<String>, Failure> {
        match self.client.call(call).await.map_err(CallError::of_reading) {
            Ok(answer) => Ok(answer.get("result").and_then(|result| text(result, name))),
            Err(CallError { meaning: Meaning::Refused(_), .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
