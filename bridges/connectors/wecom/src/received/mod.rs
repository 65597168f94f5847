//! What the platform's messages and events mean. Pure: what has to be looked up, written down or asked is done by `incoming.rs`.

mod app;
mod bot;

use std::collections::BTreeMap;

use bridge_api::{Arrival, ConversationId, EventKey, PersonId};

pub use self::{
    app::read as read_app,
    bot::{read as read_bot, unaddressed},
};

/// What a file is called that came without a name.
pub const NAMELESS: &str = "file";

/// What came.
#[derive(Debug, PartialEq)]
pub enum Received {
    /// Something that is handed over.
    Arrival(Box<Arrival>),
    /// Somebody said something to the bot.
    Bot(Box<BotMessage>),
    /// Somebody pressed a button of a card.
    Press(Box<Press>),
    /// Somebody's place in the company changed; the event may tell nothing but who.
    Person {
        /// The userid they have now.
        user: String,
        /// The one that they had before, where that is another one.
        former: Option<String>,
        /// Whether they left it, as the event says; they may be back by now.
        has_left: bool,
        /// By what repeats are known.
        key: EventKey,
        /// When, in milliseconds since the Unix epoch.
        at_ms: u64,
    },
    /// Something happened to a group with customers in it; how it is now has to be read.
    CustomerGroup {
        /// Which.
        chat: String,
        /// What.
        change: GroupChange,
        /// By what repeats are known.
        key: EventKey,
        /// When, in milliseconds since the Unix epoch.
        at_ms: u64,
    },
    /// Something of a customer changed; the event tells nothing but who.
    Customer {
        /// Who, as the platform calls them.
        external: String,
        /// By what repeats are known.
        key: EventKey,
        /// When, in milliseconds since the Unix epoch.
        at_ms: u64,
    },
    /// Something is to be fetched of an account of customer service; the event tells nothing of what.
    Service {
        /// Of which, by its open_kfid.
        account: String,
        /// By what it is fetched for some minutes without haste.
        token: Option<String>,
    },
    /// There are other accounts of customer service than before.
    ServiceAccounts,
    /// Something happened in the company's office.
    Office {
        /// What.
        event: OfficeEvent,
        /// When, in milliseconds since the Unix epoch.
        at_ms: u64,
    },
    /// The platform watches how much the app is used, and says what comes of it.
    Use(Usage),
    /// Nothing to a bridge, and what it was.
    Nothing(String),
}

/// What the platform says of how much the app is used (section 4.2 of its events).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// So little that it is limited, or going to be closed.
    Little,
    /// So little that it was closed: nothing comes and nothing goes.
    Closed,
    /// Enough again.
    Enough,
}

/// What happened to a group with customers. People are named as the platform calls them; older events do not say who came or went.
#[derive(Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// It was made.
    Made,
    /// It has another name.
    Renamed,
    /// People came.
    Joined(Vec<String>),
    /// People left or were removed.
    Left(Vec<String>),
    /// It is no more.
    Dismissed,
}

/// What happened in the company's office. Events tell what they are about; how it stands is read.
#[derive(Debug, PartialEq, Eq)]
pub enum OfficeEvent {
    /// Somebody answered to a schedule of ours.
    Answered {
        /// Its id.
        schedule: String,
    },
    /// Somebody deleted a calendar.
    CalendarGone {
        /// Its id.
        calendar: String,
    },
    /// An approval of the platform began or changed.
    Approval {
        /// Its number.
        number: String,
    },
}

/// Something that was said to the AI bot.
#[derive(Debug, PartialEq)]
pub struct BotMessage {
    /// The arrival; its sender may be an encrypted id.
    pub arrival: Arrival,
    /// Where its files lie.
    pub files: Vec<FileAddress>,
    /// What it quotes, in words.
    pub quote: Option<String>,
    /// The one address at which it can be answered in callback mode.
    pub response_url: Option<String>,
}

/// Where a file of the bot lies for some minutes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileAddress {
    /// Its address.
    pub url: String,
    /// The key of this file alone; without one the callback's key counts.
    pub aes_key: Option<String>,
}

/// A pressed button.
#[derive(Debug, PartialEq)]
pub struct Press {
    /// By what repeats are known.
    pub key: EventKey,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The card.
    pub task: String,
    /// The button's key.
    pub button: String,
    /// Who.
    pub by: PersonId,
    /// Where, when the event says it.
    pub conversation: Option<ConversationId>,
    /// What was chosen beside it, by question.
    pub chosen: BTreeMap<String, String>,
    /// By what the card can be changed once.
    pub code: Option<String>,
}
