//! Cards in the place of entries. Where a platform has an app for what a card shows, the card waits for what becomes of the entry: when
//! the platform refuses that for good, the card goes out, and so does each newer one at once from then on, also when the platform
//! takes the entry later. What people do to either counts.

use bridge_api::Network;
use ruma::UserId;
use serde_json::Value;
use store::{Batch, Scan, StoreError};

use super::{
    kind,
    tables::{ENTRY_DAYS, INSTEAD, InsteadRow},
};
use crate::{
    Bridges,
    bridges::Seat,
    limits::{CARDS_INSTEAD_MAX, DAY_MS},
    tables::{IN_TURN, OUTBOX, OutboxRow},
};

impl Bridges {
    /// Keeps the newest version of a card, which waits until the platform has refused its entry; false for one that goes out at once.
    pub(crate) async fn waits_for_entry(
        &self,
        network: Network,
        card: &str,
        account: &UserId,
        row: &OutboxRow,
        batch: &mut Batch,
    ) -> Result<bool, StoreError> {
        let Some(entry) = entry_of(card) else { return Ok(false) };
        let of = (network.key(), entry, card);
        let old = self.0.store.get(&INSTEAD, &of).await?;
        let is_shown = old.as_ref().is_some_and(|old| old.is_shown);
        let day = self.0.clock.now_ms() / DAY_MS;
        let (account, card) = (account.to_owned(), row.clone());
        // One that is shown is kept as well, for as long as newer ones come.
        let new = InsteadRow { account, card, day, is_shown };
        // Meanwhile the entry may be refused.
        batch.expect_read(&INSTEAD, &of, old.as_ref()).put(&INSTEAD, &of, &new);
        batch.put(&ENTRY_DAYS, &(day, network.key(), entry), &());
        Ok(!is_shown)
    }

    /// A platform does not take what a bot has for it: the cards that wait for it go out, where it is an entry.
    pub(crate) async fn show_instead(
        &self,
        seat: &Seat,
        event: &Value,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let Some(entry) = event["content"]["key"].as_str().filter(|_| event["type"] == kind("entry")) else {
            return Ok(());
        };
        let cards = Scan::prefix(&(seat.network.key(), entry)).limit(CARDS_INSTEAD_MAX);
        for (of, old) in self.0.store.scan(&INSTEAD, cards).await? {
            if old.is_shown {
                continue;
            }
            let Some(lane) = self.lane_to(seat, &old.account).await? else { continue };
            self.outbound().put(batch, &OUTBOX, &lane, IN_TURN, &old.card);
            let shown = InsteadRow { is_shown: true, ..old.clone() };
            batch.expect_read(&INSTEAD, &of, Some(&old)).put(&INSTEAD, &of, &shown);
        }
        Ok(())
    }

    /// Cards of an entry that nobody changed since that day, in days since 1970.
    pub(super) async fn forget_instead(
        &self,
        (day, network, entry): (u64, &str, &str),
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let cards = Scan::prefix(&(network, entry)).limit(CARDS_INSTEAD_MAX);
        for (of, row) in self.0.store.scan(&INSTEAD, cards).await? {
            if row.day <= day {
                batch.delete(&INSTEAD, &of);
            }
        }
        Ok(())
    }
}

/// The key of the entry in whose place a card stands: bots call such a card by it, and behind a slash by whose it is.
fn entry_of(card: &str) -> Option<&str> {
    card.rsplit_once('/').map(|(entry, _)| entry)
}
