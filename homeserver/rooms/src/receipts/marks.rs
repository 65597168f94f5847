//! How far a user has read a room.

use std::collections::HashMap;

use model::{RoomNum, StreamPos, TimelinePos};
use ruma::{EventId, UserId};
use store::Scan;

use super::THREADS_OF_USER_MAX;
use crate::{Rooms, RoomsError, reading_tables::RECEIPT};

/// How far a user has read a room, the better of public and private.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadMarks {
    pub unthreaded: Option<TimelinePos>,
    pub main: Option<TimelinePos>,
    pub threads: HashMap<String, TimelinePos>,
}

impl Rooms {
    /// How far a user has read a room.
    pub(crate) async fn read_marks(
        &self,
        room: RoomNum,
        user: &UserId,
    ) -> Result<std::sync::Arc<ReadMarks>, RoomsError> {
        if self.receipts_latest(&self.parts.store, room).await? == StreamPos::ZERO {
            return Ok(std::sync::Arc::default());
        }
        let key = (room, user.to_owned());
        self.reading
            .receipts
            .marks
            .get_or_load(&key, async {
                let mut marks = ReadMarks::default();
                let scan = Scan::prefix(&key).limit(THREADS_OF_USER_MAX);
                for ((_, _, _, thread), (_, position, _, _)) in self.parts.store.scan(&RECEIPT, scan).await? {
                    marks.raise(thread, position);
                }
                Ok(std::sync::Arc::new(marks))
            })
            .await
    }
}

impl ReadMarks {
    fn raise(&mut self, thread: String, position: TimelinePos) {
        match thread.as_str() {
            "" => self.unthreaded = self.unthreaded.max(Some(position)),
            "main" => self.main = self.main.max(Some(position)),
            _ => {
                let mark = self.threads.entry(thread).or_insert(position);
                *mark = position.max(*mark);
            }
        }
    }

    /// Up to where the main timeline, or a thread, is read.
    pub fn read_to(&self, thread: Option<&EventId>) -> Option<TimelinePos> {
        let own = match thread {
            None => self.main,
            Some(root) => self.threads.get(root.as_str()).copied(),
        };
        self.unthreaded.max(own)
    }
}

#[cfg(test)]
mod tests {
    use ruma::event_id;

    use super::*;

    #[test]
    fn an_unthreaded_mark_covers_every_thread() {
        let mut marks = ReadMarks::default();
        marks.raise("$root".to_owned(), TimelinePos::new(4));
        marks.raise(String::new(), TimelinePos::new(7));
        marks.raise("main".to_owned(), TimelinePos::new(9));
        assert_eq!(marks.read_to(Some(event_id!("$root"))), Some(TimelinePos::new(7)));
        assert_eq!(marks.read_to(Some(event_id!("$other"))), Some(TimelinePos::new(7)));
        assert_eq!(marks.read_to(None), Some(TimelinePos::new(9)));
    }
}
