//! A batch that is ready, and the events in it.

use model::{EventNum, StreamPos};
use ruma::OwnedEventId;
use store::{Batch, Commit};

use crate::RoomsError;
use crate::append::{Appended, Tip};

/// A batch that is ready to be queued.
pub(crate) struct Finished {
    pub batch: Batch,
    pub tip: Tip,
    pub changes_state: bool,
    pub events: Pushed,
}

/// The events of a draft, in order.
pub(crate) struct Pushed(pub(super) Vec<(OwnedEventId, EventNum, StreamPos)>);

impl Pushed {
    /// The events with the positions that the commit gave them.
    pub fn all(self, commit: &Commit) -> Vec<Appended> {
        let resolve =
            |(event_id, event, position)| Appended { event_id, event, position: commit.resolve(position) };
        self.0.into_iter().map(resolve).collect()
    }

    /// The last event.
    pub fn only(self, commit: &Commit) -> Result<Appended, RoomsError> {
        self.all(commit).pop().ok_or_else(|| RoomsError::missing("the event of a batch"))
    }
}
