//! The house of the homeserver for bridges in a process of their own: its staff list, kept in step, and its way to mailboxes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use base::Shutdown;
use bridge_api::Network;
use bridge_core::{BridgePorts, Elsewhere, MailWords, Post, Posted, Staff};
use http::{Method, StatusCode, header};
use outbound::{Answer, Limits, Outbound, Request};
use parking_lot::RwLock;
use ruma::{OwnedUserId, RoomId, UserId};
use serde::{Serialize, de::DeserializeOwned};

use super::house::{Colleague, LetterAnswer, LetterAsked, RoomAnswer, RoomAsked, StaffAnswer};
use crate::limits::{
    HOUSE_ANSWER_BYTES_MAX, HOUSE_LETTER_TIME_MAX, HOUSE_TIME_MAX, STAFF_INTERVAL, STAFF_PAUSE,
};

/// The house as these bridges reach it.
pub(super) struct Beside {
    outbound: Outbound,
    base: String,
    as_token: String,
    known: RwLock<Known>,
}

/// The staff list as it was told last.
#[derive(Default)]
struct Known {
    /// Its version, as the homeserver calls it.
    tag: Option<String>,
    names: Vec<String>,
    by_account: HashMap<OwnedUserId, Colleague>,
    /// By platform and id.
    by_id: HashMap<(String, String), Option<OwnedUserId>>,
}

impl Known {
    fn new(tag: Option<String>, people: Vec<Colleague>) -> Self {
        let names = people.iter().map(|person| person.name.clone()).collect();
        let mut known = Self { tag, names, ..Self::default() };
        for person in people {
            for id in &person.elsewhere {
                // Of several who have it, the first by employee number.
                known.by_id.entry(id.clone()).or_insert_with(|| person.account.clone());
            }
            if let Some(account) = person.account.clone() {
                known.by_account.insert(account, person);
            }
        }
        known
    }
}

impl Beside {
    /// Asks the homeserver at this address as the bridges of this token.
    pub(super) fn new(outbound: Outbound, base: &str, as_token: String) -> Arc<Self> {
        let base = base.trim_end_matches('/').to_owned();
        Arc::new(Self { outbound, base, as_token, known: RwLock::default() })
    }

    /// What the bridges have of it.
    pub(super) fn ports(self: &Arc<Self>) -> BridgePorts {
        BridgePorts {
            staff: Some(Arc::clone(self) as Arc<dyn Staff>),
            post: Some(Arc::clone(self) as Arc<dyn Post>),
        }
    }

    /// Keeps the staff list in step until the shutdown.
    pub(super) async fn keep(self: Arc<Self>, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            let pause = match self.look().await {
                Ok(()) => STAFF_INTERVAL,
                Err(reason) => {
                    tracing::debug!(
                        reason,
                        "the staff list of the homeserver is not to be had; will try again"
                    );
                    STAFF_PAUSE
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads the staff list where it is another one by now.
    ///
    /// # Errors
    /// Why it cannot be read now.
    pub(super) async fn look(&self) -> Result<(), String> {
        let tag = self.known.read().tag.clone();
        let mut request = self.request(Method::GET, "staff");
        if let Some(tag) = &tag {
            request = request.header(header::IF_NONE_MATCH.as_str(), tag);
        }
        let answer = self.ask(request, HOUSE_TIME_MAX).await?;
        match answer.status {
            StatusCode::NOT_MODIFIED => Ok(()),
            // No bots with a staff list run there.
            StatusCode::NOT_FOUND => {
                *self.known.write() = Known::default();
                Ok(())
            }
            _ => {
                let StaffAnswer { people } = read(&answer)?;
                let tag = answer.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
                *self.known.write() = Known::new(tag.map(str::to_owned), people);
                Ok(())
            }
        }
    }

    fn request(&self, method: Method, what: &str) -> Request {
        Request::new(method, format!("{}/_lianqiao/house/{what}", self.base))
            .header(header::AUTHORIZATION.as_str(), &format!("Bearer {}", self.as_token))
    }

    async fn ask(&self, request: Request, time_max: Duration) -> Result<Answer, String> {
        let limits = Limits { bytes_max: HOUSE_ANSWER_BYTES_MAX, time_max, redirects_max: 0 };
        let opened = self.outbound.open(request, limits).await.map_err(|error| error.to_string())?;
        opened.collect().await.map_err(|error| error.to_string())
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        what: &str,
        told: &impl Serialize,
        time_max: Duration,
    ) -> Result<T, String> {
        let body = serde_json::to_vec(told).map_err(|error| error.to_string())?;
        let request = self.request(Method::POST, what);
        let request = request.header(header::CONTENT_TYPE.as_str(), "application/json").body(body);
        read(&self.ask(request, time_max).await?)
    }
}

/// What an answer says, if it is one.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, String> {
    if !answer.status.is_success() {
        let words = String::from_utf8_lossy(&answer.body);
        return Err(format!("{} {}", answer.status, words.chars().take(200).collect::<String>()));
    }
    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
}

#[async_trait]
impl Staff for Beside {
    fn elsewhere(&self, account: &UserId, network: Network) -> Elsewhere {
        let known = self.known.read();
        let Some(person) = known.by_account.get(account) else { return Elsewhere::default() };
        let ids = person.elsewhere.iter().filter(|(platform, _)| platform == network.key());
        let email = Some(person.email.clone()).filter(|email| !email.is_empty());
        Elsewhere { ids: ids.map(|(_, id)| id.clone()).collect(), email }
    }

    fn account(&self, network: Network, id: &str) -> Option<OwnedUserId> {
        let known = self.known.read();
        known.by_id.get(&(network.key().to_owned(), id.to_owned())).cloned().flatten()
    }

    fn names(&self) -> Vec<String> {
        self.known.read().names.clone()
    }

    async fn house(&self, accounts: &[OwnedUserId], room: &RoomId) -> Result<bool, String> {
        let asked = RoomAsked { accounts: accounts.to_vec(), room: room.to_owned() };
        self.tell("rooms", &asked, HOUSE_TIME_MAX).await.map(|RoomAnswer { is_housed }| is_housed)
    }
}

#[async_trait]
impl Post for Beside {
    async fn post(&self, to: &UserId, words: &MailWords) -> Result<Posted, String> {
        let MailWords { subject, text } = words.clone();
        let asked = LetterAsked { to: to.to_owned(), subject, text };
        let LetterAnswer { is_sent } = self.tell("letters", &asked, HOUSE_LETTER_TIME_MAX).await?;
        Ok(if is_sent { Posted::Sent } else { Posted::NoAddress })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_by_employee_number_has_an_id_that_several_have() {
        let colleague = |account: &str, id: &str| Colleague {
            account: UserId::parse(account).ok(),
            name: "x".to_owned(),
            email: String::new(),
            elsewhere: vec![("feishu".to_owned(), id.to_owned())],
        };
        let people = vec![colleague("@a:test", "1"), colleague("@b:test", "1"), colleague("@c:test", "2")];
        let known = Known::new(None, people);
        let of = |id: &str| known.by_id[&("feishu".to_owned(), id.to_owned())].clone();
        assert_eq!(of("1").as_deref().map(UserId::as_str), Some("@a:test"));
        assert_eq!(of("2").as_deref().map(UserId::as_str), Some("@c:test"));
        assert_eq!((known.by_account.len(), known.names.len()), (3, 3));
    }
}
