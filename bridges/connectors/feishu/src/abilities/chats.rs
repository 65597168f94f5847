//! Conversations, their members and names.

use async_trait::async_trait;
use bridge_api::{
    Conversation, ConversationId, ConversationKind, Conversations, Cursor, Failure, Members, Names, Page,
    Person, PersonId,
};
use serde::Deserialize;
use serde_json::json;

use super::{chat, id_of};
use crate::{
    Feishu,
    client::Call,
    ids::{ChatId, OpenId},
    limits::LIST_PAGE_MAX,
    person,
};

/// One page of any list.
#[derive(Deserialize)]
pub struct Listed<T> {
    #[serde(default = "Vec::new")]
    pub items: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    pub page_token: Option<String>,
}

impl<T> Listed<T> {
    /// Where the next page begins. A list that has more and does not say where is at its end.
    pub fn next(&self) -> Option<Cursor> {
        let token = self.page_token.as_ref().filter(|_| self.has_more)?;
        Cursor::new(token.as_str()).ok()
    }
}

/// A call for one page.
pub fn paged(call: Call, size: usize, from: Option<&Cursor>) -> Call {
    let call = call.with("page_size", size.to_string());
    match from {
        Some(cursor) => call.with("page_token", cursor.as_str()),
        None => call,
    }
}

#[derive(Deserialize)]
struct Chat {
    chat_id: Option<ChatId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    avatar: String,
    #[serde(default)]
    external: bool,
    #[serde(default)]
    chat_mode: String,
    #[serde(default)]
    chat_status: String,
    #[serde(default)]
    user_count: Option<String>,
}

impl Chat {
    fn conversation(self, id: ConversationId) -> Conversation {
        let kind = if self.chat_mode == "p2p" { ConversationKind::Direct } else { ConversationKind::Group };
        let members = self.user_count.and_then(|count| count.parse().ok());
        let avatar = person::picture(&self.avatar);
        Conversation { id, name: self.name, kind, avatar, external: self.external, members }
    }

    fn is_gone(&self) -> bool {
        matches!(self.chat_status.as_str(), "dissolved" | "dissolved_save")
    }
}

#[derive(Deserialize)]
struct Member {
    member_id: Option<OpenId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tenant_key: String,
}

#[async_trait]
impl Conversations for Feishu {
    async fn list(&self, from: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        // By the time of their making: by activity, chats can be left out between two pages.
        let call = Call::get(&["im", "v1", "chats"]).with("sort_type", "ByCreateTimeAsc");
        let listed: Listed<Chat> = self.client.data(paged(call, LIST_PAGE_MAX, from)).await?;
        let next = listed.next();
        let mut items = Vec::new();
        for mut chat in listed.items {
            let Some(id) = chat.chat_id.take().filter(|_| !chat.is_gone()) else { continue };
            items.push(chat.conversation(id_of(ConversationId::new(id.as_str()))?));
        }
        Ok(Page { items, next })
    }

    async fn conversation(&self, conversation: &ConversationId) -> Result<Option<Conversation>, Failure> {
        let id = chat(conversation)?;
        let found: Chat = match self.client.data(Call::get(&["im", "v1", "chats", id.as_str()])).await {
            // It does not exist, is gone, or we are not in it. Of another company's (232010) it is not said whether we are in it.
            Err(error) if error.is_one_of(&[232_006, 232_009, 232_011, 99_992_356]) => return Ok(None),
            outcome => outcome?,
        };
        // Who is outside is told name, picture and numbers, and not of what kind the chat is.
        let inside = !found.chat_mode.is_empty();
        Ok((inside && !found.is_gone()).then(|| found.conversation(conversation.clone())))
    }

    fn tells_absence(&self, conversation: &ConversationId) -> bool {
        // Who is spoken to alone may have no chat yet, and is called by their own id until then.
        ChatId::parse(conversation.as_str()).is_some()
    }

    fn direct(&self, person: &PersonId) -> Option<ConversationId> {
        ConversationId::new(OpenId::parse(person.as_str())?.as_str()).ok()
    }
}

#[async_trait]
impl Members for Feishu {
    async fn members(
        &self,
        conversation: &ConversationId,
        from: Option<&Cursor>,
    ) -> Result<Page<Person>, Failure> {
        let id = chat(conversation)?;
        let call =
            Call::get(&["im", "v1", "chats", id.as_str(), "members"]).with("member_id_type", "open_id");
        let listed: Listed<Member> = self.client.data(paged(call, LIST_PAGE_MAX, from)).await?;
        let next = listed.next();
        let (mut items, ours) = (Vec::new(), self.ours());
        for member in listed.items.into_iter().take(bridge_api::limits::PAGE_ITEMS_MAX) {
            let Some(id) = member.member_id else { continue };
            let external = ours.is_external(&member.tenant_key) == Some(true);
            items.push(Person { external, ..Person::named(id_of(PersonId::new(id.as_str()))?, member.name) });
        }
        Ok(Page { items, next })
    }
}

#[async_trait]
impl Names for Feishu {
    async fn rename(&self, conversation: &ConversationId, name: &str) -> Result<(), Failure> {
        let id = chat(conversation)?;
        let call = Call::put(&["im", "v1", "chats", id.as_str()], &json!({ "name": name }));
        Ok(self.client.done(call).await?)
    }
}
