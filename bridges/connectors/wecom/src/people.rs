//! People, departments and groups as the platform lists them.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{
    Conversation, ConversationId, Conversations, Cursor, Department, Directory, Download, Failure,
    KnownGroups, MediaId, Members, Names, Page, Person, PersonId, Refusal,
};
use serde_json::{Value, json};

use crate::{
    client::{CallError, Client, Meaning},
    ids::{self, Place},
    lenient::{items, text},
    limits::{GROUP_NAME_CHARACTERS_MAX, LOOKED_UP_PAGE, PEOPLE_PAGE},
    memory::Memory,
    sending,
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

    async fn chat(&self, chat: &str) -> Result<Option<Value>, Failure> {
        let answer = unless_refused(self.client.get("appchat/get", &[("chatid", chat)]).await)?;
        Ok(answer.and_then(|answer| answer.get("chat_info").cloned()))
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

#[async_trait]
impl Directory for People {
    async fn person(&self, person: &PersonId) -> Result<Option<Person>, Failure> {
        let Some(user) = ids::user(person) else { return Ok(None) };
        if ids::is_open(user)
            && let Some(customer) = self.service_customer(user).await?
        {
            return Ok(Some(customer));
        }
        let answer = unless_refused(self.client.get("user/get", &[("userid", user)]).await)?;
        Ok(answer.and_then(|user| self.person(&user)))
    }

    async fn by_email(&self, email: &str) -> Result<Option<PersonId>, Failure> {
        // First the company's address, then a private one.
        for kind in [1, 2] {
            let body = json!({"email": email, "email_type": kind});
            let answer = unless_refused(self.client.post("user/get_userid_by_email", &body).await)?;
            if let Some(found) = answer.and_then(|answer| ids::person(&text(&answer, "userid")?)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn departments(
        &self,
        parent: Option<&str>,
        from: Option<&Cursor>,
    ) -> Result<Page<Department>, Failure> {
        let parent = parent.unwrap_or("1");
        let answer = unless_refused(self.client.get("department/simplelist", &[("id", parent)]).await)?;
        let answer = answer.unwrap_or_default();
        let below = |row: &&Value| text(row, "parentid").as_deref() == Some(parent);
        let mut children: Vec<String> =
            items(&answer, "department_id").iter().filter(below).filter_map(|row| text(row, "id")).collect();
        children.sort();
        let (ids, next) = page_of(&children, from, LOOKED_UP_PAGE);
        let mut found = Vec::new();
        for id in ids {
            let answer = unless_refused(self.client.get("department/get", &[("id", &id)]).await)?;
            let name = answer.and_then(|answer| text(answer.get("department")?, "name")).unwrap_or_default();
            found.push(Department { id, name, parent: Some(parent.to_owned()) });
        }
        Ok(Page { items: found, next })
    }

    async fn people(&self, department: &str, from: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        let answer = self.client.get("user/simplelist", &[("department_id", department)]).await?;
        let (users, next) = page_of(items(&answer, "userlist"), from, PEOPLE_PAGE);
        Ok(Page { items: users.iter().filter_map(|user| self.person(user)).collect(), next })
    }

    async fn avatar(&self, avatar: &MediaId) -> Result<Download, Failure> {
        sending::fetched(&self.client, avatar.as_str()).await
    }
}

#[async_trait]
impl Names for People {
    async fn rename(&self, conversation: &ConversationId, name: &str) -> Result<(), Failure> {
        let Some(Place::Chat(chat)) = ids::place(conversation) else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let name: String = name.chars().take(GROUP_NAME_CHARACTERS_MAX).collect();
        self.client.post("appchat/update", &json!({"chatid": chat, "name": name})).await?;
        Ok(())
    }
}

#[async_trait]
impl Members for People {
    async fn members(
        &self,
        conversation: &ConversationId,
        from: Option<&Cursor>,
    ) -> Result<Page<Person>, Failure> {
        let everybody = match ids::place(conversation) {
            Some(Place::Direct(user) | Place::BotDirect(user)) => vec![user.to_owned()],
            Some(Place::Chat(chat)) => {
                let chat = self.chat(chat).await?.unwrap_or_default();
                items(&chat, "userlist").iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(Place::Service { account, customer }) => {
                let mut everybody = self.servicers(account).await?;
                everybody.insert(0, customer.to_owned());
                everybody
            }
            // Nobody tells who is in a group with the bot, or with a webhook.
            Some(Place::BotGroup(_) | Place::Webhook(_) | Place::Archived(_)) | None => Vec::new(),
        };
        let (users, next) = page_of(&everybody, from, LOOKED_UP_PAGE);
        let mut found = Vec::new();
        for user in users {
            found.extend(self.named(&user).await?);
        }
        if let Some(Place::Service { customer, .. }) = ids::place(conversation) {
            found.iter_mut().for_each(|person| person.external |= person.id.as_str() == customer);
        }
        Ok(Page { items: found, next })
    }
}

#[async_trait]
impl Conversations for People {
    fn direct(&self, person: &PersonId) -> Option<ConversationId> {
        self.client.settings().app.as_ref()?;
        ConversationId::new(format!("user:{}", ids::user(person)?)).ok()
    }

    async fn list(&self, from: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        let mut page = self.groups.page(from).await?;
        if from.is_none() {
            let settings = self.client.settings();
            for hook in &settings.webhooks {
                page.items.extend(Conversation::group(&format!("webhook:{}", hook.name), &hook.name));
            }
            for chat in settings.group_chats.iter().take(LOOKED_UP_PAGE) {
                if let Some(info) = self.chat(chat).await? {
                    let name = text(&info, "name").unwrap_or_default();
                    page.items.extend(Conversation::group(&format!("chat:{chat}"), &name));
                }
            }
        }
        Ok(page)
    }

    async fn conversation(&self, conversation: &ConversationId) -> Result<Option<Conversation>, Failure> {
        let id = conversation.as_str();
        match ids::place(conversation) {
            Some(Place::Direct(user)) => {
                let person =
                    if self.client.settings().app.is_some() { self.named(user).await? } else { None };
                Ok(person.and_then(|person| Conversation::direct(id, &person.name)))
            }
            Some(Place::BotDirect(user)) => {
                let name = ids::person(user).and_then(|person| self.memory.name(&person)).unwrap_or_default();
                Ok(Conversation::direct(id, &name).filter(|_| self.client.settings().bot.is_some()))
            }
            Some(Place::Chat(chat)) => {
                let info = self.chat(chat).await?;
                Ok(info.and_then(|info| {
                    let members = u64::try_from(items(&info, "userlist").len()).ok();
                    let group = Conversation::group(id, &text(&info, "name").unwrap_or_default())?;
                    Some(Conversation { members, ..group })
                }))
            }
            // Whether the bot is in a group the platform tells nobody; whoever spoke to it there did.
            Some(Place::BotGroup(_) | Place::Archived(_)) => {
                let known = self.groups.name(conversation).await?;
                Ok(known.and_then(|name| Conversation::group(id, &name)))
            }
            // A group, so that a room is made for it like for any other: several people answer there.
            Some(Place::Service { .. }) => {
                let known = self.groups.name(conversation).await?;
                let group = known.and_then(|name| Conversation::group(id, &name));
                Ok(group.map(|group| Conversation { external: true, ..group }))
            }
            Some(Place::Webhook(name)) => {
                let known = self.client.settings().webhooks.iter().any(|hook| hook.name == name);
                Ok(Conversation::group(id, name).filter(|_| known))
            }
            None => Ok(None),
        }
    }
}
