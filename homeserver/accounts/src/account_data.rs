//! Account data: what a user's clients keep on the server, globally and per room.
//!
//! [Client config](https://spec.matrix.org/v1.19/client-server-api/#client-config). Each piece has one
//! row with the position of its last change and one row in the index of changes, so that sync reads
//! only what moved. Deleting (MSC3391) leaves an empty row, because the deletion must reach the
//! other clients; an initial sync does not show it.

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedRoomId, RoomId, UserId};
use serde_json::value::RawValue;
use std::sync::Arc;
use store::{Audience, Batch, Reader, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    ignored_users::IGNORED_USERS,
    invite_policy::INVITE_PERMISSION,
    limits::{ACCOUNT_DATA_BYTES_MAX, ACCOUNT_DATA_KIND_BYTES_MAX, ACCOUNT_DATA_PAGE, WRITE_TRIES_MAX},
    push_rules::PUSH_RULES,
    tables::{ACCOUNT_DATA, ACCOUNT_DATA_CHANGES, AccountDataChangeRow, FILTERS},
};

/// One piece of account data.
#[derive(Clone, Debug)]
pub struct AccountDatum {
    /// The room it belongs to; none for global data.
    pub room: Option<OwnedRoomId>,
    /// Its type.
    pub kind: String,
    /// Its content; none when it was deleted, which sync shows once as `{}`.
    pub content: Option<Box<RawValue>>,
}

