//! Which conversations there are.

use bridge_api::{Conversation, Network};

use crate::{
    BridgeError, Bridges, Known, backfill::patient, limits::LIST_PAGES_MAX, names::tamed, tables::PortalRow,
};

impl Bridges {
    /// The conversations of a network, or of all: what the platforms list, and what something came from.
    ///
    /// # Errors
    /// When a platform does not answer, or the store cannot be written.
    pub async fn list(&self, network: Option<Network>) -> Result<Vec<Known>, BridgeError> {
        for seat in self.0.seats.iter().filter(|seat| network.is_none_or(|network| network == seat.network)) {
            let Some(conversations) = seat.connector.conversations() else { continue };
            let mut cursor = None;
            for _ in 0..LIST_PAGES_MAX {
                let page = patient(|| conversations.list(cursor.as_ref())).await?;
                for conversation in page.items {
                    self.refresh(seat.network, &conversation).await?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        let all = self.portals().all().into_iter();
        let wanted = all.filter(|(lane, _)| network.is_none_or(|network| network == lane.0));
        Ok(wanted
            .map(|((network, conversation), row)| Known {
                network,
                conversation,
                name: row.name,
                room: row.room,
            })
            .collect())
    }

    async fn refresh(&self, network: Network, conversation: &Conversation) -> Result<(), BridgeError> {
        let lane = (network, conversation.id.clone());
        let old = self.portals().get(&lane);
        let name = tamed(&conversation.name);
        let row = match &old {
            Some(old) => PortalRow { name, kind: conversation.kind, ..old.clone() },
            None => PortalRow::unbound(name, conversation.kind),
        };
        if old.as_ref() != Some(&row) {
            self.portals().set(&self.0.store, &lane, row).await?;
        }
        Ok(())
    }
}
