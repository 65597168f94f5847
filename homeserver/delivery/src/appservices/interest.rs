//! Which services a room, an event or a user concerns.
//!
//! [Specification](https://spec.matrix.org/v1.19/application-service-api/#registration): a service hears of a room if one
//! of its users is joined or if it claims the room or one of its aliases, and of an event beyond that if one of its
//! users is the target. Users of other servers are nobody's.

use std::{collections::HashMap, sync::Arc};

use appservice::{Loaded, Service};
use model::{Pdu, RoomNum};
use parking_lot::Mutex;
use rooms::{Membership, Rooms, RoomsError};
use ruma::UserId;

use crate::limits::{SERVICE_INTERESTS_CACHED_MAX, SERVICE_PRESENCE_ROOMS_MAX};

/// For each service of a [`Loaded`], whether one of its users is in a room.
type Flags = Arc<[bool]>;

/// Remembers which services have members in which rooms.
#[derive(Default)]
pub(super) struct Interests(Mutex<Cache>);

#[derive(Default)]
struct Cache {
    /// Whose answers these are; other registrations make them void.
    of: Option<Arc<Loaded>>,
    rooms: HashMap<RoomNum, Flags>,
}

impl Interests {
    /// A member event of one of the services' users: look again.
    pub fn forget(&self, room: RoomNum) {
        self.0.lock().rooms.remove(&room);
    }

    /// The services that an event concerns.
    pub async fn of_event(
        &self,
        rooms: &Rooms,
        loaded: &Arc<Loaded>,
        room: RoomNum,
        pdu: &Pdu,
    ) -> Result<Vec<Arc<Service>>, RoomsError> {
        let target = if pdu.kind() == "m.room.member" { pdu.state_key() } else { None };
        let target = target.and_then(|target| UserId::parse(target).ok());
        let is_about = |service: &Service, user: &UserId| service.is_interested_in(user);
        if target.as_deref().is_some_and(|user| loaded.services.iter().any(|service| is_about(service, user)))
        {
            self.forget(room);
        }
        let of_room = self.of_room(rooms, loaded, room).await?;
        let concerned = loaded.services.iter().zip(of_room).filter(|(service, of_room)| {
            let concerns = *of_room
                || is_about(service, pdu.sender())
                || target.as_deref().is_some_and(|target| is_about(service, target));
            service.url.is_some() && concerns
        });
        Ok(concerned.map(|(service, _)| Arc::clone(service)).collect())
    }

    /// For each service, whether it hears of what happens in a room.
    pub async fn of_room(
        &self,
        rooms: &Rooms,
        loaded: &Arc<Loaded>,
        room: RoomNum,
    ) -> Result<Vec<bool>, RoomsError> {
        let mut flags = self.members(rooms, loaded, room).await?.to_vec();
        if loaded.services.iter().any(|service| !service.rooms.is_empty()) {
            let room_id = rooms.room_id(rooms.store(), room).await?;
            for (flag, service) in flags.iter_mut().zip(&loaded.services) {
                *flag |= service.rooms.contains(room_id.as_str());
            }
        }
        // Aliases come and go without a word on the stream, and are few.
        if loaded.services.iter().any(|service| !service.aliases.is_empty()) {
            for alias in rooms.aliases_of(room).await? {
                for (flag, service) in flags.iter_mut().zip(&loaded.services) {
                    *flag |= service.aliases.contains(alias.as_str());
                }
            }
        }
        Ok(flags)
    }

    /// For each service, whether the user is one of its own or shares a room that it hears of.
    pub async fn of_user(
        &self,
        rooms: &Rooms,
        loaded: &Arc<Loaded>,
        user: &UserId,
    ) -> Result<Vec<bool>, RoomsError> {
        let mut flags: Vec<bool> =
            loaded.services.iter().map(|service| service.is_interested_in(user)).collect();
        let memberships = rooms.rooms_of_user(user).await?;
        let joined = memberships.iter().filter(|(_, member)| member.membership == Membership::Join);
        for (room, _) in joined.take(SERVICE_PRESENCE_ROOMS_MAX) {
            if flags.iter().all(|flag| *flag) {
                break;
            }
            for (flag, of_room) in flags.iter_mut().zip(self.of_room(rooms, loaded, *room).await?) {
                *flag |= of_room;
            }
        }
        Ok(flags)
    }

    async fn members(&self, rooms: &Rooms, loaded: &Arc<Loaded>, room: RoomNum) -> Result<Flags, RoomsError> {
        {
            let mut cache = self.0.lock();
            if cache.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, loaded)) {
                *cache = Cache { of: Some(Arc::clone(loaded)), rooms: HashMap::new() };
            }
            if let Some(flags) = cache.rooms.get(&room) {
                return Ok(Arc::clone(flags));
            }
        }
        let members = rooms.local_members(room).await?;
        let has_member = |service: &Arc<Service>| members.iter().any(|user| service.is_interested_in(user));
        let flags: Flags = loaded.services.iter().map(has_member).collect();
        let mut cache = self.0.lock();
        if cache.rooms.len() >= SERVICE_INTERESTS_CACHED_MAX {
            cache.rooms.clear();
        }
        if cache.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, loaded)) {
            cache.rooms.insert(room, Arc::clone(&flags));
        }
        Ok(flags)
    }
}
