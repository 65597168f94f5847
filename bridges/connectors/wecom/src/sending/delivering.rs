//! Brings one message to where it is said: to people and groups by the app, to webhooks, to where the bot is, to customers.

use bridge_api::{ConversationId, Refusal, Secret};
use serde_json::{Value, json};

use super::{Said, Sending};
use crate::{
    client::{Bucket, CallError, Meaning},
    ids::{self, Place},
    lenient::{names, text},
    limits::LIMITED_PAUSE,
    settings::BotMode,
};

impl Sending {
    /// Brings one message to where it is said; answers what it is called here.
    pub(super) async fn deliver(
        &self,
        conversation: &ConversationId,
        key: &str,
        said: &Said,
    ) -> Result<String, CallError> {
        let nowhere =
            || CallError::ours(Meaning::Refused(Refusal::NotInConversation), "no conversation of WeCom's");
        match ids::place(conversation).ok_or_else(nowhere)? {
            Place::Direct(user) => self.to_person(user, said).await.map(|(id, _)| format!("msg:{id}")),
            Place::Chat(chat) => {
                self.client.turns.wait(&Bucket::Chat(chat.to_owned())).await?;
                let body = json!({"chatid": chat, "msgtype": said.kind, said.kind: said.body});
                self.client.app()?;
                self.client.post("appchat/send", &body).await?;
                Ok(format!("said:{key}"))
            }
            Place::Webhook(name) => {
                let hook = self.webhook(name)?;
                let bucket = Bucket::Webhook(name.to_owned());
                self.client.turns.wait(&bucket).await?;
                let body = json!({"msgtype": said.kind, said.kind: said.body});
                let outcome = self.client.post_webhook(hook.expose(), &body).await;
                self.of_one_place(&bucket, outcome).await?;
                Ok(format!("said:{key}"))
            }
            Place::BotGroup(chat) => self.by_bot(conversation, chat, 2, key, said).await,
            Place::BotDirect(user) => self.by_bot(conversation, user, 1, key, said).await,
            Place::Service { account, customer } => {
                let off = || {
                    let meaning = Meaning::Refused(Refusal::NotInConversation);
                    CallError::ours(meaning, "customer service is not switched on")
                };
                let service = self.service.as_ref().ok_or_else(off)?;
                let content = (said.kind, &said.body);
                Box::pin(service.say(conversation, (account, customer), key, content)).await
            }
            Place::Archived(_) => Err(CallError::ours(
                Meaning::Refused(Refusal::Impossible),
                "the archive hears and says nothing; pair the group with one of a bot in wecom.archive_rooms",
            )),
        }
    }

    /// Sends to one person by the app. Answers its id, and by what a card can be changed.
    pub(super) async fn to_person(
        &self,
        user: &str,
        said: &Said,
    ) -> Result<(String, Option<String>), CallError> {
        self.client.turns.wait(&Bucket::Member(user.to_owned())).await?;
        let agent = self.client.app()?.agent_id;
        let body = json!({"touser": user, "agentid": agent, "msgtype": said.kind, said.kind: said.body});
        let answer = self.client.post("message/send", &body).await?;
        // Success and yet not delivered.
        let lists = [("invaliduser", Refusal::Unreachable), ("unlicenseduser", Refusal::NotPermitted)];
        for (list, refusal) in lists {
            if !names(&answer, list).is_empty() {
                return Err(CallError::ours(Meaning::Refused(refusal), format!("not delivered: {list}")));
            }
        }
        let id = text(&answer, "msgid")
            .ok_or_else(|| CallError::ours(Meaning::Unknown, "an answer without msgid"))?;
        Ok((id, text(&answer, "response_code")))
    }

