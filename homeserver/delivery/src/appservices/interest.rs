//! Which services a room, an event or a user concerns.
//!
//! [Specification](https://spec.matrix.org/v1.19/application-service-api/#registration): a service hears of a room if one
//! of its users is joined or if it claims the room or one of its aliases, and of an event beyond that if one of its
//! users is the target. Users of other servers are nobody's.

use std::{collections::HashMap, sync::Arc};

use appservice::{Loaded, Service};
use model::{Pdu, RoomNum};
use parking_lot::Mutex;
use rooms::{LocalMembers, Membership, Rooms, RoomsError};
use ruma::UserId;

use super::feed::member_change;
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
    /// How often members changed: what was read before that is not remembered after it.
    changes: u64,
}

impl Interests {
    /// A member event of a user of some services, named by their places: only theirs can be other than before.
    async fn changed(
        &self,
        rooms: &Rooms,
        loaded: &Arc<Loaded>,
        room: RoomNum,
        (of, joins): (&[usize], bool),
    ) -> Result<(), RoomsError> {
        let change = {
            let mut cache = self.0.lock();
            cache.changes += 1;
            cache.changes
        };
        let is_in: Vec<bool> = if joins {
            vec![true; of.len()]
        } else {
            let members = rooms.local_members(room).await?;
            let services = of.iter().filter_map(|service| loaded.services.get(*service));
            services.map(|service| has_member(service, &members)).collect()
        };
        let mut cache = self.0.lock();
        let is_ours = cache.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, loaded)) && cache.changes == change;
        match cache.rooms.get_mut(&room) {
            Some(flags) if is_ours => {
                let flags = Arc::make_mut(flags);
                for (service, is_in) in of.iter().zip(is_in) {
                    if let Some(flag) = flags.get_mut(*service) {
                        *flag = is_in;
                    }
                }
            }
            _ => drop(cache.rooms.remove(&room)),
        }
        Ok(())
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
        if let Some((user, joins)) = member_change(pdu) {
            let services = loaded.services.iter().enumerate();
            let of: Vec<_> =
                services.filter(|(_, service)| is_about(service, &user)).map(|(at, _)| at).collect();
            if !of.is_empty() {
                self.changed(rooms, loaded, room, (&of, joins)).await?;
            }
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

    /// For each service, whether it hears of what happens in a room, by the member events that the feed has passed.
    pub async fn of_room(
        &self,
        rooms: &Rooms,
        loaded: &Arc<Loaded>,
        room: RoomNum,
    ) -> Result<Vec<bool>, RoomsError> {
        let members = self.members(rooms, loaded, room).await?;
        Self::with_claims(rooms, loaded, room, members.to_vec()).await
    }

    /// As [`Self::of_room`], but by the members of this moment: for what does not come by the feed and may be ahead
    /// of it.
    pub async fn of_room_now(rooms: &Rooms, loaded: &Loaded, room: RoomNum) -> Result<Vec<bool>, RoomsError> {
        let members = Self::members_now(rooms, loaded, room).await?;
        Self::with_claims(rooms, loaded, room, members.to_vec()).await
    }

    async fn with_claims(
        rooms: &Rooms,
        loaded: &Loaded,
        room: RoomNum,
        mut flags: Vec<bool>,
    ) -> Result<Vec<bool>, RoomsError> {
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
        let changes = {
            let mut cache = self.0.lock();
            if cache.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, loaded)) {
                let changes = cache.changes;
                *cache = Cache { of: Some(Arc::clone(loaded)), rooms: HashMap::new(), changes };
            }
            if let Some(flags) = cache.rooms.get(&room) {
                return Ok(Arc::clone(flags));
            }
            cache.changes
        };
        let flags = Self::members_now(rooms, loaded, room).await?;
        let mut cache = self.0.lock();
        if cache.rooms.len() >= SERVICE_INTERESTS_CACHED_MAX {
            cache.rooms.clear();
        }
        let is_ours = cache.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, loaded));
        if is_ours && cache.changes == changes {
            cache.rooms.insert(room, Arc::clone(&flags));
        }
        Ok(flags)
    }

    async fn members_now(rooms: &Rooms, loaded: &Loaded, room: RoomNum) -> Result<Flags, RoomsError> {
        let members = rooms.local_members(room).await?;
        Ok(loaded.services.iter().map(|service| has_member(service, &members)).collect())
    }
}

fn has_member(service: &Service, members: &LocalMembers) -> bool {
    members.iter().any(|user| service.is_interested_in(user))
}
