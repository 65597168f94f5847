//! Requests that the platform makes to us, when the app is set to HTTP: events in their envelope, robots' messages and pressed
//! buttons by their signatures. One address serves all three.

use async_trait::async_trait;
use bridge_api::{
    Arrival, Bounded, CallbackAnswer, CallbackRefused as Refused, CallbackRequest, Callbacks, Inbox, Rng,
    Secret, digest, handed_over, sealed::Crypt,
};
use bytes::Bytes;
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::{Value, json};

use crate::{
    changes::is_asked_for,
    events::Event,
    incoming::Incoming,
    lenient::{number, text},
    limits::{SEEN_CALLBACKS_MAX, SIGNATURE_AGE_MAX_MS, TAKEN_WITHIN},
    signature,
    stream::frame,
};

/// Answers requests of the platform.
pub struct Hooks {
    crypt: Crypt,
    token: Secret,
    card_secret: Option<Secret>,
    incoming: Incoming,
    rng: Rng,
    /// Marks of requests that were taken, so that none is taken twice. Forgotten with the process: the core knows arrivals by
    /// their keys.
    seen: Mutex<Bounded<String>>,
}

impl Hooks {
    /// Hooks of one app.
    ///
    /// # Errors
    /// The reason why the key is none.
    pub fn new(
        aes_key: &Secret,
        token: Secret,
        card_secret: Option<Secret>,
        incoming: Incoming,
        rng: Rng,
    ) -> Result<Self, String> {
        let owner = &incoming.client.settings().client_id;
        let crypt = Crypt::new(aes_key.expose(), owner).map_err(|error| error.to_string())?;
        let seen = Mutex::new(Bounded::new(SEEN_CALLBACKS_MAX));
        Ok(Self { crypt, token, card_secret, incoming, rng, seen })
    }