    async fn by_bot(
        &self,
        conversation: &ConversationId,
        chat: &str,
        kind: u8,
        key: &str,
        said: &Said,
    ) -> Result<String, CallError> {
        let refused = |words: &str| CallError::ours(Meaning::Refused(Refusal::NotInConversation), words);
        let bot = self.client.settings().bot.as_ref().ok_or_else(|| refused("no AI bot is configured"))?;
        let bucket = Bucket::Member(conversation.as_str().to_owned());
        self.client.turns.wait(&bucket).await?;
        let body = json!({"msgtype": said.kind, said.kind: said.body});
        let outcome = match bot.mode {
            BotMode::Callback(_) => self.as_response(conversation, key, said, &body).await,
            BotMode::Socket { .. } => self.over_line(conversation, (chat, kind), key, body).await,
        };
        self.of_one_place(&bucket, outcome).await
    }

    /// A limit that the platform names here is of this place alone, not of the app, and holds up no other.
    async fn of_one_place<T>(&self, bucket: &Bucket, outcome: Result<T, CallError>) -> Result<T, CallError> {
        match outcome {
            Err(error) if matches!(error.meaning, Meaning::Limited { .. }) => {
                self.client.turns.pause(bucket, LIMITED_PAUSE).await;
                Err(CallError { meaning: Meaning::Limited { after: LIMITED_PAUSE, app: false }, ..error })
            }
            other => other,
        }
    }

    async fn over_line(
        &self,
        conversation: &ConversationId,
        (chat, kind): (&str, u8),
        key: &str,
        body: Value,
    ) -> Result<String, CallError> {
        let mut pushed = body.clone();
        pushed["chatid"] = json!(chat);
        pushed["chat_type"] = json!(kind);
        let request = format!("aibot_send_msg_{key}");
        match self.line.ask("aibot_send_msg", &request, pushed).await {
            Ok(_) => Ok(format!("bot:{request}")),
            // The right to speak up goes when nobody spoke to the bot for long; what was said last can still be answered.
            Err(error) if matches!(error.meaning, Meaning::Silenced(_)) => {
                let Some(handle) = self.memory.answer(conversation) else { return Err(error) };
                let answered = self.line.ask("aibot_respond_msg", &handle, body).await;
                // Why it could not be pushed tells people more than why it could not be answered.
                answered.map_err(|late| if late.meaning == Meaning::Unknown { late } else { error })?;
                Ok(format!("said:{key}"))
            }
            Err(error) => Err(error),
        }
    }

    /// In callback mode each message can be answered once, within an hour.
    async fn as_response(
        &self,
        conversation: &ConversationId,
        key: &str,
        said: &Said,
        body: &Value,
    ) -> Result<String, CallError> {
        if !matches!(said.kind, "markdown" | "template_card") {
            let meaning = Meaning::Refused(Refusal::Impossible);
            return Err(CallError::ours(meaning, "a bot called by HTTP sends no files"));
        }
        let Some(address) = self.responses.take(conversation).await? else {
            let words = "企业微信的回调模式机器人只能在被 @ 后一小时内回复一次 · in callback mode the bot answers each message once, within an hour";
            let refusal = Refusal::Other(words.to_owned());
            return Err(CallError::ours(Meaning::Refused(refusal), "nothing is there to be answered"));
        };
        match self.client.post_response(&address, body).await {
            Ok(_) => Ok(format!("said:{key}")),
            Err(error) => {
                if matches!(error.meaning, Meaning::Busy | Meaning::Unreachable | Meaning::Limited { .. })
                    && let Err(error) = self.responses.keep(conversation, address).await
                {
                    tracing::warn!(%error, "an address to answer at is lost");
                }
                Err(error)
            }
        }
    }

    /// The key of a webhook.
    pub(super) fn webhook(&self, name: &str) -> Result<&Secret, CallError> {
        let hook = self.client.settings().webhooks.iter().find(|hook| hook.name == name);
        let gone =
            || CallError::ours(Meaning::Refused(Refusal::NotInConversation), "no such webhook is configured");
        hook.map(|hook| &hook.key).ok_or_else(gone)
    }
}
