//! Profiles: display name, avatar and any further field.
//!
//! [Profiles](https://spec.matrix.org/v1.19/client-server-api/#profiles). A profile is one row, so
//! that its size is checked where it is changed. What rooms must hear of a change is left in
//! `UNFINISHED` by the same batch; `flows` tells the rooms and clears it.

use std::collections::BTreeMap;

use model::StreamPos;
use ruma::{OwnedMxcUri, OwnedUserId, UserId};
use serde_json::Value;
use store::{Audience, Batch, Reader, Scan, StoreError};
use streams::Fact;

use crate::{
    AccountError, Accounts, UnfinishedWork,
    limits::{
        AVATAR_URL_BYTES_MAX, DISPLAY_NAME_BYTES_MAX, PROFILE_BYTES_MAX, PROFILE_KEY_BYTES_MAX,
        STATUS_EMOJI_BYTES_MAX, STATUS_TEXT_BYTES_MAX, WRITE_TRIES_MAX,
    },
    tables::{PROFILE_CHANGE, PROFILE_FIELD_CHANGED, PROFILES, ProfileRow, USERS},
};

const DISPLAY_NAME: &str = "displayname";
const AVATAR_URL: &str = "avatar_url";
/// What a user says about the moment, under its name and the one before (MSC4426).
const STATUS_FIELDS: [&str; 2] = ["m.status", "org.matrix.msc4426.status"];

/// What a user says about themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The display name.
    pub displayname: Option<String>,
    /// The avatar; usually, but not surely, a well-formed `mxc://` URI.
    pub avatar_url: Option<OwnedMxcUri>,
    /// All fields, these two included.
    pub fields: BTreeMap<String, Value>,
}

/// What follows from a change of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileChange {
    /// Nothing, or nothing that a room shows.
    None,
    /// The member events of the user's rooms must change; the mark is for [`Accounts::finish_work`].
    Rooms {
        /// Mark of this piece of work.
        mark: u64,
    },
}

impl Accounts {
    /// The profile of a local user, or nothing when there is no such account.
    pub async fn profile(&self, reader: &Reader, user: &UserId) -> Result<Option<Profile>, StoreError> {
        let key = user.to_owned();
        match reader.get(&PROFILES, &key).await? {
            Some(row) => Ok(Some(row.into())),
            None if reader.exists(&USERS, &key).await? => Ok(Some(Profile::default())),
            None => Ok(None),
        }
    }

    /// Fields of profiles whose last change stands after `after` up to `up_to`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn profile_changes(
        &self,
        reader: &Reader,
        after: StreamPos,
        up_to: StreamPos,
        limit: usize,
    ) -> Result<Vec<(StreamPos, OwnedUserId, String)>, StoreError> {
        let scan = Scan::all().after(&after).up_to(&up_to).limit(limit);
        let rows = reader.scan(&PROFILE_CHANGE, scan).await?;
        Ok(rows.into_iter().map(|(position, (user, field))| (position, user, field)).collect())
    }

    /// Sets a field; `None`, null and the empty string take `displayname` and `avatar_url` away.
    pub async fn set_profile_field(
        &self,
        user: &UserId,
        key: &str,
        value: Option<Value>,
    ) -> Result<ProfileChange, AccountError> {
        check_key(key)?;
        let value = normalised(key, value)?;
        let user_key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let account = self.user_row(user).await?.ok_or(AccountError::UnknownUser)?;
            if account.deactivated {
                return Err(AccountError::UserDeactivated);
            }
            let old = self.0.store.get(&PROFILES, &user_key).await?;
            let new = changed(old.as_ref(), key, value.as_ref())?;
            if old.as_ref() == Some(&new) || (old.is_none() && new.fields.is_empty()) {
                return Ok(ProfileChange::None);
            }
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &user_key, &account);
            batch.expect_read(&PROFILES, &user_key, old.as_ref());
            batch.put(&PROFILES, &user_key, &new);
            let position = batch.position();
            streams::record(&mut batch, position, &Fact::Profile { user: user_key.clone() });
            let field = (user_key.clone(), key.to_owned());
            if let Some(before) = self.0.store.get(&PROFILE_FIELD_CHANGED, &field).await? {
                batch.delete(&PROFILE_CHANGE, &before);
            }
            batch.put(&PROFILE_CHANGE, &position, &field);
            batch.put(&PROFILE_FIELD_CHANGED, &field, &position);
            batch.announce(Audience::User(user_key.clone()));
            let mut change = ProfileChange::None;
            if is_shown_in_rooms(key) {
                let mark = self.begin_work(&mut batch, UnfinishedWork::UpdateMembers, user);
                change = ProfileChange::Rooms { mark };
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(change);
            }
        }
        Err(AccountError::Contended)
    }
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        let fields: BTreeMap<String, Value> = row
            .fields
            .into_iter()
            .filter_map(|(key, json)| serde_json::from_str(&json).ok().map(|value| (key, value)))
            .collect();
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        Self { displayname: text(DISPLAY_NAME), avatar_url: text(AVATAR_URL).map(OwnedMxcUri::from), fields }
    }
}