/// Whether clients may not write this type themselves: they have endpoints of their own.
pub fn is_server_controlled(room: Option<&RoomId>, kind: &str) -> bool {
    match room {
        None => kind == PUSH_RULES || kind == "m.fully_read",
        Some(_) => kind == "m.fully_read",
    }
}

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

    /// Sets a piece of account data, also of a type that clients may not write, and wakes the user.
    pub async fn set_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        content: &RawValue,
    ) -> Result<StreamPos, AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            self.put_account_data(&self.0.store, &mut batch, user, room, kind, content).await?;
            match self.0.store.commit(batch).await {
                Ok(commit) => return Ok(commit.last()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    /// Deletes a piece of account data, and wakes the user if it existed.
    pub async fn delete_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            if !self.put_account_data_tombstone(&self.0.store, &mut batch, user, room, kind).await? {
                return Ok(());
            }
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    /// What a client writes: `{}` deletes (MSC3391), and is told to the other clients in any case,
    /// because the writing client waits for its echo.
    pub async fn write_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        content: &RawValue,
    ) -> Result<(), AccountError> {
        let is_empty = content.get().bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}");
        if !is_empty {
            return self.set_account_data(user, room, kind, content).await.map(drop);
        }
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            let old = self.0.store.get(&ACCOUNT_DATA, &key(user, room, kind)).await?;
            self.add_change(&mut batch, user, room, kind, old, Bytes::new());
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    /// Adds a change of account data to a batch of the caller; the batch conflicts when the same piece
    /// is changed at the same moment.
    pub async fn put_account_data(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        content: &RawValue,
    ) -> Result<(), AccountError> {
        if content.get().len() > ACCOUNT_DATA_BYTES_MAX {
            return Err(AccountError::TooLarge("the account data"));
        }
        if kind.len() > ACCOUNT_DATA_KIND_BYTES_MAX {
            return Err(AccountError::TooLarge("the type of account data"));
        }
        let json = Bytes::copy_from_slice(content.get().as_bytes());
        let old = reader.get(&ACCOUNT_DATA, &key(user, room, kind)).await?;
        self.add_change(batch, user, room, kind, old, json);
        Ok(())
    }

    /// The same for a deletion; says whether there was anything to delete.
    pub(crate) async fn put_account_data_tombstone(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<bool, AccountError> {
        match reader.get(&ACCOUNT_DATA, &key(user, room, kind)).await? {
            Some(old) if !old.1.is_empty() => {
                self.add_change(batch, user, room, kind, Some(old), Bytes::new());
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn add_change(
        &self,
        batch: &mut Batch,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        old: Option<(StreamPos, Bytes)>,
        json: Bytes,
    ) {
        let key = key(user, room, kind);
        batch.expect_read(&ACCOUNT_DATA, &key, old.as_ref());
        if let Some((position, _)) = old {
            batch.delete(&ACCOUNT_DATA_CHANGES, &(user.to_owned(), position));
        }
        let position = batch.position();
        batch.put(&ACCOUNT_DATA, &key, &(position, json));
        let change = AccountDataChangeRow { room: key.1, kind: key.2 };
        batch.put(&ACCOUNT_DATA_CHANGES, &(user.to_owned(), position), &change);
        batch.announce(Audience::User(user.to_owned()));
        self.forget_cached_on_commit(batch, user, room, kind);
    }

    /// Caches are emptied by the committer before anybody hears of the change.
    fn forget_cached_on_commit(&self, batch: &mut Batch, user: &UserId, room: Option<&RoomId>, kind: &str) {
        let inner = Arc::clone(&self.0);
        let user = user.to_owned();
        let (is_rules, is_ignored) =
            (room.is_none() && kind == PUSH_RULES, room.is_none() && kind == IGNORED_USERS);
        let is_invites = room.is_none() && INVITE_PERMISSION.contains(&kind);
        batch.on_commit(move |commit| {
            inner.positions.forget(commit, &user);
            if is_rules {
                inner.push_rules.forget(commit, &user);
            }
            if is_ignored {
                inner.ignored.forget(commit, &user);
            }
            if is_invites {
                inner.invites.forget(commit, &user);
            }
        });
    }

    /// Deletes the rows of all account data and filters of a closed account, without tombstones:
    /// nobody is left to hear of them.
    pub async fn erase_account_data(&self, user: &UserId) -> Result<(), StoreError> {
        let owner = user.to_owned();
        loop {
            let scan = Scan::prefix(&owner).limit(ACCOUNT_DATA_PAGE);
            let rows = self.0.store.scan(&ACCOUNT_DATA, scan).await?;
            let is_last_page = rows.len() < ACCOUNT_DATA_PAGE;
            let mut batch = Batch::new();
            for (key, (position, _)) in rows {
                batch.delete(&ACCOUNT_DATA_CHANGES, &(owner.clone(), position));
                batch.delete(&ACCOUNT_DATA, &key);
            }
            if is_last_page {
                let filters = self.0.store.scan(&FILTERS, Scan::prefix(&owner)).await?;
                for (key, _) in filters {
                    batch.delete(&FILTERS, &key);
                }
            }
            self.0.store.commit(batch).await?;
            if is_last_page {
                return Ok(());
            }
        }
    }

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

    /// All account data of a user, without deleted pieces and always with `m.push_rules`.
    pub async fn account_data_all(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Vec<AccountDatum>, StoreError> {
        let owner = user.to_owned();
        let mut all = Vec::new();
        let mut last: Option<(ruma::OwnedUserId, String, String)> = None;
        loop {
            let mut scan = Scan::prefix(&owner).limit(ACCOUNT_DATA_PAGE);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let rows = reader.scan(&ACCOUNT_DATA, scan).await?;
            let is_last_page = rows.len() < ACCOUNT_DATA_PAGE;
            last = rows.last().map(|(key, _)| key.clone());
            for (key, (_, json)) in rows {
                let is_rules = key.1.is_empty() && key.2 == PUSH_RULES;
                if !is_rules && !json.is_empty() {
                    all.push(self.datum(reader, user, key.1, key.2, &json).await?);
                }
            }
            if is_last_page {
                break;
            }
        }
        let content = Some(self.push_rules_content(reader, user).await?);
        all.push(AccountDatum { room: None, kind: PUSH_RULES.to_owned(), content });
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
        let mut found = Vec::new();
        let mut last: Option<(ruma::OwnedUserId, String, String)> = None;
        loop {
            let mut scan = Scan::prefix(&about).limit(ACCOUNT_DATA_PAGE);
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
                break;
            }
        }
        if room.is_none() {
            let content = Some(self.push_rules_content(reader, user).await?);
            found.push(AccountDatum { room: None, kind: PUSH_RULES.to_owned(), content });
        }
        Ok(found)
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

    async fn datum(
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

fn key(user: &UserId, room: Option<&RoomId>, kind: &str) -> (ruma::OwnedUserId, String, String) {
    (user.to_owned(), room.map(|room| room.as_str().to_owned()).unwrap_or_default(), kind.to_owned())
}

fn content_of(json: &[u8]) -> Option<Box<RawValue>> {
    if json.is_empty() { None } else { serde_json::from_slice(json).ok() }
}
