//! The conversations in which the AI bot was spoken to. The platform lists none, so they are written down: operators bind rooms by
//! them. The platform does not say what they are called.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use bridge_api::{Conversation, ConversationId, ConversationKind, Cursor, Failure, Page, Shelf};
use tokio::sync::Mutex;

use crate::limits::{GROUP_KEPT_MS, GROUP_ROWS, GROUPS_IN_ROW_MAX};

/// The known groups, in rows of a shelf.
pub struct Groups {
    shelf: Arc<dyn Shelf>,
    /// Rows that were read, so that nothing is written for a group that is known.
    rows: Mutex<BTreeMap<u64, BTreeSet<String>>>,
}

impl Groups {
    /// Groups whose rows lie on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, rows: Mutex::new(BTreeMap::new()) }
    }

    /// Remembers a group.
    pub async fn seen(&self, conversation: &ConversationId) {
        let index = row_of(conversation.as_str());
        let mut rows = self.rows.lock().await;
        let row = match self.row(&mut rows, index).await {
            Ok(row) => row,
            Err(error) => {
                tracing::warn!(%error, "the known groups are not read");
                return;
            }
        };
        if row.contains(conversation.as_str()) || row.len() >= GROUPS_IN_ROW_MAX {
            return;
        }
        row.insert(conversation.as_str().to_owned());
        let bytes = serde_json::to_vec(row).unwrap_or_default();
        if let Err(error) = self.shelf.put(&key(index), &bytes, GROUP_KEPT_MS).await {
            tracing::warn!(%error, "a group is not written down");
        }
    }

    /// Whether the bot was spoken to there.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn knows(&self, conversation: &ConversationId) -> Result<bool, Failure> {
        let mut rows = self.rows.lock().await;
        Ok(self.row(&mut rows, row_of(conversation.as_str())).await?.contains(conversation.as_str()))
    }

    /// One row of the groups, as a page.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn page(&self, from: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        let mut index = from.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(0_u64);
        let mut rows = self.rows.lock().await;
        while index < GROUP_ROWS {
            let row = self.row(&mut rows, index).await?;
            index += 1;
            let items: Vec<_> = row.iter().filter_map(|id| group(id, "")).collect();
            if !items.is_empty() {
                let next = (index < GROUP_ROWS).then(|| Cursor::new(index.to_string()).ok()).flatten();
                return Ok(Page { items, next });
            }
        }
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn row<'a>(
        &self,
        rows: &'a mut BTreeMap<u64, BTreeSet<String>>,
        index: u64,
    ) -> Result<&'a mut BTreeSet<String>, Failure> {
        match rows.entry(index) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(place) => {
                let bytes = self.shelf.get(&key(index)).await;
                let bytes = bytes.map_err(|error| Failure::later(error.to_string()))?;
                let row = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
                Ok(place.insert(row.unwrap_or_default()))
            }
        }
    }
}

/// A group as the core knows it.
pub fn group(id: &str, name: &str) -> Option<Conversation> {
    Some(Conversation {
        id: ConversationId::new(id).ok()?,
        name: name.to_owned(),
        kind: ConversationKind::Group,
        avatar: None,
        external: false,
        members: None,
    })
}

fn key(index: u64) -> String {
    format!("groups:{index}")
}

fn row_of(id: &str) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % GROUP_ROWS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Rows;

    #[tokio::test]
    async fn groups_are_listed_after_a_restart() {
        let rows = Arc::new(Rows::default());
        let groups = Groups::new(rows.clone());
        let id = |text: &str| ConversationId::new(text).expect("an id");
        for group in ["group:wr1", "group:wr2", "group:wr1"] {
            groups.seen(&id(group)).await;
        }
        let groups = Groups::new(rows);
        assert_eq!(groups.knows(&id("group:wr2")).await, Ok(true));
        assert_eq!(groups.knows(&id("group:wr3")).await, Ok(false));
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = groups.page(from.as_ref()).await.expect("a page");
            found.extend(page.items.into_iter().map(|item| String::from(item.id)));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        found.sort();
        assert_eq!(found, ["group:wr1", "group:wr2"]);
    }
}
