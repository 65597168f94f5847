//! What a bridge and a connector say to each other, in the words of neither Matrix nor a platform.
//!
//! A connector speaks one platform's protocol and nothing of Matrix; the core of the bridges speaks Matrix and nothing of a
//! platform. Here are the values that pass between them, the mandatory [`Connector`] and one optional trait for each ability.
//! Everything that is stored on the way has a serialised form. Beside them stands what every connector needs alike: the way to a
//! platform, the keeping of its token, the table of abilities. Nothing here stores or reads the time of day; what
//! comes from a platform is hostile, so identifiers are checked when they are made and texts when the core takes them in
//! ([`RichText::tamed`]). Read next: `connector.rs`, then `arrival.rs` and `outgoing.rs`.

mod abilities;
mod arrival;
mod callback;
mod capability;
mod connector;
mod content;
mod directory;
mod failure;
mod ids;
mod inbox;
pub mod limits;
mod network;
mod outgoing;
mod pace;
mod rich_text;
mod secret;
mod shelf;
mod tokens;
mod transport;
mod words;

pub use base::{Clock, Rng, Shutdown};

pub use self::{
    abilities::{
        Backfill, Cards, Conversations, Directory, Edits, Files, Members, Names, Reactions, Recalls,
    },
    arrival::{Arrival, Happened, Message, Pressed, Sender},
    callback::{CallbackAnswer, CallbackRequest, Callbacks},
    capability::{Ability, Capabilities, Capability, Support},
    connector::Connector,
    content::{Button, ButtonStyle, Card, Content, File, FileKind, Input},
    directory::{Conversation, ConversationKind, Department, Page, Person},
    failure::{Failure, FailureKind, Refusal},
    ids::{
        ConversationId, Cursor, EventKey, IdInvalid, IdempotencyKey, MediaId, MessageId, PersonId, ThreadId,
    },
    inbox::{Inbox, InboxRefused, Line, Quota},
    network::Network,
    outgoing::{ByteStream, Download, Edit, Outgoing, Reaction, Sent, Speaker},
    pace::{Pace, Rate},
    rich_text::{Block, Inline, RichText, Style},
    secret::Secret,
    shelf::{Shelf, ShelfRefused},
    tokens::{IssuedToken, Token, TokenRules, Tokens},
    transport::{NoSocket, Socket, Transport, Wire},
    words::{Language, Words},
};
