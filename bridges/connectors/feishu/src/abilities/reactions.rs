//! Reacts to messages. Removing takes an id that events do not carry, so it is remembered.

use async_trait::async_trait;
use bridge_api::{Failure, Reaction, Reactions, Refusal};
use serde::Deserialize;
use serde_json::json;

use super::{addressee, message, remembered::Remembered};
use crate::{
    Feishu,
    client::{Call, CallError},
    emoji,
    failure::is_gone,
    ids::{Addressee, MessageKey, ReactionId},
};

/// Codes of a reaction that is there no more.
const NO_SUCH_REACTION: [i64; 2] = [231_010, 231_011];

#[derive(Deserialize)]
struct Added {
    reaction_id: ReactionId,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    page_token: String,
}

#[derive(Deserialize)]
struct Item {
    reaction_id: ReactionId,
    operator: Operator,
}

#[derive(Deserialize)]
struct Operator {
    #[serde(default)]
    operator_id: String,
    #[serde(default)]
    operator_type: String,
}

#[async_trait]
impl Reactions for Feishu {
    async fn react(&self, reaction: &Reaction) -> Result<(), Failure> {
        let (to, id) = (addressee(&reaction.conversation)?, message(&reaction.message)?);
        let kind = emoji::name_of(&reaction.emoji).ok_or_else(|| Failure::refused(Refusal::Impossible))?;
        if reaction.added { add(self, &to, &id, kind).await } else { remove(self, &id, kind).await }
    }
}

async fn add(feishu: &Feishu, to: &Addressee, id: &MessageKey, kind: &str) -> Result<(), Failure> {
    let body = json!({ "reaction_type": { "emoji_type": kind } });
    let call = Call::post(&["im", "v1", "messages", id.as_str(), "reactions"], &body).to(to);
    let added: Added = feishu.client.data(call).await?;
    Remembered::Reaction(id.as_str(), kind).put(&*feishu.shelf, added.reaction_id.as_str()).await
}

async fn remove(feishu: &Feishu, id: &MessageKey, kind: &str) -> Result<(), Failure> {
    let remembered = Remembered::Reaction(id.as_str(), kind);
    let known = remembered.get(&*feishu.shelf).await?.as_deref().and_then(ReactionId::parse);
    let known = match known {
        Some(known) => Some(known),
        None => find(feishu, id, kind).await?,
    };
    if let Some(reaction) = known {
        let path = ["im", "v1", "messages", id.as_str(), "reactions", reaction.as_str()];
        match feishu.client.done(Call::delete(&path)).await {
            Err(error) if is_gone(&error) || error.is_one_of(&NO_SUCH_REACTION) => {}
            outcome => outcome?,
        }
    }
    remembered.forget(&*feishu.shelf).await
}

/// Our own reaction of a kind, as the platform lists it: the answer to adding it may have been lost.
async fn find(feishu: &Feishu, id: &MessageKey, kind: &str) -> Result<Option<ReactionId>, Failure> {
    let own = feishu.client.settings().app_id.clone();
    let mut page = String::new();
    for _ in 0..crate::limits::PAGES_MAX {
        let mut call = Call::get(&["im", "v1", "messages", id.as_str(), "reactions"])
            .with("reaction_type", kind)
            .with("page_size", "50");
        if !page.is_empty() {
            call = call.with("page_token", page.clone());
        }
        let listed: Listed = match feishu.client.data(call).await {
            Err(error) if is_gone(&error) => return Ok(None),
            outcome => outcome.map_err(|error: CallError| Failure::from(error))?,
        };
        let ours = |item: &Item| item.operator.operator_type == "app" && item.operator.operator_id == own;
        if let Some(item) = listed.items.into_iter().find(ours) {
            return Ok(Some(item.reaction_id));
        }
        if !listed.has_more || listed.page_token.is_empty() {
            return Ok(None);
        }
        page = listed.page_token;
    }
    Ok(None)
}