pub(crate) fn row_with_display_name(name: &str) -> ProfileRow {
    let name = Value::String(name.to_owned()).to_string();
    ProfileRow { fields: BTreeMap::from([(DISPLAY_NAME.to_owned(), name)]) }
}

fn is_shown_in_rooms(key: &str) -> bool {
    key == DISPLAY_NAME || key == AVATAR_URL
}

/// The key must follow the common namespaced identifier grammar.
fn check_key(key: &str) -> Result<(), AccountError> {
    if key.len() > PROFILE_KEY_BYTES_MAX {
        return Err(AccountError::ProfileKeyTooLarge);
    }
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let first_is_letter = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !first_is_letter || !key.bytes().all(is_allowed) {
        return Err(AccountError::InvalidParameter("the profile key is not a namespaced identifier"));
    }
    Ok(())
}

fn normalised(key: &str, value: Option<Value>) -> Result<Option<Value>, AccountError> {
    if STATUS_FIELDS.contains(&key) {
        check_status(value.as_ref())?;
    }
    if !is_shown_in_rooms(key) {
        return Ok(value);
    }
    let (bytes_max, what) = match key {
        DISPLAY_NAME => (DISPLAY_NAME_BYTES_MAX, "the display name"),
        _ => (AVATAR_URL_BYTES_MAX, "the avatar URL"),
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() > bytes_max => Err(AccountError::TooLarge(what)),
        Some(Value::String(text)) => Ok(Some(Value::String(text))),
        Some(_) => Err(AccountError::InvalidParameter("displayname and avatar_url are strings")),
    }
}

/// The bounds of a status (MSC4426).
fn check_status(value: Option<&Value>) -> Result<(), AccountError> {
    for (key, bytes_max, what) in [
        ("text", STATUS_TEXT_BYTES_MAX, "the text of the status"),
        ("emoji", STATUS_EMOJI_BYTES_MAX, "the emoji of the status"),
    ] {
        let part = value.and_then(|value| value.get(key)).and_then(Value::as_str);
        if part.is_some_and(|part| part.len() > bytes_max) {
            return Err(AccountError::TooLarge(what));
        }
    }
    Ok(())
}

fn changed(old: Option<&ProfileRow>, key: &str, value: Option<&Value>) -> Result<ProfileRow, AccountError> {
    let mut row = old.cloned().unwrap_or_default();
    match value {
        Some(value) => row.fields.insert(key.to_owned(), value.to_string()),
        None => row.fields.remove(key),
    };
    // Quotes, colon and comma: the size of the JSON object that the profile is sent as.
    let bytes: usize = row.fields.iter().map(|(key, json)| key.len() + json.len() + 4).sum();
    if value.is_some() && bytes + 2 > PROFILE_BYTES_MAX {
        return Err(AccountError::ProfileTooLarge);
    }
    Ok(row)
}
