//! Changing account data: what is written with it, and which caches it empties.

use std::sync::Arc;

use bytes::Bytes;
use model::StreamPos;
use ruma::{RoomId, UserId};
use serde_json::value::RawValue;
use store::{Audience, Batch, Reader, Scan, StoreError};

use super::key;
use crate::{
    AccountError, Accounts,
    ignored_users::IGNORED_USERS,
    invite_policy::INVITE_PERMISSION,
    limits::{ACCOUNT_DATA_BYTES_MAX, ACCOUNT_DATA_KIND_BYTES_MAX, ACCOUNT_DATA_PAGE, WRITE_TRIES_MAX},
    push_rules::PUSH_RULES,
    tables::{ACCOUNT_DATA, ACCOUNT_DATA_CHANGES, AccountDataChangeRow, FILTERS},
};

/// What becomes of a piece of account data.
#[derive(Clone, Copy)]
enum Change<'a> {
    /// It says this.
    Set(&'a RawValue),
    /// It goes, and nothing is told where there was none.
    Delete,
    /// It goes, and that is told in any case.
    Empty,
}

impl Accounts {
    /// Sets a piece of account data, also of a type that clients may not write, and wakes the user.
    pub async fn set_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        content: &RawValue,
    ) -> Result<StreamPos, AccountError> {
        self.change_account_data(user, room, kind, Change::Set(content)).await
    }

    /// Deletes a piece of account data, and wakes the user if it existed.
    pub async fn delete_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<(), AccountError> {
        self.change_account_data(user, room, kind, Change::Delete).await.map(drop)
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
        let change = if is_empty { Change::Empty } else { Change::Set(content) };
        self.change_account_data(user, room, kind, change).await.map(drop)
    }

    /// Commits a change, again while somebody else was faster. The position of the change, or the frontier where
    /// nothing was to be done.
    async fn change_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        change: Change<'_>,
    ) -> Result<StreamPos, AccountError> {
        let store = &self.0.store;
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            match change {
                Change::Set(content) => {
                    self.put_account_data(store, &mut batch, user, room, kind, content).await?;
                }
                Change::Delete => {
                    if !self.put_account_data_tombstone(store, &mut batch, user, room, kind).await? {
                        return Ok(store.frontier());
                    }
                }
                Change::Empty => {
                    let old = store.get(&ACCOUNT_DATA, &key(user, room, kind)).await?;
                    self.add_change(&mut batch, user, room, kind, old, Bytes::new());
                }
            }
            match store.commit(batch).await {
                Ok(commit) => return Ok(commit.last()),
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
}
