//! What moved in a user's account data between two positions, for sync.

use model::StreamPos;
use ruma::UserId;
use store::{Reader, Scan, StoreError};

use super::AccountDatum;
use crate::{
    Accounts,
    limits::ACCOUNT_DATA_PAGE,
    tables::{ACCOUNT_DATA, ACCOUNT_DATA_CHANGES},
};

impl Accounts {
    /// Everything that moved after `after` and up to `up_to`, in order, deletions included.
    pub async fn account_data_changes(
        &self,
        reader: &Reader,
        user: &UserId,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<Vec<AccountDatum>, StoreError> {
        let owner = user.to_owned();
        let mut changed = Vec::new();
        let mut from = after;
        loop {
            let scan = Scan::prefix(&owner)
                .after(&(owner.clone(), from))
                .up_to(&(owner.clone(), up_to))
                .limit(ACCOUNT_DATA_PAGE);
            let rows = reader.scan(&ACCOUNT_DATA_CHANGES, scan).await?;
            let Some(((_, last), _)) = rows.last() else { break };
            from = *last;
            let is_last_page = rows.len() < ACCOUNT_DATA_PAGE;
            let keys: Vec<_> =
                rows.iter().map(|(_, row)| (owner.clone(), row.room.clone(), row.kind.clone())).collect();
            let found = reader.multi_get(&ACCOUNT_DATA, &keys).await?;
            for (((_, position), _), (key, row)) in rows.into_iter().zip(keys.into_iter().zip(found)) {
                // Without a snapshot the piece may have moved on; its newer change will be seen later.
                if let Some((at, json)) = row
                    && at == position
                {
                    changed.push(self.datum(reader, user, key.1, key.2, &json).await?);
                }
            }
            if is_last_page {
                break;
            }
        }
        Ok(changed)
    }

    /// Position of the user's newest change of account data, zero when there is none. From memory
    /// after the first time; never too low for a reader that took its snapshot before asking.
    pub async fn account_data_position(&self, user: &UserId) -> Result<StreamPos, StoreError> {
        let load = async {
            let scan = Scan::prefix(&user.to_owned()).reverse().limit(1);
            let rows = self.0.store.scan(&ACCOUNT_DATA_CHANGES, scan).await?;
            Ok(rows.first().map_or(StreamPos::new(0), |((_, position), _)| *position))
        };
        self.0.positions.get_or_load(&self.0.store, user, load).await.map(|position| *position)
    }
}
