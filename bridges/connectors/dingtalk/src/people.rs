//! People and groups as the platform lists them. Its contacts are not counted in the month's calls.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{
    Conversation, ConversationId, Conversations, Cursor, Department, Directory, Download, Failure,
    KnownGroups, MediaId, Members, Names, Page, Person, PersonId, Refusal,
};
use serde_json::{Value, json};

use crate::{
    client::{Call, CallError, Client, Meaning},
    ids::{self, Place},
    lenient::{items, number, text, texts, truth},
    limits::{GROUP_NAME_CHARACTERS_MAX, MEMBERS_PAGE_MAX, PEOPLE_PAGE_MAX},
    memory::Memory,
    sending,
};

/// Reads people and groups.
pub struct People {
    /// The way to the platform.
    pub client: Arc<Client>,
    /// What people are called.
    pub memory: Arc<Memory>,
    /// Which groups are known.
    pub groups: Arc<KnownGroups>,
}

impl People {
    fn person(&self, user: &Value) -> Option<Person> {
        let mut person =
            Person::named(ids::person(&text(user, "userid")?)?, text(user, "name").unwrap_or_default());
        // An empty picture means one made of the name.
        person.avatar = text(user, "avatar").and_then(|address| MediaId::new(address).ok());
        person.email = text(user, "org_email").or_else(|| text(user, "email"));
        person.departments = texts(user, "dept_id_list");
        self.memory.called(&person.id, &person.name);
        Some(person)
    }

    fn cool_app(&self, mut body: Value) -> Value {
        if let Some(code) = &self.client.settings().cool_app_code {
            body["coolAppCode"] = json!(code);
        }
        body
    }
}

/// The department, or the topmost one.
fn department(id: Option<&str>) -> Result<u64, Failure> {
    id.map_or(Ok(1), str::parse).map_err(|_| Failure::refused(Refusal::Gone))
}

#[async_trait]
impl Directory for People {
    async fn person(&self, person: &PersonId) -> Result<Option<Person>, Failure> {
        let Some(user) = ids::user(person) else { return Ok(None) };
        let call = Call::contacts("/topapi/v2/user/get", json!({"userid": user, "language": "zh_CN"}));
        match self.client.call(&call).await {
            Ok(answer) => Ok(answer.get("result").and_then(|user| self.person(user))),
            Err(CallError { meaning: Meaning::Refused(_), .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn by_email(&self, _: &str) -> Result<Option<PersonId>, Failure> {
        Ok(None)
    }

    async fn departments(
        &self,
        parent: Option<&str>,
        _: Option<&Cursor>,
    ) -> Result<Page<Department>, Failure> {
        let body = json!({"dept_id": department(parent)?, "language": "zh_CN"});
        let answer = self.client.call(&Call::contacts("/topapi/v2/department/listsub", body)).await?;
        let list = items(&answer, "result");
        let read = |department: &Value| {
            let (id, name) = (text(department, "dept_id")?, text(department, "name").unwrap_or_default());
            Some(Department { id, name, parent: text(department, "parent_id") })
        };
        Ok(Page { items: list.iter().filter_map(read).collect(), next: None })
    }

    async fn people(&self, department_id: &str, from: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        let cursor: u64 = from.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(0);
        let body =
            json!({"dept_id": department(Some(department_id))?, "cursor": cursor, "size": PEOPLE_PAGE_MAX});
        let answer = self.client.call(&Call::contacts("/topapi/v2/user/list", body)).await?;
        let result = answer.get("result").cloned().unwrap_or_default();
        let list = items(&result, "list");
        let next = number(&result, "next_cursor").filter(|next| truth(&result, "has_more") && *next > cursor);
        let next = next.and_then(|next| Cursor::new(next.to_string()).ok());
        Ok(Page { items: list.iter().filter_map(|user| self.person(user)).collect(), next })
    }

    async fn avatar(&self, avatar: &MediaId) -> Result<Download, Failure> {
        sending::fetched(&self.client, avatar.as_str()).await
    }
}

#[async_trait]
impl Names for People {
    async fn rename(&self, conversation: &ConversationId, name: &str) -> Result<(), Failure> {
        let Place::Group(group) = ids::place(conversation) else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let title: String = name.chars().take(GROUP_NAME_CHARACTERS_MAX).collect();
        let body = json!({"open_conversation_id": group, "title": title});
        self.client.call(&Call::post("/v1.0/im/sceneGroup/update", body)).await?;
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
        let group = match ids::place(conversation) {
            Place::Group(group) => group,
            Place::Direct(user) => {
                let items = ids::person(user).map(|id| Person::named(id.clone(), self.memory.name(&id)));
                return Ok(Page { items: items.into_iter().collect(), next: None });
            }
            Place::Webhook(_) => return Ok(Page { items: Vec::new(), next: None }),
        };
        let mut body = self.cool_app(json!({"openConversationId": group, "maxResults": MEMBERS_PAGE_MAX}));
        if let Some(cursor) = from {
            body["nextToken"] = json!(cursor.as_str());
        }
        let answer = self.client.call(&Call::post("/v1.0/im/sceneGroups/members/batchQuery", body)).await?;
        let names = answer.get("staffIdNickMap").cloned().unwrap_or_default();
        let member =
            |user: String| Some(Person::named(ids::person(&user)?, text(&names, &user).unwrap_or_default()));
        let items = texts(&answer, "memberUserIds").into_iter().filter_map(member).collect();
        let next = text(&answer, "nextToken").filter(|_| truth(&answer, "hasMore"));
        Ok(Page { items, next: next.and_then(|next| Cursor::new(next).ok()) })
    }
}

#[async_trait]
impl Conversations for People {
    async fn list(&self, from: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        let mut page = self.groups.page(from).await?;
        if from.is_none() {
            let hooks = &self.client.settings().webhooks;
            page.items.extend(
                hooks
                    .iter()
                    .filter_map(|hook| Conversation::group(&format!("webhook:{}", hook.name), &hook.name)),
            );
        }
        Ok(page)
    }

    fn direct(&self, person: &PersonId) -> Option<ConversationId> {
        ConversationId::new(format!("user:{}", ids::user(person)?)).ok()
    }

    async fn conversation(&self, conversation: &ConversationId) -> Result<Option<Conversation>, Failure> {
        match ids::place(conversation) {
            Place::Direct(user) => {
                let name = ids::person(user).map(|id| self.memory.name(&id)).unwrap_or_default();
                Ok(Conversation::direct(conversation.as_str(), &name))
            }
            Place::Webhook(name) => {
                let known = self.client.settings().webhooks.iter().any(|hook| hook.name == name);
                Ok(Conversation::group(conversation.as_str(), name).filter(|_| known))
            }
            Place::Group(group) => {
                let known = self.groups.name(conversation).await?;
                if self.client.settings().cool_app_code.is_some() {
                    let body = self.cool_app(json!({"openConversationId": group}));
                    match self.client.call(&Call::post("/v1.0/im/sceneGroups/query", body)).await {
                        Ok(answer) if number(&answer, "status") == Some(2) => return Ok(None),
                        Ok(answer) => {
                            let title = text(&answer, "title").or(known).unwrap_or_default();
                            return Ok(Conversation::group(group, &title));
                        }
                        // A group without the plug-in is known by what was said there.
                        Err(CallError { meaning: Meaning::Refused(_), .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                // Whether the robot is in it the platform does not tell; the first message will.
                Ok(Conversation::group(group, &known.unwrap_or_default())
                    .filter(|_| group.starts_with("cid")))
            }
        }
    }
}
