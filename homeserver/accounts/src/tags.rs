//! Tags of rooms, kept in the account data `m.tag` of the room.
//!
//! [Room Tagging](https://spec.matrix.org/v1.19/client-server-api/#room-tagging)

use ruma::{RoomId, UserId};
use serde_json::{Map, Value, value::to_raw_value};
use store::{Batch, Reader, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{TAG_BYTES_MAX, TAGS_PER_ROOM_MAX, WRITE_TRIES_MAX},
};

const TAG: &str = "m.tag";

impl Accounts {
    /// The tags of a room: tag → its details.
    pub async fn tags(
        &self,
        reader: &Reader,
        user: &UserId,
        room: &RoomId,
    ) -> Result<Map<String, Value>, StoreError> {
        let content = self.stored_account_data(reader, user, Some(room), TAG).await?;
        let content = content.and_then(|content| serde_json::from_str::<Value>(content.get()).ok());
        match content {
            Some(Value::Object(mut content)) => match content.remove("tags") {
                Some(Value::Object(tags)) => Ok(tags),
                _ => Ok(Map::new()),
            },
            _ => Ok(Map::new()),
        }
    }

    /// Tags a room, or changes the details of a tag.
    pub async fn set_tag(
        &self,
        user: &UserId,
        room: &RoomId,
        tag: &str,
        details: Map<String, Value>,
    ) -> Result<(), AccountError> {
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX {
            return Err(AccountError::InvalidParameter("a tag has 1 to 255 bytes"));
        }
        if details.get("order").is_some_and(|order| !order.is_number()) {
            return Err(AccountError::InvalidParameter("the order of a tag is a number"));
        }
        self.change_tags(user, room, |tags| {
            tags.insert(tag.to_owned(), Value::Object(details.clone()));
            if tags.len() > TAGS_PER_ROOM_MAX {
                Err(AccountError::TooLarge("the list of tags"))
            } else {
                Ok(true)
            }
        })
        .await
    }

    /// Takes a tag away; a tag that is not there is fine.
    pub async fn remove_tag(&self, user: &UserId, room: &RoomId, tag: &str) -> Result<(), AccountError> {
        self.change_tags(user, room, |tags| Ok(tags.remove(tag).is_some())).await
    }

    async fn change_tags(
        &self,
        user: &UserId,
        room: &RoomId,
        change: impl Fn(&mut Map<String, Value>) -> Result<bool, AccountError>,
    ) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut tags = self.tags(&reader, user, room).await?;
            if !change(&mut tags)? {
                return Ok(());
            }
            let content = to_raw_value(&serde_json::json!({ "tags": tags }));
            let content = content.map_err(|_| AccountError::InvalidParameter("the tag is not JSON"))?;
            let mut batch = Batch::new();
            // Read and written from one snapshot: a tag set meanwhile makes the batch conflict.
            self.put_account_data(&reader, &mut batch, user, Some(room), TAG, &content).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }
}
