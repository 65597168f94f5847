//! The runtime of our bots: they meet the homeserver over HTTP alone, in its process or in one of their own.
//!
//! What the homeserver sends is written down before it is acknowledged; what a bot makes of it (its own rows, letters,
//! timers) is one batch; what is sent is a row until the homeserver has it. So a kill at any moment loses nothing and
//! doubles nothing. The kit owns accounts, devices and their keys, rooms, direct chats, commands and texts of the bots; it
//! never knows what a bot is for. Read next: [`bot::Bot`](Bot), then `transaction.rs`, `inbox.rs`, `delivery/mod.rs`, `crypto/mod.rs`.

mod accounts;
mod answers;
mod bot;
mod catch_up;
mod clockwork;
mod commands;
mod content;
mod courier;
mod crypto;
mod delivery;
mod describing;
mod descriptions;
mod direct;
#[cfg(any(test, feature = "double"))]
pub mod double;
mod ear;
mod error;
mod files;
mod first_logins;
mod history;
mod inbox;
mod incoming;
mod intents;
mod kept;
mod kit;
mod letter;
pub mod limits;
mod pause;
mod places;
mod power;
mod prompts;
mod quiet;
mod receiver;
mod registration;
mod restored;
mod runtime;
mod secrets;
mod speaking;
mod standings;
mod tables;
mod taking;
mod taking_away;
#[cfg(test)]
mod tests;
pub mod texts;
mod timers;
mod transaction;
mod undescribed;
mod upgrades;
mod visitors;
mod wire;
mod work;

pub use self::{
    answers::{message, notice},
    bot::{Bot, BotError, Fired, Heard, Verb, What},
    commands::{first_word, nearest_words, normalised_reaction},
    ear::{Ear, Service},
    error::KitError,
    files::{FetchError, FileSource, Lock},
    first_logins::{FIRST_LOGINS_MAX, FirstLogin, Newcomer},
    incoming::CALL_MEMBERS,
    intents::Intent,
    kit::{Health, Kit, KitParts, KitSettings},
    letter::{Attachment, Letter, Outbox, Related, Relation, To},
    power::Power,
    registration::{AVAILABILITY_POLICY, Namespaces, SERVICE_ID, Tokens, registration, registration_of},
    restored::after_restore,
    runtime::Bots,
    standings::{FOLLOWERS_MAX, STANDING_LATER, STANDINGS_MAX, SaidStanding, Standing},
    tables::tables,
    timers::Timers,
    visitors::{InvitedVisitor, NewVisitor},
    wire::{Body, Call, CallError, FileStream, HttpWire, Wire},
};

/// Begins the type of every event and key of ours.
pub const PREFIX: &str = "com.lianqiao.";
