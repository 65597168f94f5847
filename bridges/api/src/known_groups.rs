//! The groups in which somebody spoke to us, for platforms that list none: they are written down, so that operators can bind rooms
//! by them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use tokio::sync::Mutex;

use crate::{
    Conversation, ConversationId, Cursor, Failure, Page, Shelf,
    limits::{GROUP_KEPT_MS, GROUP_ROWS, GROUPS_IN_ROW_MAX, NAME_CHARACTERS_MAX},
};

/// Groups by their ids, with their names.
type Row = BTreeMap<String, String>;

/// The known groups, in rows of a shelf.
pub struct KnownGroups {
    shelf: Arc<dyn Shelf>,
    /// Rows that were read, so that nothing is written for a group that is known.
    rows: Mutex<BTreeMap<u64, Row>>,
}

impl KnownGroups {
    /// Groups whose rows lie on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, rows: Mutex::new(BTreeMap::new()) }
    }

    /// Remembers a group and what it is called now. An empty name, because the platform told none, changes no other one. A group
    /// beyond the bounds, or one that the shelf does not take, is not remembered; the next word said there tries again.
    pub async fn seen(&self, group: &ConversationId, name: &str) {
        let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        let index = row_of(group.as_str(), GROUP_ROWS);
        let mut rows = self.rows.lock().await;
        let row = match self.row(&mut rows, index).await {
            Ok(row) => row,
            Err(error) => {
                tracing::warn!(%error, "the known groups are not read");
                return;
            }
        };
        let known = row.get(group.as_str());
        let is_news = known.map_or(row.len() < GROUPS_IN_ROW_MAX, |known| !name.is_empty() && *known != name);
        if !is_news {
            return;
        }
        row.insert(group.as_str().to_owned(), name);
        if let Err(error) = self.shelf.write(&key(index), row, GROUP_KEPT_MS).await {
            tracing::warn!(%error, "a group is not written down");
            rows.remove(&index);
        }
    }

    /// What a group was called when somebody last spoke to us there; nothing when nobody did.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn name(&self, group: &ConversationId) -> Result<Option<String>, Failure> {
        let mut rows = self.rows.lock().await;
        Ok(self.row(&mut rows, row_of(group.as_str(), GROUP_ROWS)).await?.get(group.as_str()).cloned())
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
            let items: Vec<_> = row.iter().filter_map(|(id, name)| Conversation::group(id, name)).collect();
            if !items.is_empty() {
                let next = (index < GROUP_ROWS).then(|| Cursor::new(index.to_string()).ok()).flatten();
                return Ok(Page { items, next });
            }
        }
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn row<'a>(&self, rows: &'a mut BTreeMap<u64, Row>, index: u64) -> Result<&'a mut Row, Failure> {
        match rows.entry(index) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(self.shelf.read(&key(index)).await?.unwrap_or_default())),
        }
    }
}

fn key(index: u64) -> String {
    format!("groups:{index}")
}

/// In which of so many rows something is found again: by FNV-1a, which is the same in every process.
pub(crate) fn row_of(id: &str, rows: u64) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % rows
}

#[cfg(test)]
#[cfg(feature = "double")]
mod tests {
    use super::*;
    use crate::double::Rows;

    fn id(text: &str) -> ConversationId {
        ConversationId::new(text).expect("an id")
    }

    #[tokio::test]
    async fn groups_are_listed_after_a_restart_by_their_last_name() {
        let rows = Arc::new(Rows::default());
        let groups = KnownGroups::new(rows.clone());
        for (group, name) in [("cid1==", "Old"), ("cid2==", "Ops"), ("cid1==", "New"), ("cid1==", "")] {
            groups.seen(&id(group), name).await;
        }
        for group in ["group:wr1", "group:wr2", "group:wr1"] {
            groups.seen(&id(group), "").await;
        }
        let groups = KnownGroups::new(rows);
        assert_eq!(groups.name(&id("group:wr2")).await, Ok(Some(String::new())));
        assert_eq!(groups.name(&id("group:wr3")).await, Ok(None));
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = groups.page(from.as_ref()).await.expect("a page");
            found.extend(page.items.into_iter().map(|item| (String::from(item.id), item.name)));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        found.sort();
        let expected = [("cid1==", "New"), ("cid2==", "Ops"), ("group:wr1", ""), ("group:wr2", "")];
        assert_eq!(found, expected.map(|(group, name)| (group.to_owned(), name.to_owned())));
    }

    #[tokio::test]
    async fn what_the_shelf_did_not_take_is_written_down_the_next_time() {
        let rows = Arc::new(Rows::default());
        let groups = KnownGroups::new(rows.clone());
        rows.refuse(true);
        groups.seen(&id("cid1=="), "Ops").await;
        rows.refuse(false);
        assert_eq!(groups.name(&id("cid1==")).await, Ok(None));
        groups.seen(&id("cid1=="), "Ops").await;
        assert_eq!(KnownGroups::new(rows).name(&id("cid1==")).await, Ok(Some("Ops".to_owned())));
    }
}
