//! Where a reader of the stream has come to.

use model::StreamPos;
use store::{Batch, Reader, StoreError};

use crate::tables::CURSOR;

/// The durable place of one reader, by its name. Advanced in the same batch as the reader's own writes, or after its work
/// is done; in between a crash makes it see facts again, so readers tolerate repeats.
#[derive(Clone, Debug)]
pub struct Cursor {
    name: String,
    position: Option<StreamPos>,
}

impl Cursor {
    /// Loads the cursor of a reader; one that was never advanced is before everything.
    pub async fn load(reader: &Reader, name: &str) -> Result<Self, StoreError> {
        let position = reader.get(&CURSOR, name).await?;
        Ok(Self { name: name.to_owned(), position })
    }

    /// The last position that is done.
    #[must_use]
    pub fn position(&self) -> StreamPos {
        self.position.unwrap_or(StreamPos::ZERO)
    }

    /// Moves the cursor in a batch. The commit is refused with [`StoreError::Conflict`] when another process moved it
    /// first; then load it again. A position at or before the present one writes nothing: cursors never go back.
    pub fn advance(&mut self, batch: &mut Batch, position: StreamPos) {
        if position <= self.position() {
            return;
        }
        batch.expect_read(&CURSOR, self.name.as_str(), self.position.as_ref());
        batch.put(&CURSOR, self.name.as_str(), &position);
        self.position = Some(position);
    }
}
