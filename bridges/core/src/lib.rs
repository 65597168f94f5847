//! What every bridge shares: conversations bound to rooms, people who get accounts, messages that keep their places on all sides.
//!
//! What a platform brings is a row before the platform hears that we have it; what a room says is a row in the batch that takes
//! the homeserver's transaction. A row goes in the batch that notes what it became, and every request carries a key that makes
//! a repeat the same thing, so a kill at any moment loses and doubles nothing. Each conversation has a lane of its own each
//! way: order is kept within it, and one that is stuck holds up nobody. The core knows Matrix and no platform; connectors know
//! their platform and no Matrix. Read next: `bridges.rs`, `intake.rs`, `into_room/mod.rs`, `overhear.rs`, `to_platform/mod.rs`.

mod addressing;
mod alike;
mod backfill;
mod behind;
mod bot;
mod bridges;
mod by_mail;
mod cards;
mod catching_up;
mod clipped;
mod colleagues;
mod conflicts;
mod conversion;
mod decisions;
mod entries;
mod error;
mod following;
mod forget;
mod ghosts;
mod gone;
mod html;
mod intake;
mod into_room;
mod lanes;
mod leavers;
pub mod limits;
mod line;
mod line_row;
mod links;
mod measure;
mod media;
mod member_names;
mod membership;
mod more;
mod names;
mod namesakes;
mod orders;
mod outages;
mod overhear;
mod pace;
mod parting;
mod people_tables;
mod people_texts;
mod permissions;
mod portals;
mod power;
mod proofs;
mod quotas;
mod reach;
mod reading;
mod reading_again;
mod rooms_made;
mod rounds;
mod senseless;
mod shelf;
mod silenced;
mod standing_texts;
mod still_there;
mod tables;
mod telling;
#[cfg(test)]
mod tests;
mod texts;
mod to_platform;
mod troubles;
mod way;
mod work;

pub use self::{
    bot::LOCALPART,
    bridges::{BridgePorts, BridgeSettings, Bridges, BridgesParts},
    by_mail::{MailWords, Post, Posted},
    colleagues::{Elsewhere, Staff},
    error::BridgeError,
    links::{FileLink, LinkRefused, LinkedFile},
    orders::{Known, LineStatus},
    permissions::Permission,
    quotas::QuotaLeft,
    shelf::shelf,
    tables::tables,
    texts::TEXTS,
};

/// The id of the bridges' registration, for ever: what the homeserver still owes them is kept under it.
pub const SERVICE_ID: &str = "lianqiao-bridges";

/// The key under which our events say where they come from.
pub(crate) const MARK: &str = "com.lianqiao.bridge";
