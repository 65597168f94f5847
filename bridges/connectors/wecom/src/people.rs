//! People, departments and groups as the platform lists them.

mod conversations;
mod directory;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bridge_api::{Cursor, Directory, Failure, KnownGroups, MediaId, Person, PersonId, Refusal};
use serde_json::{Value, json};

use crate::{
    client::{CallError, Client, Meaning},
    ids,
    lenient::{items, number, text},
    memory::Memory,
};

/// Reads people and groups.
pub struct People {
    /// The way to the platform.
    pub client: Arc<Client>,
    /// What people are called.
    pub memory: Arc<Memory>,
    /// Where the bot was spoken to.
    pub groups: Arc<KnownGroups>,
}

/// Nothing where the platform says that there is nothing, or that the app may not see it.
pub(crate) fn unless_refused<T>(outcome: Result<T, CallError>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(CallError { meaning: Meaning::Refused(_), .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How somebody stands in the company.
#[derive(Debug)]
pub(crate) enum Standing {
    /// They are there, and this is who they are.
    Here(Person),
    /// There is nobody of this id, or they have left.
    Left,
    /// The app may not see them.
    Unseen,
}

/// The platform's words for a userid that is nobody's (section 0.2 of its errors).
const NOBODY: [&str; 3] = ["40003", "46004", "60111"];
/// Its `status` of a member who has left (section 7.1).
const HAS_LEFT: u64 = 5;

/// So many of `all` from where `from` says, and where the next page begins.
fn page_of<T: Clone>(all: &[T], from: Option<&Cursor>, size: usize) -> (Vec<T>, Option<Cursor>) {
    let at: usize = from.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(0);
    let items: Vec<T> = all.iter().skip(at).take(size).cloned().collect();
    let next = at.saturating_add(size);
    (items, (next < all.len()).then(|| Cursor::new(next.to_string()).ok()).flatten())
}

impl People {
    fn person(&self, user: &Value) -> Option<Person> {
        let mut person =
            Person::named(ids::person(&text(user, "userid")?)?, text(user, "name").unwrap_or_default());
        // Younger apps are told neither addresses nor pictures.
        person.avatar = text(user, "avatar").and_then(|address| MediaId::new(address).ok());
        person.email = text(user, "biz_mail").or_else(|| text(user, "email"));
        person.departments =
            items(user, "department").iter().map(|id| id.to_string().trim_matches('"').to_owned()).collect();
        self.memory.called(&person.id, &person.name);
        Some(person)
    }

    /// The plain id of somebody whom the bot knows by an encrypted one; whoever cannot be told stays as they are.
    ///
    /// # Errors
    /// When the platform may know it in a moment.
    pub async fn plain(&self, person: &PersonId) -> Result<PersonId, Failure> {
        let open = person.as_str();
        if !ids::is_open(open) || self.client.settings().app.is_none() {
            return Ok(person.clone());
        }
        if let Some(known) = self.memory.who(open) {
            return Ok(known);
        }
        let body = json!({"open_userid_list": [open]});
        let answer = match self.client.post("batch/openuserid_to_userid", &body).await {
            Ok(answer) => answer,
            Err(error)
                if matches!(error.meaning, Meaning::Refused(_) | Meaning::SetUp | Meaning::TokenStale) =>
            {
                tracing::warn!(%error, "somebody is known by an encrypted id alone");
                Value::Null
            }
            Err(error) => return Err(error.into()),
        };
        let found = items(&answer, "userid_list")
            .iter()
            .find(|row| text(row, "open_userid").as_deref() == Some(open));
        let plain =
            found.and_then(|row| ids::person(&text(row, "userid")?)).unwrap_or_else(|| person.clone());
        if !answer.is_null() {
            self.memory.is(open, &plain);
        }
        Ok(plain)
    }

    /// How a member stands in the company.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub(crate) async fn standing(&self, user: &str) -> Result<Standing, Failure> {
        match self.client.get("user/get", &[("userid", user)]).await {
            Ok(answer) if number(&answer, "status") == Some(HAS_LEFT) => Ok(Standing::Left),
            Ok(answer) => Ok(self.person(&answer).map_or(Standing::Unseen, Standing::Here)),
            Err(error) if error.code.as_deref().is_some_and(|code| NOBODY.contains(&code)) => {
                Ok(Standing::Left)
            }
            Err(CallError { meaning: Meaning::Refused(_), .. }) => Ok(Standing::Unseen),
            Err(error) => Err(error.into()),
        }
    }

    /// A group of the app; nothing when it is no more, or another app made it.
    async fn chat(&self, chat: &str) -> Result<Option<Value>, Failure> {
        match self.client.get("appchat/get", &[("chatid", chat)]).await {
            Ok(answer) => Ok(answer.get("chat_info").cloned()),
            Err(CallError {
                meaning: Meaning::Refused(Refusal::Gone | Refusal::NotInConversation), ..
            }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody with their name, looked up when nobody said it yet.
    async fn named(&self, user: &str) -> Result<Option<Person>, Failure> {
        let Some(id) = ids::person(user) else { return Ok(None) };
        if let Some(name) = self.memory.name(&id) {
            return Ok(Some(Person::named(id, name)));
        }
        Ok(Some(Directory::person(self, &id).await?.unwrap_or_else(|| Person::named(id, ""))))
    }
}
