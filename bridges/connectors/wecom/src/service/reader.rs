//! Makes arrivals of entries: names who spoke, notes what may be answered, welcomes who enters, says what did not reach a customer.

use bridge_api::{
    Arrival, Content, ConversationId, EventKey, Failure, FileKind, Happened, Message, MessageId, PersonId,
    RichText, Sender, Words, words,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    Service,
    entry::{self, Heard, What},
    limits::{CUSTOMERS_AT_ONCE, WELCOME_WITHIN_MS},
};
use crate::{client, ids, limits::LOOKED_UP_WITHIN, received::NAMELESS};

words! {
    NOT_REACHED = "未送达客户" | "this did not reach the customer";
    UNKNOWN = "企业微信未说明原因" | "WeCom does not say why";
    ACCOUNT_GONE = "客服帐号已删除" | "the account was deleted";
    APP_CLOSED = "应用已关闭" | "the app is switched off";
    TOO_LATE = "客户最后一次来信已超过 48 小时" | "the customer wrote more than 48 hours ago";
    SESSION_OVER = "会话已结束" | "the session is over";
    TOO_MANY = "客户来信后已回复满 5 条" | "the customer was answered five times already";
    REFUSES = "客户拒收" | "the customer takes no messages";
    TAKEN = "企业微信中的接待人员已接入该客户：在其结束会话之前，这里所说的话不会送达" | "a colleague attends to the customer in WeCom: what is said here does not arrive until they end the session";
    PASSED_ON = "企业微信中的接待人员把该客户转给了另一位接待人员" | "a colleague in WeCom passed the customer on to another one";
    OVER = "企业微信中的接待人员结束了会话：客户再次来信之后才能回复" | "a colleague in WeCom ended the session: the customer can be answered once they write again";
}

impl Service {
    /// What entries of an account are here, in their order; nothing for what concerns no bridge.
    ///
    /// # Errors
    /// When something cannot be written down; they are read once more then.
    pub(super) async fn read(&self, account: &str, entries: &[Value]) -> Result<Vec<Arrival>, Failure> {
        let mut heard = Vec::new();
        for entry in entries {
            match entry::read(entry) {
                Ok(one) => heard.push(one),
                Err(why) => tracing::debug!(%why, "leave out"),
            }
        }
        self.know(&heard).await;
        let mut arrivals = Vec::new();
        for one in heard {
            arrivals.extend(Box::pin(self.arrival(account, one)).await?);
        }
        Ok(arrivals)
    }

    /// Asks who customers are whom nobody has named yet; one who stays without a name holds nothing up.
    async fn know(&self, heard: &[Heard]) {
        let named = |customer: &str| {
            ids::customer(customer).is_none_or(|id| self.incoming.memory.name(&id).is_some())
        };
        let mut nameless: Vec<String> = Vec::new();
        for one in heard {
            if !named(&one.customer) && !nameless.contains(&one.customer) {
                nameless.push(one.customer.clone());
            }
        }
        for some in nameless.chunks(CUSTOMERS_AT_ONCE) {
            if let Err(error) = self.incoming.people.service_customers(some).await {
                tracing::debug!(%error, "nobody says who customers are");
            }
        }
    }

    async fn arrival(&self, account: &str, heard: Heard) -> Result<Option<Arrival>, Failure> {
        let Heard { id, at_ms, customer, what } = heard;
        let place = ConversationId::new(format!("service:{account}|{customer}"));
        let key = EventKey::new(format!("{}:service:{id}", self.client().settings().corp_id));
        let (Ok(conversation), Ok(key), Some(person)) = (place, key, ids::customer(&customer)) else {
            tracing::warn!("leave out an entry of customer service with ids that cannot be kept");
            return Ok(None);
        };
        let what = match what {
            What::Said { servicer, parts } => {
                if self.window.is_ours(&conversation, &id).await? {
                    return Ok(None);
                }
                let sender = match servicer.as_deref() {
                    Some(user) => ids::person(user).map(|id| self.sender(id, false)),
                    None => {
                        // Before it is handed over: what waits for these words is said as soon as they are.
                        self.window.spoke(&conversation, &id, at_ms).await?;
                        self.sessions.forget(&conversation);
                        Some(self.sender(person, true))
                    }
                };
                let name = self.conversation_name(account, &customer);
                self.incoming.groups.seen(&conversation, &name).await;
                match sender {
                    Some(from) => self.said(&id, from, parts).await,
                    None => None,
                }
            }
            What::Entered { welcome } => {
                self.sessions.forget(&conversation);
                if let Some(code) = welcome {
                    self.welcome(&code, at_ms).await;
                }
                None
            }
            What::Failed { message, reason } => {
                let answered = MessageId::new(format!("service:{message}")).ok();
                let reason = why(reason);
                let zh = format!("{}：{}", NOT_REACHED.zh, reason.zh);
                let en = format!("{}: {}", NOT_REACHED.en, reason.en);
                notice(&id, &zh, &en, answered)
            }
            What::Attended { change } => {
                self.sessions.forget(&conversation);
                attended(change).and_then(|words| notice(&id, words.zh, words.en, None))
            }
            What::Recalled { message, servicer } => {
                let by = servicer.as_deref().map_or(Some(person), ids::person);
                MessageId::new(message).ok().map(|message| Happened::Recalled { message, by })
            }
        };
        let Some(what) = what else { return Ok(None) };
        let arrival = Arrival { key, conversation: Some(conversation), at_ms, trace: Some(id), what };
        self.incoming.remember(&arrival).await;
        Ok(Some(arrival))
    }

