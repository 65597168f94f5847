//! One group of batches: conditions judged in order, positions given, all writes gathered for one engine write.

use std::collections::HashMap;

use model::StreamPos;

use crate::batch::{Audience, Batch, Commit, Condition};
use crate::engine::{Engine, Operation};
use crate::error::StoreError;
use crate::queue::Request;

/// The values the accepted batches of the group will leave behind; conditions see them before they are written.
type Overlay = HashMap<Vec<u8>, Option<Vec<u8>>>;

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
}

impl Group {
    /// Judges `requests` in order on top of `engine`; positions follow `frontier`.
    pub(crate) fn judge(requests: Vec<Request>, engine: &dyn Engine, frontier: StreamPos) -> Self {
        let mut group = Self { operations: Vec::new(), judged: Vec::new(), last: frontier, accepted: 0 };
        // Without conditions nobody looks at the overlay, so it is not kept.
        let conditional = requests.iter().any(|request| !request.batch.conditions.is_empty());
        let mut overlay = Overlay::new();
        for mut request in requests {
            let verdict = match request.batch.fault() {
                Some(fault) => Err(fault),
                None => holds(&request.batch.conditions, &overlay, engine),
            };
            let verdict =
                verdict.map(|()| group.accept(&mut request.batch, conditional.then_some(&mut overlay)));
            group.judged.push(Judged { request, verdict });
        }
        group
    }

    fn accept(&mut self, batch: &mut Batch, mut overlay: Option<&mut Overlay>) -> Commit {
        let first = self.last.next();
        self.last = StreamPos::new(self.last.get() + batch.positions_taken());
        self.accepted += 1;
        for write in batch.writes.drain(..) {
            let key = write.key.patched(first.get());
            let value = write.value.map(|value| value.patched(first.get()));
            if let Some(overlay) = &mut overlay {
                overlay.insert(key.clone(), value.clone());
            }
            self.operations.push(Operation { profile: write.profile, key, value });
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
        let holds = match overlay.get(&condition.key) {
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
