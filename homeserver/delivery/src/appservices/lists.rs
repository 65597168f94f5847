//! Rooms that services list for the networks they bridge.
//! [Specification](https://spec.matrix.org/v1.19/application-service-api/#application-service-room-directories)

use appservice::Service;
use rooms::PublicRoom;
use ruma::{OwnedRoomId, RoomId};
use store::{Batch, Scan};

use super::{Services, ServicesError, tables::LISTED};
use crate::limits::{NETWORK_ID_BYTES_MAX, NETWORK_ROOMS_MAX};

/// The name under which clients ask for a network of a service: `/thirdparty/protocols` gives it out as `instance_id`.
#[must_use]
pub fn instance_id(service: &Service, network: &str) -> String {
    format!("{}|{network}", service.id)
}

impl Services {
    /// Lists a room for a network of a service, or takes it out.
    ///
    /// # Errors
    /// The room is unknown, the network's name cannot be one, or too many are listed.
    pub async fn list_room(
        &self,
        service: &Service,
        network: &str,
        room_id: &RoomId,
        listed: bool,
    ) -> Result<(), ServicesError> {
        if network.is_empty() || network.len() > NETWORK_ID_BYTES_MAX {
            return Err(ServicesError::InvalidNetwork);
        }
        let store = &self.0.parts.store;
        self.0.parts.rooms.known_room(store, room_id).await?;
        let instance = instance_id(service, network);
        let key = (instance.clone(), room_id.to_owned());
        let mut batch = Batch::new();
        if listed {
            let others = store.scan_keys(&LISTED, Scan::prefix(&instance).limit(NETWORK_ROOMS_MAX)).await?;
            if others.len() >= NETWORK_ROOMS_MAX && !others.contains(&key) {
                return Err(ServicesError::TooManyListed);
            }
            batch.put(&LISTED, &key, &self.0.parts.clock.now_ms());
        } else {
            batch.delete(&LISTED, &key);
        }
        store.commit(batch).await?;
        Ok(())
    }

    /// The rooms that are listed for a network, the largest first, whose name, topic or alias holds `term`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn listed_rooms(
        &self,
        instance: &str,
        term: Option<&str>,
    ) -> Result<Vec<PublicRoom>, ServicesError> {
        let (store, rooms) = (&self.0.parts.store, &self.0.parts.rooms);
        let scan = Scan::prefix(&instance.to_owned()).limit(NETWORK_ROOMS_MAX);
        let term = term.map(|term| term.trim().to_lowercase()).filter(|term| !term.is_empty());
        let mut found = Vec::new();
        for (_, room_id) in store.scan_keys(&LISTED, scan).await? {
            let room_id: OwnedRoomId = room_id;
            // A room that was deleted since is listed nowhere.
            let Some(room) = rooms.room_num(store, &room_id).await? else { continue };
            let entry = rooms.directory_entry(room).await?;
            if term.as_deref().is_none_or(|term| shows(&entry, term)) {
                found.push(entry);
            }
        }
        found.sort_by(|a, b| b.joined_members.cmp(&a.joined_members).then_with(|| a.room_id.cmp(&b.room_id)));
        Ok(found)
    }
}

fn shows(entry: &PublicRoom, term: &str) -> bool {
    let texts = [
        entry.name.as_deref(),
        entry.topic.as_deref(),
        entry.canonical_alias.as_ref().map(|alias| alias.as_str()),
    ];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(term))
}
