//! Asking for keys: the server itself first, then the notaries. One question for each server at a time, and not again
//! right after it.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use http::Method;
use ruma::ServerName;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use store::Batch;

use super::{KeyRing, answer};
use crate::{
    ClientError,
    client::Limits,
    limits::{KEYS_ANSWER_BYTES_MAX, KEYS_PAUSE_MS, KEYS_TIME_MAX},
    tables::{SERVER_KEYS, ServerKeysRow},
};

const BOUNDS: Limits = Limits { time_max: KEYS_TIME_MAX, bytes_max: KEYS_ANSWER_BYTES_MAX, insists: false };

impl KeyRing {
    /// Asks for the keys of a server, unless it was asked a moment ago; what is known then.
    pub(super) fn fetch<'a>(&'a self, server: &'a ServerName) -> BoxFuture<'a, Option<Arc<ServerKeysRow>>> {
        let question = async move {
            if self.was_just_asked(server) {
                return self.known(server).await;
            }
            let (this, wanted) = (self.clone(), server.to_owned());
            let ask = || {
                async move {
                    let fetched = this.ask(&wanted).await;
                    this.0.asked.insert(wanted, this.0.clock.now_ms());
                    fetched
                }
                .boxed()
            };
            self.0.flights.join(server.to_owned(), ask).await
        };
        question.boxed()
    }

    /// Whether so little time has passed since the last question to a server that it is not asked again.
    pub(super) fn was_just_asked(&self, server: &ServerName) -> bool {
        let asked_ms = self.0.asked.get(server);
        asked_ms.is_some_and(|asked_ms| self.0.clock.now_ms() < asked_ms.saturating_add(KEYS_PAUSE_MS))
    }

    async fn ask(&self, server: &ServerName) -> Option<Arc<ServerKeysRow>> {
        let known = self.known(server).await;
        metrics::counter!("federation_key_questions_total").increment(1);
        let new = match self.ask_directly(server).await {
            Ok(row) => row,
            Err(error) => {
                tracing::info!(%server, %error, "keys of server not fetched");
                match self.ask_notaries(server).await {
                    Some(row) => row,
                    None => {
                        let silent_since = &self.0.silent_since;
                        // Whoever the operator does not want us to talk with is not waited for.
                        let may_come = !matches!(error, ClientError::NotAllowed(_));
                        if may_come && silent_since.get(server).is_none() {
                            silent_since.insert(server.to_owned(), self.0.clock.now_ms());
                        }
                        return known;
                    }
                }
            }
        };
        let was_silent = self.0.silent_since.remove(server).is_some();
        let row = Arc::new(answer::merge(new, known.as_deref()));
        let mut batch = Batch::new();
        batch.put(&SERVER_KEYS, server, &row);
        if let Err(error) = self.0.store.commit(batch).await {
            tracing::error!(%server, %error, "write keys of server");
        }
        self.0.known.insert(server.to_owned(), Arc::clone(&row));
        if was_silent {
            self.0.late_keys.send_modify(|count| *count = count.wrapping_add(1));
        }
        Some(row)
    }

    async fn ask_directly(&self, server: &ServerName) -> Result<ServerKeysRow, ClientError> {
        let path = "/_matrix/key/v2/server";
        let body = self.0.client.request_json(server, Method::GET, path, None, BOUNDS).await?;
        let json = std::str::from_utf8(&body).map_err(|error| ClientError::BadAnswer(error.to_string()))?;
        answer::read(json, server, self.0.clock.now_ms()).map_err(ClientError::BadAnswer)
    }

    /// The first answer of a notary that the server itself has signed and that the notary has signed as well.
    async fn ask_notaries(&self, server: &ServerName) -> Option<ServerKeysRow> {
        // The keys of a notary come from itself: two of them must not wait for each other.
        if self.0.notaries.iter().any(|notary| notary == server) {
            return None;
        }
        for notary in self.0.notaries.iter().filter(|notary| **notary != self.0.server_name) {
            match self.ask_notary(notary, server).await {
                Ok(Some(row)) => return Some(row),
                Ok(None) => {}
                Err(error) => tracing::info!(%server, %notary, %error, "keys of server not fetched"),
            }
        }
        None
    }

    async fn ask_notary(
        &self,
        notary: &ServerName,
        server: &ServerName,
    ) -> Result<Option<ServerKeysRow>, ClientError> {
        #[derive(Deserialize)]
        struct Answer {
            server_keys: Vec<Box<RawValue>>,
        }
        let now_ms = self.0.clock.now_ms();
        let body = json!({ "server_keys": { server.as_str(): {} } }).to_string();
        let path = "/_matrix/key/v2/query";
        let body = self.0.client.request_json(notary, Method::POST, path, Some(body.into()), BOUNDS).await?;
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| ClientError::BadAnswer(error.to_string()))?;
        for json in answer.server_keys {
            let Ok(row) = answer::read(json.get(), server, now_ms) else { continue };
            let Ok(object) = serde_json::from_str(json.get()) else { continue };
            if self.verify_json(notary, &object, now_ms).await.is_ok() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}