    async fn answer(&self, request: &CallbackRequest, inbox: &dyn Inbox) -> Result<Value, Refused> {
        if request.method != "POST" {
            return Err(Refused::Senseless("not a POST"));
        }
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| Refused::Senseless("the body is no JSON"))?;
        if let Some(encrypted) = body.get("encrypt").and_then(Value::as_str) {
            return self.event(request, encrypted, inbox).await;
        }
        if request.header("x-ddpaas-signature").is_some() {
            return self.card(request, &body, inbox).await;
        }
        self.robot(request, &body, inbox).await
    }

    async fn event(
        &self,
        request: &CallbackRequest,
        encrypted: &str,
        inbox: &dyn Inbox,
    ) -> Result<Value, Refused> {
        let query = parameters(&request.query);
        let value = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| query.iter().find(|(known, _)| known == name));
            found.map(|(_, value)| value.as_str()).ok_or(Refused::Forged("no signature"))
        };
        let given = value(["msg_signature", "signature"])?;
        let (timestamp, nonce) = (value(["timestamp", "timeStamp"])?, value(["nonce", "nonce"])?);
        // Signed as sent, before whitespace is taken out.
        let expected = signature::of_event(self.token.expose(), timestamp, nonce, encrypted);
        let mark = self.fresh(given, &expected, timestamp, &[nonce.as_bytes(), encrypted.as_bytes()])?;
        let plain = self.crypt.decrypt(encrypted).map_err(|_| Refused::Forged("not encrypted for us"))?;
        let event: Value =
            serde_json::from_str(&plain).map_err(|_| Refused::Senseless("the event is no JSON"))?;
        let kind = text(&event, "EventType").unwrap_or_default();
        if kind != "check_url" {
            // Old events have no id of their own: the same words are the same event.
            let id = ["eventId", "EventId"].iter().find_map(|name| text(&event, name));
            let id = id.unwrap_or_else(|| digest(plain.as_bytes()));
            let at_ms =
                number(&event, "EventTime").or_else(|| number(&event, "TimeStamp")).unwrap_or_default();
            let event = Event { kind: &kind, id: &id, at_ms, data: &event };
            if is_asked_for(&kind, event.data) {
                let mut told = self.incoming.asked_for(event).await.map_err(|_| Refused::NotKept)?;
                self.keep(told.take(), inbox, mark).await?;
                told.kept().await;
            } else {
                let arrivals = self.incoming.event(event).await;
                self.keep(arrivals, inbox, mark).await?;
            }
        }
        Ok(self.success())
    }

    async fn robot(
        &self,
        request: &CallbackRequest,
        body: &Value,
        inbox: &dyn Inbox,
    ) -> Result<Value, Refused> {
        let given = request.header("sign").ok_or(Refused::Forged("no signature"))?;
        let timestamp = request.header("timestamp").ok_or(Refused::Forged("no signature"))?;
        let secret = self.incoming.client.settings().client_secret.expose();
        let expected = signature::of_robot(secret, timestamp);
        let mark = self.fresh(given, &expected, timestamp, &[&request.body])?;
        let arrival = self.incoming.message(body).await;
        let message = arrival.as_ref().and_then(|arrival| arrival.what.message().cloned());
        self.keep(arrival.into_iter().collect(), inbox, mark).await?;
        if let Some(message) = message {
            self.incoming.memory.keep(&message).await;
        }
        Ok(json!({"msgtype": "empty"}))
    }

    async fn card(
        &self,
        request: &CallbackRequest,
        body: &Value,
        inbox: &dyn Inbox,
    ) -> Result<Value, Refused> {
        let secret = self.card_secret.as_ref().ok_or(Refused::Forged("no secret for cards is configured"))?;
        let given = request.header("x-ddpaas-signature").ok_or(Refused::Forged("no signature"))?;
        let timestamp =
            request.header("x-ddpaas-signature-timestamp").ok_or(Refused::Forged("no signature"))?;
        let expected = signature::of_card(secret.expose(), timestamp);
        let mark = self.fresh(given, &expected, timestamp, &[&request.body])?;
        let arrival = self.incoming.card(body, &mark, &request.body);
        self.keep(arrival.into_iter().collect(), inbox, mark).await?;
        Ok(frame::unchanged())
    }

    /// Checks a signature and its time, and that this very request was not taken before. Some signatures are over the time alone, so
    /// the mark of a request holds its body too.
    fn fresh(&self, given: &str, expected: &str, timestamp: &str, rest: &[&[u8]]) -> Result<String, Refused> {
        if !signature::equal(given, expected) {
            return Err(Refused::Forged("a wrong signature"));
        }
        let at_ms: u64 = timestamp.parse().map_err(|_| Refused::Forged("a time without sense"))?;
        let now_ms = self.incoming.clock.now_ms();
        if now_ms.abs_diff(at_ms) > SIGNATURE_AGE_MAX_MS {
            return Err(Refused::Forged("an old signature"));
        }
        let whole: Vec<u8> = [timestamp.as_bytes()]
            .iter()
            .chain(rest)
            .flat_map(|part| [*part, b"\n"])
            .flatten()
            .copied()
            .collect();
        let mark = digest(&whole);
        if self.seen.lock().get(&mark).is_some() {
            Err(Refused::Forged("a request that was taken before"))
        } else {
            Ok(mark)
        }
    }

    async fn keep(&self, arrivals: Vec<Arrival>, inbox: &dyn Inbox, mark: String) -> Result<(), Refused> {
        if !handed_over(inbox, arrivals, TAKEN_WITHIN).await {
            return Err(Refused::NotKept);
        }
        self.seen.lock().put(mark, ());
        Ok(())
    }

    /// The word `success` in the platform's envelope.
    fn success(&self) -> Value {
        let mut chance = [0; 16];
        self.rng.fill(&mut chance);
        let (timestamp, nonce) = (self.incoming.clock.now_ms().to_string(), self.rng.string(8));
        let encrypted = self.crypt.encrypt("success", chance);
        let signature = signature::of_event(self.token.expose(), &timestamp, &nonce, &encrypted);
        json!({"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypted})
    }
}

#[async_trait]
impl Callbacks for Hooks {
    async fn call(&self, request: CallbackRequest, inbox: &dyn Inbox) -> CallbackAnswer {
        let (status, body) = match self.answer(&request, inbox).await {
            Ok(body) => (200, body),
            Err(refused) => {
                let (status, words) = refused.answered();
                (status, json!({"error": words}))
            }
        };
        CallbackAnswer { status, content_type: "application/json", body: Bytes::from(body.to_string()) }
    }
}

fn parameters(query: &str) -> Vec<(String, String)> {
    let mut url: Option<Url> = "http://localhost/".parse().ok();
    if let Some(url) = &mut url {
        url.set_query(Some(query));
    }
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
