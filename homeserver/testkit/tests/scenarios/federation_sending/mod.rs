//! What our users do is told to the servers that are in their rooms, through outages and kills.

mod ephemeral_messages;
mod events;
mod neighbours;

pub(crate) use self::neighbours::{peer_of, process, process_and_peer};
