//! Asking a room's policy server, or judging in its place when it is this server.

use async_trait::async_trait;
use model::{Pdu, RoomNum, RoomVersion};
use rooms::policy_server::{NotRecommended, PolicyServers};
use rules::canonical;
use rules::policy_server::PolicyServer;
use ruma::ServerName;
use ruma::api::federation::policy::sign_event::v1::Request;

use super::PolicyServerError;
use super::limits::{ANSWER_BYTES_MAX, QUESTION_TIME_MAX};
use crate::client::Limits;
use crate::{ClientError, Federation};

#[async_trait]
impl PolicyServers for Federation {
    async fn ask(
        &self,
        server: &PolicyServer,
        room: RoomNum,
        version: &'static RoomVersion,
        pdu: &Pdu,
    ) -> Result<String, NotRecommended> {
        let name = server.name();
        if name == self.server_name() {
            return self.own_word(server, room, version, pdu).await.map_err(|error| refusal(name, error));
        }
        if let Some(reason) = self.policy_servers().silent.get(name) {
            return Err(unanswered(name, reason));
        }
        self.ask_over_there(name, pdu).await
    }
}

impl Federation {
    async fn own_word(
        &self,
        server: &PolicyServer,
        room: RoomNum,
        version: &'static RoomVersion,
        pdu: &Pdu,
    ) -> Result<String, PolicyServerError> {
        let object = canonical::parse_object(pdu.json());
        let object = object.map_err(|error| PolicyServerError::BadEvent(error.to_string()))?;
        self.own_signature(server, room, version, (pdu, &object)).await
    }

    async fn ask_over_there(&self, name: &ServerName, pdu: &Pdu) -> Result<String, NotRecommended> {
        let event = crate::handshake::raw(pdu).map_err(|error| unanswered(name, error.to_string()))?;
        // Back-off is for what can wait; whoever sends waits for this.
        let limits = Limits::default().within(QUESTION_TIME_MAX).up_to(ANSWER_BYTES_MAX).insisting();
        match self.client().send(name, Request::new(event), limits).await {
            Ok(answer) => match answer.ed25519_signature(name) {
                Some(signature) => Ok(signature.to_owned()),
                None => Err(unanswered(name, "it answers without a signature".to_owned())),
            },
            Err(ClientError::Answered { status: 400 | 403 | 429, errcode, error, .. }) => {
                Err(NotRecommended::Refused { errcode, message: error })
            }
            Err(error) => {
                // Only silence concerns every room: what it answers about one may be that room's own doing.
                if matches!(error, ClientError::Unreachable(_) | ClientError::Timeout) {
                    self.policy_servers().silent.insert(name.to_owned(), error.to_string());
                }
                Err(unanswered(name, error.to_string()))
            }
        }
    }
}

fn unanswered(server: &ServerName, reason: String) -> NotRecommended {
    NotRecommended::Unanswered { server: server.to_owned(), reason }
}

/// What our own refusal is to whoever sends.
fn refusal(server: &ServerName, error: PolicyServerError) -> NotRecommended {
    match error {
        PolicyServerError::Refused(message) => {
            NotRecommended::Refused { errcode: "M_FORBIDDEN".to_owned(), message }
        }
        PolicyServerError::NotServing
        | PolicyServerError::NotProtected
        | PolicyServerError::BadEvent(_)
        | PolicyServerError::KeptOut
        | PolicyServerError::Rooms(_)
        | PolicyServerError::Store(_) => unanswered(server, error.to_string()),
    }
}
