//! A small server without HTTP, for the tests of this crate.

use std::sync::Arc;

use accounts::{AccountSettings, Accounts, AccountsParts};
use base::{Clock, Rng};
use ruma::signatures::Ed25519KeyPair;
use ruma::{OwnedUserId, RoomVersionId, UserId};
use store::{Identity, MemoryKv, Store};
use streams::{Notifier, Numbers};

use crate::append::NewEvent;
use crate::json::canonical_object;
use crate::{CreateRoom, Created, Joining, Preset, Rooms, RoomsError, RoomsParts, RoomsSettings};

/// The name of the server under test.
pub const SERVER: &str = "hs.test";

/// Rooms over an empty memory store.
pub async fn rooms() -> Rooms {
    rooms_of(SERVER).await
}

/// Rooms of a server of this name, over an empty memory store.
pub async fn rooms_of(server: &str) -> Rooms {
    let clock = Clock::fake(1_700_000_000_000);
    let server_name = ruma::OwnedServerName::try_from(server).unwrap();
    let mut tables = crate::tables();
    tables.extend(accounts::tables());
    tables.extend(streams::tables());
    let identity = Identity::new(&server_name, &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), tables, identity, Vec::new()).await.unwrap();
    let notifier = Notifier::new();
    store.listen(Arc::new(notifier.clone()));
    let rng = Rng::seeded(7);
    let accounts = Accounts::new(AccountsParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        server_name: server_name.clone(),
        settings: AccountSettings::default(),
    });
    let key = Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), "1".to_owned()).unwrap();
    Rooms::new(RoomsParts {
        numbers: Numbers::new(store.clone()),
        store,
        notifier,
        clock,
        rng,
        accounts,
        server_name,
        signing_key: Arc::new(key),
        settings: RoomsSettings::default(),
    })
}

/// A user of the server under test.
pub fn user(localpart: &str) -> OwnedUserId {
    UserId::parse(format!("@{localpart}:{SERVER}")).unwrap()
}

/// Every version that rooms can have.
pub fn versions() -> impl Iterator<Item = RoomVersionId> {
    model::ROOM_VERSIONS.iter().map(|version| version.id().clone())
}

/// A public room of a version, created by `creator` and joined by the others.
pub async fn public_room(
    rooms: &Rooms,
    version: &RoomVersionId,
    creator: &UserId,
    others: &[&UserId],
) -> Created {
    let mut request = CreateRoom::new(creator.to_owned());
    request.version = Some(version.clone());
    request.preset = Preset::PublicChat;
    let created = rooms.create(&request).await.unwrap();
    for other in others {
        rooms.join(&created.room_id, other, &Joining::default()).await.unwrap();
    }
    created
}

/// A text message.
pub fn message(sender: &UserId, body: &str) -> NewEvent {
    let content = canonical_object(&format!(r#"{{"msgtype":"m.text","body":"{body}"}}"#)).unwrap();
    NewEvent::message(sender.to_owned(), "m.room.message", content)
}

/// Whether an outcome is a missing right.
pub fn is_forbidden<T>(outcome: &Result<T, RoomsError>) -> bool {
    matches!(outcome, Err(RoomsError::Forbidden(_)))
}