    /// Somebody as who they are known to be: a customer, or a member of the company.
    fn sender(&self, id: PersonId, is_customer: bool) -> Sender {
        let name = self.incoming.memory.name(&id);
        Sender::Person { id, name, external: Some(is_customer) }
    }

    async fn said(&self, id: &str, from: Sender, mut parts: Vec<Content>) -> Option<Happened> {
        let id = MessageId::new(id).ok()?;
        self.name_files(&mut parts).await;
        Some(Happened::Message(Message { id, from, parts, reply_to: None, thread: None }))
    }

    /// Documents come without their names, which stand with the files themselves.
    async fn name_files(&self, parts: &mut [Content]) {
        for part in parts {
            let Content::File(file) = part else { continue };
            if file.kind != FileKind::File || file.name != NAMELESS {
                continue;
            }
            let Some(media) = file.media.as_str().strip_prefix("app:").map(str::to_owned) else { continue };
            match timeout(LOOKED_UP_WITHIN, self.client().media(&media, 0)).await {
                Ok(Ok(response)) => {
                    if let Some(name) = client::file_name(response.headers()) {
                        file.name = name;
                    }
                }
                Ok(Err(error)) => tracing::debug!(%error, "a file stays without its name"),
                Err(_) => tracing::debug!("a file stays without its name, which did not come in time"),
            }
        }
    }

    /// What the conversation of a customer is called: by who they are and to which account they write.
    pub(super) fn conversation_name(&self, account: &str, customer: &str) -> String {
        let customer = ids::customer(customer).and_then(|id| self.incoming.memory.name(&id));
        let names = [customer.unwrap_or_default(), self.account_name(account)];
        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// Welcomes who enters, where there is something to welcome them with, and it is not too late for that.
    async fn welcome(&self, code: &str, at_ms: u64) {
        let Some(words) = &self.settings.welcome else { return };
        if self.incoming.clock.now_ms().saturating_sub(at_ms) > WELCOME_WITHIN_MS {
            tracing::debug!("it is too late to welcome a customer");
            return;
        }
        let body = json!({"code": code, "msgtype": "text", "text": {"content": words}});
        // Each code is good once, so what is read once more welcomes nobody twice.
        if let Err(error) = self.client().post("kf/send_msg_on_event", &body).await {
            tracing::warn!(%error, "a customer is not welcomed");
        }
    }
}

/// Why something did not reach a customer, by the platform's number; its pages do not confirm them all.
const fn why(reason: u64) -> Words {
    match reason {
        1 => ACCOUNT_GONE,
        2 => APP_CLOSED,
        4 => TOO_LATE,
        5 => SESSION_OVER,
        6 => TOO_MANY,
        10 => REFUSES,
        _ => UNKNOWN,
    }
}

/// What members did, by the platform's number: took somebody who waited, passed them on, ended the session, took it up again.
const fn attended(change: u64) -> Option<Words> {
    match change {
        1 | 4 => Some(TAKEN),
        2 => Some(PASSED_ON),
        3 => Some(OVER),
        _ => None,
    }
}

/// A word of the platform's to the room, in both languages, because nobody here knows which one the room speaks.
fn notice(id: &str, zh: &str, en: &str, reply_to: Option<MessageId>) -> Option<Happened> {
    let parts = vec![Content::Text(RichText::plain(&format!("{zh} · {en}")))];
    let id = MessageId::new(format!("told:{id}")).ok()?;
    Some(Happened::Message(Message { id, from: Sender::System, parts, reply_to, thread: None }))
}
