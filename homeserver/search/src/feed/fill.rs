//! Making the whole index from the rooms.

use model::RoomNum;
use rooms::TimelineRange;
use ruma::api::Direction;

use super::{Feed, documents::known};
use crate::{SearchError, index::Mark, limits::INDEX_BATCH_DOCUMENTS_MAX};

impl Feed {
    /// Empties the index and writes down that it must be filled, up to this moment of the stream. The facts behind that
    /// moment are read afterwards, as always: the reader's place is never behind it.
    pub(super) async fn begin_fill(&mut self) -> Result<(), SearchError> {
        self.search.index_progress.filling();
        let position = self.search.parts.store.frontier();
        self.builder()?.clear()?;
        self.commit_filled(Mark::filling(position, None)).await
    }

    /// Reads the rooms behind `done` and ends the filling. A shutdown leaves it for the next start.
    pub(super) async fn fill(&mut self, mut done: Option<RoomNum>) -> Result<(), SearchError> {
        let rooms = self.search.parts.rooms.clone();
        let position = self.search.index.mark().position;
        tracing::info!(position = position.get(), "search index is filled");
        loop {
            let page = rooms.rooms_after(rooms.store(), done).await?;
            if page.is_empty() {
                break;
            }
            for room in page {
                self.fill_room(room, Mark::filling(position, done)).await?;
                if self.shutdown.is_triggered() {
                    return Ok(());
                }
                done = Some(room);
            }
        }
        self.commit_filled(Mark::full(position)).await?;
        self.search.index_progress.reached(position);
        self.search.index_progress.filled();
        tracing::info!(documents = self.search.index.documents(), "search index is full");
        Ok(())
    }

    /// Puts every text of a room in; `mark` says that the rooms before it are done.
    async fn fill_room(&mut self, room: RoomNum, mark: Mark) -> Result<(), SearchError> {
        let rooms = self.search.parts.rooms.clone();
        let mut range = TimelineRange::all();
        while !self.shutdown.is_triggered() {
            let rows = rooms
                .timeline(rooms.store(), room, range, Direction::Forward, INDEX_BATCH_DOCUMENTS_MAX)
                .await?;
            let Some((last, _)) = rows.last() else { break };
            range = TimelineRange::after(*last);
            for (_, event) in rows {
                let Some(pdu) = known(rooms.pdu(rooms.store(), event).await)? else { continue };
                if !self.note_edit(event, &pdu)
                    && let Some(document) = super::documents::document(&rooms, event).await?
                {
                    self.builder()?.put(&document)?;
                }
            }
            if self.changed() >= INDEX_BATCH_DOCUMENTS_MAX {
                self.commit_filled(mark.clone()).await?;
            }
        }
        Ok(())
    }
}
