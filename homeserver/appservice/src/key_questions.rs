//! Asking a service for keys of its users' devices which this server has not: one-time keys (MSC3983) and identity keys
//! (MSC3984). What it says is for others to check.

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use crate::{Appservices, Service, limits::QUESTION_TIME_MAX, questions::Call};

/// What a service is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyQuestion {
    /// One-time keys: algorithms by user and device, answered by keys by user, device and key id.
    Claim,
    /// Identity keys: devices by user, none standing for all; answered as `/keys/query` is.
    Query,
}

impl KeyQuestion {
    fn segments(self) -> [&'static str; 6] {
        match self {
            Self::Claim => ["_matrix", "app", "unstable", "org.matrix.msc3983", "keys", "claim"],
            Self::Query => ["_matrix", "app", "unstable", "org.matrix.msc3984", "keys", "query"],
        }
    }
}

impl Appservices {
    /// What a service says, as it says it; none when it does not answer with an object. A service that fails is left
    /// alone for a while, because people wait meanwhile.
    pub async fn ask_for_keys(
        &self,
        service: &Service,
        question: KeyQuestion,
        wanted: &Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        let segments = question.segments();
        let name = segments.join("/");
        if self.said_no(service, &name) {
            return None;
        }
        let body = Bytes::from(serde_json::to_vec(wanted).ok()?);
        let call = Call { method: Method::POST, body, time_max: QUESTION_TIME_MAX };
        let answer = match self.call(service, &segments, &[], call).await {
            Ok(answer) => serde_json::from_slice(&answer.body).ok(),
            Err(error) => {
                tracing::info!(service = service.id, %error, "application service does not answer for keys");
                None
            }
        };
        match answer {
            Some(Value::Object(answer)) => Some(answer),
            Some(_) | None => {
                self.note_no(service, &name);
                None
            }
        }
    }
}
