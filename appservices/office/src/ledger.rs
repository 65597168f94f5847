//! The ledger: the room of the organisation where the records of all cases are held that have no room of their own.
//!
//! One bot makes it and is the one that writes there; whoever may read it is asked in by that bot.

use cases::Record;
use kit::{Kit, texts::Pen};
use store::{Batch, StoreError};

use crate::rooms::{RoomOrder, record_letter};

/// The key of the ledger among the rooms of the bot that keeps it.
pub const LEDGER: &str = "ledger";

/// The role of those who read the ledger.
pub const AUDITORS: &str = "auditor";

/// Sends new records to the ledger that `bot` keeps. It is made when it is needed first.
///
/// # Errors
/// When the store cannot be read.
pub async fn keep_in_ledger(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    records: &[Record],
) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    if !kit.has_place(bot, LEDGER).await? {
        let pen = Pen { texts: kit.texts(), lang: kit.language(None, None).await? };
        let order = RoomOrder {
            kind: "ledger",
            no: None,
            name: pen.say("ledger.name", &[]),
            topic: pen.say("ledger.topic", &[]),
            helpers: Vec::new(),
            theirs: Vec::new(),
            servers: vec![kit.server_name().to_owned()],
        };
        kit.order_place(batch, bot, LEDGER, order.request()).await?;
    }
    for record in records {
        let key = format!("rec/{}/{}", record.obj, record.seq);
        kit.outbox().put(batch, record_letter(bot, LEDGER, key, record));
    }
    Ok(())
}
