//! Holding events of other servers against the keys of those who must have signed them.

use model::{Pdu, RoomVersion};
use rules::foreign::{self, Received};
use serde_json::value::RawValue;

use super::HandshakeError;
use super::limits::{VERIFY_STEP, WANTED_KEYS_MAX};
use crate::Federation;
use crate::ring::{KeyBudget, WantedKeys};

/// What became of many events.
pub(crate) struct Verified {
    /// Those whose form and signatures are right, in their order.
    pub pdus: Vec<Pdu>,
    /// Some were left out because a key could not be had that may be had a little later.
    pub lacks_keys: bool,
}

impl Federation {
    /// One event whose signatures have to be right.
    pub(crate) async fn verified(
        &self,
        received: Received,
        version: &'static RoomVersion,
    ) -> Result<Pdu, HandshakeError> {
        let wrong = |error: foreign::ForeignError| HandshakeError::Forbidden(error.to_string());
        let malformed = |error: foreign::ForeignError| HandshakeError::BadRequest(error.to_string());
        let wanted = received.wanted_keys(version).map_err(malformed)?;
        let strict = version.rules().enforce_key_validity;
        let keys = self.ring().keys(&wanted, received.origin_server_ts(), strict).await;
        received.verify(version, &keys).map_err(wrong)
    }

    /// Checks form and signatures of many events. The keys are fetched together, each server is asked once, within the
    /// budget of a single question.
    pub(crate) async fn verified_ones(
        &self,
        events: &[Box<RawValue>],
        version: &'static RoomVersion,
    ) -> Verified {
        self.verified_within(events, version, &mut KeyBudget::default()).await
    }

    /// The same within this budget.
    pub(crate) async fn verified_within(
        &self,
        events: &[Box<RawValue>],
        version: &'static RoomVersion,
        budget: &mut KeyBudget,
    ) -> Verified {
        let mut readable = Vec::with_capacity(events.len());
        let mut wanted = WantedKeys::new();
        let mut wanted_left = WANTED_KEYS_MAX;
        for event in events {
            let read = foreign::read(event.get().as_bytes(), version);
            match read.and_then(|received| Ok((received.wanted_keys(version)?, received))) {
                Ok((keys, received)) => {
                    for (server, id) in &keys {
                        let ids = wanted.entry(server.clone()).or_default();
                        let at_ms = received.origin_server_ts();
                        if let Some(known_ms) = ids.get_mut(id) {
                            *known_ms = at_ms.max(*known_ms);
                        } else if wanted_left > 0 {
                            wanted_left -= 1;
                            ids.insert(id.clone(), at_ms);
                        }
                    }
                    readable.push((keys, received));
                }
                Err(error) => tracing::debug!(%error, "leave out an event that cannot be read"),
            }
        }
        let strict = version.rules().enforce_key_validity;
        let unasked = self.ring().learn(&wanted, strict, budget).await;
        let mut verified = Verified { pdus: Vec::with_capacity(readable.len()), lacks_keys: false };
        let mut readable = readable.into_iter().peekable();
        while readable.peek().is_some() {
            let mut step = Vec::with_capacity(VERIFY_STEP);
            for (wanted, received) in readable.by_ref().take(VERIFY_STEP) {
                let keys = self.ring().known_keys(&wanted, received.origin_server_ts(), strict).await;
                verified.lacks_keys |= self.ring().may_learn(&wanted, &keys, &unasked);
                step.push((keys, received));
            }
            // Checking signatures is work for a processor, and other requests wait for this thread.
            let work = tokio::task::spawn_blocking(move || {
                let check = |(keys, received): (_, Received)| {
                    let event_id = received.event_id().to_owned();
                    let outcome = received.verify(version, &keys);
                    outcome.inspect_err(|error| tracing::debug!(%event_id, %error, "leave out an event")).ok()
                };
                step.into_iter().filter_map(check).collect::<Vec<Pdu>>()
            });
            verified.pdus.extend(work.await.unwrap_or_default());
        }
        verified
    }
}
