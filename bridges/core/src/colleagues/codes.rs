//! Codes by which somebody proves on a platform which colleague they are.

use bridge_api::{Arrival, Happened, Network, Sender};
use kit::Heard;
use store::{Batch, Scan, StoreError};

use crate::{
    BridgeError, Bridges,
    limits::{CODE_CHARACTERS, CODE_MS, CODES_MAX},
    orders::code_said,
    people_tables::{PERSON_CODES, PersonCodeRow, WISHES, WishRow},
    tables::{TAKEN, TAKEN_ORDER},
};

impl Bridges {
    /// A code for whoever asks, good for a quarter of an hour and for one person.
    pub(crate) async fn person_code(
        &self,
        batch: &mut Batch,
        network: Network,
        heard: &Heard,
    ) -> Result<String, BridgeError> {
        let now_ms = self.0.clock.now_ms();
        let waiting = self.0.store.scan(&PERSON_CODES, Scan::all().limit(CODES_MAX)).await?;
        let is_full = waiting.len() >= CODES_MAX;
        let mut has_room = !is_full;
        for (code, row) in waiting {
            if row.until_ms < now_ms || (row.account == heard.sender && row.network == network.key()) {
                batch.delete(&PERSON_CODES, &code);
                has_room = true;
            }
        }
        if !has_room {
            return Err(BridgeError::Invalid(
                "too many codes wait to be said; try again in a quarter of an hour".to_owned(),
            ));
        }
        let code = self.0.rng.string(CODE_CHARACTERS);
        let row = PersonCodeRow {
            network: network.key().to_owned(),
            account: heard.sender.clone(),
            room: heard.room.clone(),
            event: heard.event_id.clone(),
            until_ms: now_ms + CODE_MS,
        };
        batch.put(&PERSON_CODES, &code, &row);
        Ok(code)
    }

    /// Whether somebody says which colleague they are. Then it is no message: nobody else is to read it.
    pub(crate) async fn is_person_code(
        &self,
        network: Network,
        arrival: &Arrival,
    ) -> Result<bool, StoreError> {
        let what = &arrival.what;
        let (Some(code), Happened::Message(message)) = (code_said(what), what) else { return Ok(false) };
        let Some(row) = self.0.store.get(&PERSON_CODES, &*code).await? else { return Ok(false) };
        let Sender::Person { id, .. } = &message.from else { return Ok(false) };
        if row.network != network.key() || row.until_ms < self.0.clock.now_ms() {
            return Ok(false);
        }
        let wish = WishRow { person: id.to_string(), room: row.room.clone(), event: row.event.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&PERSON_CODES, &*code, &row).delete(&PERSON_CODES, &*code);
        batch.put(&WISHES, &(&*row.account, network.key()), &wish);
        // It is no message when history brings it once more, either.
        let now_ms = self.0.clock.now_ms();
        batch.put(&TAKEN, &(network.key(), arrival.key.as_str()), &now_ms);
        batch.put(&TAKEN_ORDER, &(now_ms, network.key(), arrival.key.as_str()), &());
        self.look_at_wishes(&mut batch);
        match self.0.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
