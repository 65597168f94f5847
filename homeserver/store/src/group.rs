//! One group of batches: conditions judged in order, positions given, all writes gathered for one engine write.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use model::StreamPos;

use crate::batch::{Audience, Batch, Commit, Condition};
use crate::engine::{Engine, Operation};
use crate::error::StoreError;
use crate::queue::Request;

/// What the accepted batches of the group will leave behind, for the keys that conditions of the group name: `None`
/// while nobody wrote the key, then the value or its absence. Conditions see it before it is written.
struct Overlay(HashMap<Vec<u8>, Option<Option<Vec<u8>>>, RandomState>);

impl Overlay {
    fn of(requests: &[Request]) -> Self {
        // The first batch has nobody before it, so what it demands is no reason to remember anything.
        let conditions = requests.iter().skip(1).flat_map(|request| &request.batch.conditions);
        Self(conditions.map(|condition| (condition.key.clone(), None)).collect())
    }

    fn note(&mut self, operation: &Operation) {
        if let Some(seen) = self.0.get_mut(&operation.key) {
            *seen = Some(operation.value.clone());
        }
    }

    fn written(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.0.get(key).and_then(Option::as_ref)
    }
}

/// A request of the group with its verdict.
pub(crate) struct Judged {
    pub(crate) request: Request,
    pub(crate) verdict: Result<Commit, StoreError>,
}

/// A group ready to be written.
pub(crate) struct Group {
    pub(crate) operations: Vec<Operation>,
    pub(crate) judged: Vec<Judged>,
    /// Position of the last accepted batch.
    pub(crate) last: StreamPos,
    pub(crate) accepted: usize,
    /// Whether an accepted batch asked for positions: something new may stand in a stream.
    pub(crate) streams: bool,
}

impl Group {
    /// Judges `requests` in order on top of `engine`; positions follow `frontier`.
    pub(crate) fn judge(requests: Vec<Request>, engine: &dyn Engine, frontier: StreamPos) -> Self {
        let mut group =
            Self { operations: Vec::new(), judged: Vec::new(), last: frontier, accepted: 0, streams: false };
        let mut overlay = Overlay::of(&requests);
        for mut request in requests {
            let verdict = holds(&request.batch.conditions, &overlay, engine);
            let verdict = verdict.map(|()| group.accept(&mut request.batch, &mut overlay));
            group.judged.push(Judged { request, verdict });
        }
        group
    }

    fn accept(&mut self, batch: &mut Batch, overlay: &mut Overlay) -> Commit {
        let first = self.last.next();
        self.last = StreamPos::new(self.last.get() + batch.positions_taken());
        self.accepted += 1;
        self.streams |= batch.asks_for_positions();
        for write in batch.writes.drain(..) {
            let key = write.key.patched(first.get());
            let value = write.value.map(|value| value.patched(first.get()));
            let operation = Operation { profile: write.profile, key, value };
            overlay.note(&operation);
            self.operations.push(operation);
        }
        Commit { first, last: self.last }
    }

    /// Everybody the accepted batches name.
    pub(crate) fn take_audiences(&mut self) -> Vec<Audience> {
        let accepted = self.judged.iter_mut().filter(|judged| judged.verdict.is_ok());
        accepted.flat_map(|judged| std::mem::take(&mut judged.request.batch.audiences)).collect()
    }
}

fn holds(conditions: &[Condition], overlay: &Overlay, engine: &dyn Engine) -> Result<(), StoreError> {
    for condition in conditions {
        let holds = match overlay.written(&condition.key) {
            Some(value) => *value == condition.value,
            None => {
                let mut holds = condition.value.is_none();
                engine.get(condition.profile, &condition.key, &mut |found| {
                    holds = condition.value.as_deref() == Some(found);
                })?;
                holds
            }
        };
        if !holds {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}
