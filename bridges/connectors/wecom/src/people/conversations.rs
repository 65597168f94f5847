//! Which conversations there are, what they are called, and who is in them.

use async_trait::async_trait;
use bridge_api::{
    Conversation, ConversationId, Conversations, Cursor, Failure, Members, Names, Page, Person, PersonId,
    Refusal,
};
use serde_json::{Value, json};

use super::{People, Standing, page_of};
use crate::{
    ids::{self, Place},
    lenient::{items, text},
    limits::{GROUP_NAME_CHARACTERS_MAX, LOOKED_UP_PAGE},
};

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

    fn lists_everybody(&self, conversation: &ConversationId) -> bool {
        matches!(ids::place(conversation), Some(Place::Chat(_))) && self.client.settings().app.is_some()
    }
}

#[async_trait]
impl Conversations for People {
    /// Of groups that it made the app is told whether they are there, of members whether they have it, and which accounts of customer
    /// service it manages. Of groups with the bot, or with a webhook, nobody is told anything before something is sent there.
    fn tells_absence(&self, conversation: &ConversationId) -> bool {
        let place = ids::place(conversation);
        let is_told = match place {
            Some(Place::Chat(_)) => true,
            Some(Place::Direct(user)) => !ids::is_open(user),
            Some(Place::Service { .. }) => self.client.settings().service.is_some(),
            _ => false,
        };
        is_told && self.client.settings().app.is_some()
    }

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
                // One that the platform refuses to show keeps no other from being listed.
                let info = match self.chat(chat).await {
                    Err(failure) if !failure.passes() => None,
                    info => info?,
                };
                if let Some(info) = info {
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
                if self.client.settings().app.is_none() {
                    return Ok(None);
                }
                // Whoever the app may not see has no chat with it either.
                Ok(match self.standing(user).await? {
                    Standing::Here(person) => Conversation::direct(id, &person.name),
                    Standing::Left | Standing::Unseen => None,
                })
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
            Some(Place::Service { account, .. }) => {
                let known = self.groups.name(conversation).await?;
                let group = known.and_then(|name| Conversation::group(id, &name));
                if group.is_none() || self.is_account_gone(account).await? {
                    return Ok(None);
                }
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
