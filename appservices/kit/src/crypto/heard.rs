//! Each message of a session is heard once: a homeserver that sends an old one again as a new event makes nobody say it
//! again. A row for each session has a bit for each message.

use bytes::Bytes;
use store::{Batch, StoreError};

use super::{read::Spent, tables::HEARD};
use crate::Kit;

/// A message of a session that was not heard before, and the row of the session as it was.
pub(crate) struct Fresh {
    spent: Spent,
    row: Option<Bytes>,
}

impl Kit {
    /// Looks whether a message was heard; nothing for one that was.
    pub(crate) async fn fresh(&self, bot: &str, spent: Spent) -> Result<Option<Fresh>, StoreError> {
        let row = self.0.store.get(&HEARD, &(bot, &*spent.session)).await?;
        let (byte, bit) = place(spent.index);
        let is_heard = row.as_ref().and_then(|row| row.get(byte)).is_some_and(|bits| bits & bit != 0);
        Ok((!is_heard).then_some(Fresh { spent, row }))
    }
}

/// Notes that a message is heard.
pub(crate) fn note_heard(batch: &mut Batch, bot: &str, fresh: &Fresh) {
    let Fresh { spent, row } = fresh;
    let mut bits = row.as_ref().map(|row| row.to_vec()).unwrap_or_default();
    let (byte, bit) = place(spent.index);
    bits.resize(bits.len().max(byte + 1), 0);
    if let Some(bits) = bits.get_mut(byte) {
        *bits |= bit;
    }
    let key = (bot, &*spent.session);
    batch.expect_read(&HEARD, &key, row.as_ref()).put(&HEARD, &key, &Bytes::from(bits));
}

fn place(index: u32) -> (usize, u8) {
    (index as usize / 8, 1 << (index % 8))
}
