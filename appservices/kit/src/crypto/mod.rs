//! Encrypted rooms: the keys of the bots, and what is written and read with them.
//!
//! Each bot has one device of its own and a machine of matrix-sdk-crypto on it, whose store is a table of the bots' store
//! ([`shelves`]). Keys come in with transactions ([`receive`]) and are durable before these are acknowledged; what the
//! library has to say goes out by [`exchange`]. A letter to an encrypted room is encrypted at the moment of its sending
//! ([`seal`]), an event is read at the moment of its hearing ([`read`]); bots notice neither. Nothing here knows what a
//! bot is for.

mod account;
mod boundary;
mod changes;
mod crypto_store;
mod exchange;
mod fault;
mod files;
mod heard;
mod keyring;
mod read;
mod receive;
mod restored;
mod rooms;
mod seal;
mod shelves;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
mod unread;

use store::StoreError;

pub(crate) use self::{
    fault::CryptoFault,
    files::{locked, unlocked},
    heard::{Fresh, note_heard},
    keyring::{Audiences, Keyring},
    read::Reading,
    receive::{KeyNews, Session},
    restored::after_restore,
    rooms::{forget_encryption, note_encryption},
    seal::ALGORITHM,
    unread::TIMER_PREFIX,
};
use crate::Kit;

impl Kit {
    pub(crate) fn keyring(&self, bot: &str) -> Option<&Keyring> {
        self.0.keyrings.iter().find(|keyring| keyring.bot == bot)
    }

    /// Throws the keys of a room away that a bot has left.
    pub(crate) async fn forget_room_keys(&self, bot: &str, room: &ruma::RoomId) -> Result<(), StoreError> {
        match self.keyring(bot) {
            Some(keyring) => keyring.shelves().forget_room(room).await,
            None => Ok(()),
        }
    }
}
