//! What bots that work with cases share: the parts they live in, who acts by an event, the language of a person, the
//! rooms and the ledger where records are held, exports, and what can go wrong.
//!
//! This crate decides nothing and sends nothing: what a kind of case is about lies in its bot. Read `office.rs` first.

mod actor;
mod busy_elsewhere;
mod decisions;
mod elsewhere;
mod entries;
mod error;
mod export;
mod ledger;
mod office;
mod rooms;
mod texts;

pub use self::{
    actor::{Actor, language_of},
    busy_elsewhere::{BusyAnswer, BusyAsked, BusyQuestion, BusyTime, ask_busy_elsewhere, busy_elsewhere_of},
    decisions::{DecisionSaid, say_decision},
    elsewhere::{
        CardElsewhere, Choice, Press, Speaker, press_of, said_by_bridge, show_elsewhere,
        show_elsewhere_instead,
    },
    entries::{EntryElsewhere, greet_bridge, link_to, put_entry_elsewhere, say_to_bridge},
    error::OfficeError,
    export::{export_letter, export_of},
    ledger::{AUDITORS, LEDGER, keep_in_ledger},
    office::{Office, cases_of},
    rooms::{RoomOrder, membership, record_letter},
    texts::TEXTS,
};
