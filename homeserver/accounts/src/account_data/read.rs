//! Reading account data: one piece, those of one room, all of a user.

use ruma::{RoomId, UserId};
use serde_json::value::RawValue;
use store::{PrefixOf, Reader, Scan, StoreError};

use super::{AccountDatum, Key, content_of, key};
use crate::{Accounts, limits::ACCOUNT_DATA_PAGE, push_rules::PUSH_RULES, tables::ACCOUNT_DATA};

impl Accounts {
    /// One piece of account data. `m.push_rules` always exists.
    pub async fn account_data(
        &self,
        reader: &Reader,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        if room.is_none() && kind == PUSH_RULES {
            return self.push_rules_content(reader, user).await.map(Some);
        }
        self.stored_account_data(reader, user, room, kind).await
    }

    pub(crate) async fn stored_account_data(
        &self,
        reader: &Reader,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        let row = reader.get(&ACCOUNT_DATA, &key(user, room, kind)).await?;
        Ok(row.and_then(|(_, json)| content_of(&json)))
    }

    /// All account data of a user, without deleted pieces and always with `m.push_rules`.
    pub async fn account_data_all(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Vec<AccountDatum>, StoreError> {
        let mut all = self.present(reader, user, &user.to_owned()).await?;
        all.push(self.push_rules_datum(reader, user).await?);
        Ok(all)
    }

    /// What a user keeps about one room, or globally (always with `m.push_rules`), without deleted pieces.
    pub async fn account_data_about(
        &self,
        reader: &Reader,
        user: &UserId,
        room: Option<&RoomId>,
    ) -> Result<Vec<AccountDatum>, StoreError> {
        let about = (user.to_owned(), room.map_or_else(String::new, ToString::to_string));
        let mut found = self.present(reader, user, &about).await?;
        if room.is_none() {
            found.push(self.push_rules_datum(reader, user).await?);
        }
        Ok(found)
    }

    /// The pieces whose keys begin with `prefix`, without deleted ones and without `m.push_rules`.
    async fn present(
        &self,
        reader: &Reader,
        user: &UserId,
        prefix: &(impl PrefixOf<Key> + Sync),
    ) -> Result<Vec<AccountDatum>, StoreError> {
        let mut found = Vec::new();
        let mut last: Option<Key> = None;
        loop {
            let mut scan = Scan::prefix(prefix).limit(ACCOUNT_DATA_PAGE);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let rows = reader.scan(&ACCOUNT_DATA, scan).await?;
            let is_last_page = rows.len() < ACCOUNT_DATA_PAGE;
            last = rows.last().map(|(key, _)| key.clone());
            for (key, (_, json)) in rows {
                let is_rules = key.1.is_empty() && key.2 == PUSH_RULES;
                if !is_rules && !json.is_empty() {
                    found.push(self.datum(reader, user, key.1, key.2, &json).await?);
                }
            }
            if is_last_page {
                return Ok(found);
            }
        }
    }

    /// The push rules of a user who may never have stored any.
    async fn push_rules_datum(&self, reader: &Reader, user: &UserId) -> Result<AccountDatum, StoreError> {
        let content = Some(self.push_rules_content(reader, user).await?);
        Ok(AccountDatum { room: None, kind: PUSH_RULES.to_owned(), content })
    }

    /// A piece as sync and its readers want it; the push rules are completed by what is new on the server.
    pub(super) async fn datum(
        &self,
        reader: &Reader,
        user: &UserId,
        room: String,
        kind: String,
        json: &[u8],
    ) -> Result<AccountDatum, StoreError> {
        let content = if room.is_empty() && kind == PUSH_RULES {
            Some(self.push_rules_content(reader, user).await?)
        } else {
            content_of(json)
        };
        let room = if room.is_empty() { None } else { RoomId::parse(room).ok() };
        Ok(AccountDatum { room, kind, content })
    }
}
