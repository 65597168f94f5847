//! What the kit is asked for when a room is ordered: the room of the conversation, and the space of its platform.

use bridge_api::ConversationKind;
use kit::{Letter, To, notice};
use sha2::{Digest as _, Sha256};
use store::Batch;

use super::requests::{request, space_key, space_request};
use crate::{
    BridgeError, Bridges, LOCALPART,
    lanes::Lane,
    names::{hex, tamed},
    people_tables::{MAKING, MakingRow},
    tables::PortalRow,
};

impl Bridges {
    /// Has the kit make the room, and the space of the platform with the room in it.
    pub(super) async fn order_places(&self, lane: &Lane, row: &MakingRow) -> Result<(), BridgeError> {
        let found = self.conversation(lane).await?;
        let is_direct = found.as_ref().is_some_and(|found| found.kind == ConversationKind::Direct);
        if row.by.is_none() && is_direct {
            if let Some(portal) = self.portals().get(lane) {
                let portal = PortalRow { kind: ConversationKind::Direct, ..portal };
                self.portals().set(&self.0.store, lane, portal).await?;
            }
            return Err(BridgeError::Invalid("no room is made for a direct chat by itself".to_owned()));
        }
        let name = found.as_ref().map(|found| tamed(&found.name)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| self.name_of(lane));
        let digest = hex(&Sha256::digest(format!("{}/{}", lane.0.key(), lane.1)));
        let place = format!("room/{}/{}", &digest[..32], self.0.clock.now_ms());
        let (kit, space) = (&self.0.kit, space_key(lane.0));
        let mut batch = Batch::new();
        let topic = self.name_of(lane);
        kit.order_place(&mut batch, LOCALPART, &place, request(&name, &topic, row.by.as_deref())).await?;
        let platform = lane.0.name().of(self.0.settings.language);
        kit.order_place(&mut batch, LOCALPART, &space, space_request(platform)).await?;
        // Rooms are made for the first letter that goes there.
        for (at, what) in [(&place, "made"), (&space, "housed")] {
            let text = kit.texts().fill(self.lang(), "bridge.made", &[("conversation", &name)]);
            let letter = Letter::message(
                format!("bridge/{what}/{place}"),
                LOCALPART,
                To::Place(at.clone()),
                notice(&text),
            );
            kit.outbox().put(&mut batch, letter);
        }
        let avatar = found.and_then(|found| found.avatar).map(|avatar| avatar.to_string());
        let of = (lane.0.key(), lane.1.as_str());
        batch.expect_eq(&MAKING, &of, row);
        // What it waited for before is over.
        let ordered = MakingRow { by: row.by.clone(), place: Some(place), avatar, ..MakingRow::default() };
        batch.put(&MAKING, &of, &ordered);
        self.0.store.commit(batch).await?;
        Ok(())
    }
}
