//! Events that have to be asked about: a change of a group that names another place, and people who left the company and may be
//! back.

use bridge_api::{Arrival, Directory as _, Failure};
use serde_json::{Value, json};

use crate::{
    client::{Call, CallError, Meaning},
    entries::is_about_entries,
    events::{self, Event},
    incoming::Incoming,
    lenient::text,
    limits::LOOKED_UP_MAX,
};

/// The event of people who left the company.
const LEFT: &str = "user_leave_org";

/// Whether the meaning of an event has to be asked for, which takes its time.
pub fn is_asked_for(kind: &str, data: &Value) -> bool {
    is_about_entries(kind) || kind == LEFT || events::misplaced(kind, data).is_some()
}

impl Incoming {
    /// What an event means that says too little by itself.
    ///
    /// # Errors
    /// [`Failure`] when the platform has to bring it again.
    pub(crate) async fn changed(&self, event: Event<'_>) -> Result<Vec<Arrival>, Failure> {
        match events::misplaced(event.kind, event.data) {
            Some(chat) => self.replaced(event, &chat).await,
            None => self.left_company(event).await,
        }
    }

    /// The same event with the group that it is about, which its chatId tells.
    async fn replaced(&self, event: Event<'_>, chat: &str) -> Result<Vec<Arrival>, Failure> {
        let call = Call::post("/v1.0/im/chat/*/convertToOpenConversationId", Value::Null).about([chat]);
        let answer = match self.client.call(&call).await {
            Ok(answer) => answer,
            Err(CallError { meaning: Meaning::Refused(_), message, .. }) => {
                tracing::warn!(
                    message,
                    kind = event.kind,
                    "leave out a change of a group that cannot be told"
                );
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        };
        let mut data = event.data.clone();
        data["openConversationId"] = json!(text(&answer, "openConversationId").unwrap_or_default());
        Ok(self.read(Event { data: &data, ..event }).await)
    }

    /// Who left the company, each of them once.
    async fn left_company(&self, event: Event<'_>) -> Result<Vec<Arrival>, Failure> {
        let client_id = &self.client.settings().client_id;
        let mut gone = Vec::new();
        for (place, person) in events::people(event.data).into_iter().enumerate() {
            // Events come late and in any order: who is back has not left. A long list is believed.
            if place >= LOOKED_UP_MAX || self.people.person(&person).await?.is_none() {
                gone.extend(events::gone(event, client_id, person));
            }
        }
        Ok(gone)
    }
}
