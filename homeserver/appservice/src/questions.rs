//! What the server asks a service: does it exist, does it know this user, this alias, this network?
//!
//! A service is where the operator says it is, on this machine as a rule, so the guard of the outside does not hold
//! here; redirects are not followed.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use outbound::{Answer, Limits, Request, Url};
use ruma::{RoomAliasId, UserId};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    AppserviceError, Appservices, Service,
    limits::{
        ANSWER_BYTES_MAX, ERROR_BODY_BYTES_MAX, NO_REMEMBERED, NOES_REMEMBERED_MAX, PING_TIME_MAX,
        QUESTION_TIME_MAX, THIRD_PARTY_RESULTS_MAX, TRANSACTION_TIME_MAX,
    },
};

const NOT_FOUND: u16 = 404;
const METHOD_NOT_ALLOWED: u16 = 405;

/// Something to look up in a third-party network.
#[derive(Clone, Copy, Debug)]
pub enum ThirdParty<'a> {
    /// What a protocol looks like.
    Protocol(&'a str),
    /// Users of a protocol, by the fields of the query.
    Users(&'a str),
    /// Places of a protocol, by the fields of the query.
    Locations(&'a str),
    /// Who a Matrix user is there, by `userid`.
    UserOf,
    /// Which place an alias is there, by `alias`.
    LocationOf,
}

impl<'a> ThirdParty<'a> {
    fn segments(self) -> Vec<&'a str> {
        match self {
            Self::Protocol(protocol) => vec!["protocol", protocol],
            Self::Users(protocol) => vec!["user", protocol],
            Self::Locations(protocol) => vec!["location", protocol],
            Self::UserOf => vec!["user"],
            Self::LocationOf => vec!["location"],
        }
    }
}

impl Appservices {
    /// Sends a transaction; it arrived when this returns without an error.
    ///
    /// # Errors
    /// Anything but success.
    pub async fn send(&self, service: &Service, number: u64, body: Bytes) -> Result<(), AppserviceError> {
        let number = number.to_string();
        let segments = ["_matrix", "app", "v1", "transactions", &number];
        let call = Call { method: Method::PUT, body, time_max: TRANSACTION_TIME_MAX };
        match self.call(service, &segments, &[], call.clone()).await {
            // A service from before version 1.0 of the specification.
            Err(AppserviceError::BadStatus { status: NOT_FOUND | METHOD_NOT_ALLOWED, .. }) => {
                self.call(service, &["transactions", &number], &[], call).await.map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    /// Asks a service whether it is there; how long it took to say so.
    ///
    /// # Errors
    /// It has no address, cannot be reached, or says something else.
    pub async fn ping(
        &self,
        service: &Service,
        transaction_id: Option<&str>,
    ) -> Result<Duration, AppserviceError> {
        let begin = Instant::now();
        let body = match transaction_id {
            Some(id) => json!({ "transaction_id": id }),
            None => json!({}),
        };
        let body = Bytes::from(body.to_string());
        let call = Call { method: Method::POST, body, time_max: PING_TIME_MAX };
        self.call(service, &["_matrix", "app", "v1", "ping"], &[], call).await?;
        Ok(begin.elapsed())
    }

    /// Asks the services whose namespace a user lies in whether they know it. A service that does has made it by
    /// the time it says so.
    pub async fn ask_for_user(&self, user: &UserId) -> bool {
        for service in &self.loaded().services {
            let asked = service.url.is_some() && user != service.sender && service.is_interested_in(user);
            if asked && self.knows(service, "users", user.as_str()).await {
                return true;
            }
        }
        false
    }

    /// Asks the services whose namespace an alias lies in whether they know it. A service that does has made the
    /// room by the time it says so.
    pub async fn ask_for_alias(&self, alias: &RoomAliasId) -> bool {
        for service in &self.loaded().services {
            let asked = service.url.is_some() && service.aliases.contains(alias.as_str());
            if asked && self.knows(service, "rooms", alias.as_str()).await {
                return true;
            }
        }
        false
    }

    async fn knows(&self, service: &Service, kind: &str, name: &str) -> bool {
        if self.said_no(service, name) {
            return false;
        }
        let call = Call { method: Method::GET, body: Bytes::new(), time_max: QUESTION_TIME_MAX };
        let mut outcome = self.call(service, &["_matrix", "app", "v1", kind, name], &[], call.clone()).await;
        if is_unrecognised(&outcome) {
            outcome = self.call(service, &[kind, name], &[], call).await;
        }
        match outcome {
            Ok(_) => return true,
            Err(AppserviceError::BadStatus { status: NOT_FOUND, .. }) => {}
            Err(error) => {
                tracing::info!(service = service.id, name, %error, "application service does not answer a question");
            }
        }
        self.note_no(service, name);
        false
    }

    /// Whether the service said no to this lately.
    pub(crate) fn said_no(&self, service: &Service, name: &str) -> bool {
        let question = (service.id.clone(), name.to_owned());
        self.0.noes.lock().get(&question).is_some_and(|until| *until > Instant::now())
    }

    pub(crate) fn note_no(&self, service: &Service, name: &str) {
        let mut noes = self.0.noes.lock();
        if noes.len() >= NOES_REMEMBERED_MAX {
            noes.clear();
        }
        noes.insert((service.id.clone(), name.to_owned()), Instant::now() + NO_REMEMBERED);
    }

    /// Forgets that services said no, because they may know better now.
    pub fn forget_noes(&self) {
        self.0.noes.lock().clear();
    }

    /// What one service says about a third-party network: an object for a protocol, else the results of a list.
    /// None when it says nothing of use.
    pub async fn third_party(
        &self,
        service: &Service,
        what: ThirdParty<'_>,
        query: &[(String, String)],
    ) -> Option<Value> {
        let mut segments = vec!["_matrix", "app", "v1", "thirdparty"];
        segments.extend(what.segments());
        let call = Call { method: Method::GET, body: Bytes::new(), time_max: QUESTION_TIME_MAX };
        let answer = match self.call(service, &segments, query, call).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::info!(service = service.id, %error, "application service gives no third-party answer");
                return None;
            }
        };
        let value: Value = serde_json::from_slice(&answer.body).ok()?;
        match (what, value) {
            (ThirdParty::Protocol(_), object @ Value::Object(_)) => Some(object),
            (ThirdParty::Protocol(_), _) => None,
            (_, Value::Array(mut results)) => {
                results.retain(Value::is_object);
                results.truncate(THIRD_PARTY_RESULTS_MAX);
                Some(Value::Array(results))
            }
            (_, _) => None,
        }
    }

    pub(crate) async fn call(
        &self,
        service: &Service,
        segments: &[&str],
        query: &[(String, String)],
        call: Call,
    ) -> Result<Answer, AppserviceError> {
        let url = service.url.clone().ok_or(AppserviceError::UrlNotSet)?;
        let token = service.has_token_in_query.then(|| service.hs_token.reveal());
        let url = address(url, segments, query, token)?;
        let mut request = Request::new(call.method, url)
            .header("authorization", &format!("Bearer {}", service.hs_token.reveal()));
        if !call.body.is_empty() {
            request = request.header("content-type", "application/json").body(call.body);
        }
        let limits = Limits { bytes_max: ANSWER_BYTES_MAX, time_max: call.time_max, redirects_max: 0 };
        let answer = self.0.outbound.open(request, limits).await?.collect().await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let end = answer.body.len().min(ERROR_BODY_BYTES_MAX);
        let body = String::from_utf8_lossy(answer.body.get(..end).unwrap_or_default()).into_owned();
        Err(AppserviceError::BadStatus { status: answer.status.as_u16(), body })
    }
}

#[derive(Clone)]
pub(crate) struct Call {
    pub method: Method,
    pub body: Bytes,
    pub time_max: Duration,
}

/// Whether a service does not know the path, which is something else than not knowing the user.
fn is_unrecognised(outcome: &Result<Answer, AppserviceError>) -> bool {
    match outcome {
        Err(AppserviceError::BadStatus { status: NOT_FOUND | METHOD_NOT_ALLOWED, body }) => {
            body.contains("M_UNRECOGNIZED")
        }
        Ok(_) | Err(_) => false,
    }
}

fn address(
    mut url: Url,
    segments: &[&str],
    query: &[(String, String)],
    token: Option<&str>,
) -> Result<String, AppserviceError> {
    url.path_segments_mut().map_err(|()| AppserviceError::UrlNotSet)?.pop_if_empty().extend(segments);
    if !query.is_empty() || token.is_some() {
        let mut pairs = url.query_pairs_mut();
        pairs.extend_pairs(query);
        if let Some(token) = token {
            pairs.append_pair("access_token", token);
        }
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_lead_out_of_the_path() {
        let base = || Url::parse("http://127.0.0.1:9000/base/").unwrap();
        let url = |segments: &[&str], token| address(base(), segments, &[], token).unwrap();
        assert_eq!(
            url(&["users", "@a/../b?c#d:example.org"], None),
            "http://127.0.0.1:9000/base/users/@a%2F..%2Fb%3Fc%23d:example.org"
        );
        assert_eq!(url(&["x"], Some("a&b")), "http://127.0.0.1:9000/base/x?access_token=a%26b");
    }
}
