//! Codes that bind the conversation in which somebody says them.

use bridge_api::Network;
use ruma::{RoomId, UserId};
use store::{Batch, Scan};

use crate::{
    BridgeError, Bridges,
    limits::{CODE_CHARACTERS, CODE_MS, CODES_MAX},
    tables::{CODES, CodeRow},
};

impl Bridges {
    /// A code that binds the conversation in which it is said to a room.
    pub(crate) async fn code(
        &self,
        network: Network,
        room: &RoomId,
        by: &UserId,
    ) -> Result<String, BridgeError> {
        self.check_room(room).await?;
        let waiting = self.0.store.count(&CODES, Scan::all().limit(CODES_MAX)).await?;
        if waiting >= CODES_MAX {
            return Err(BridgeError::Invalid(
                "too many codes wait to be said; try again in a quarter of an hour".to_owned(),
            ));
        }
        let code = self.0.rng.string(CODE_CHARACTERS);
        let row = CodeRow {
            network: network.key().to_owned(),
            room: room.to_owned(),
            by: by.to_owned(),
            until_ms: self.0.clock.now_ms() + CODE_MS,
        };
        let mut batch = Batch::new();
        batch.put(&CODES, &code, &row);
        self.0.store.commit(batch).await?;
        Ok(code)
    }
}
