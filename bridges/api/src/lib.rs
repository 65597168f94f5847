//! What a bridge and a connector say to each other, in the words of neither Matrix nor a platform.
//!
//! A connector speaks one platform's protocol and nothing of Matrix; the core of the bridges speaks Matrix and nothing of a
//! platform. Here are the values that pass between them, the mandatory [`Connector`] and one optional trait for each ability.
//! Everything that is stored on the way has a serialised form. Beside them stands what connectors need alike, to be called by those
//! that need it: the way to a platform, its token, calls and their failures, what was sent and heard by name, uploads, the table of
//! abilities. Nothing here reads the time of day, and what is kept lies on the core's [`Shelf`]; what comes from a platform is hostile, so identifiers are checked when they are made and texts when the core takes them in
//! ([`RichText::tamed`]). Read next: `connector.rs`, then `arrival.rs` and `outgoing.rs`.

mod abilities;
mod arrival;
mod bounded;
mod call;
mod callback;
mod capability;
mod check;
mod connecting;
mod connector;
mod content;
mod digest;
mod directory;
#[cfg(feature = "double")]
pub mod double;
mod entry;
pub mod exchange;
mod failure;
pub mod forms;
mod ids;
mod inbox;
mod known_groups;
mod ledger;
pub mod lenient;
pub mod limits;
mod network;
mod outgoing;
mod pace;
mod rich_text;
pub mod sealed;
mod secret;
mod shelf;
mod slots;
mod tokens;
mod transport;
mod upload;
mod words;

pub use base::{Clock, Rng, Shutdown};

pub use self::{
    abilities::{
        Approvals, Backfill, Calendars, Cards, Conversations, Directory, Edits, Files, Members, Names,
        Reactions, Recalls, Todos,
    },
    arrival::{Arrival, Happened, Message, Pressed, Sender},
    bounded::Bounded,
    call::{CallError, Meaning},
    callback::{CallbackAnswer, CallbackRefused, CallbackRequest, Callbacks},
    capability::{Ability, Capabilities, Capability, Support},
    check::{CALLED_BY_HTTP, CheckOutcome, CheckStep, NOT_SPOKEN, PUTS_APPROVALS, let_in},
    connecting::{ConnectError, doubled_pause},
    connector::{Abilities, Connector},
    content::{Button, ButtonStyle, Card, Content, File, FileKind, Input},
    digest::{digest, hex},
    directory::{Conversation, ConversationKind, Department, Page, Person},
    entry::{
        Acted, Action, Answer, Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Assignee, Attendee,
        Busy, EntryHead, Exception, ForeignApproval, Instead, Meeting, Priority, Standing, Todo, TodoState,
    },
    failure::{Failure, FailureKind, Refusal},
    forms::Forms,
    ids::{
        ConversationId, Cursor, EntryKey, EntryOnPlatform, EventKey, IdInvalid, IdempotencyKey, MediaId,
        MessageId, PersonId, ThreadId,
    },
    inbox::{Inbox, InboxRefused, Line, Quota, handed_over},
    known_groups::KnownGroups,
    ledger::{Ledger, Repeat, message_of_ours},
    network::Network,
    outgoing::{ByteStream, Download, Edit, Outgoing, Reaction, Sent, Speaker, bounded, whole},
    pace::{Pace, Rate},
    rich_text::{Block, Inline, RichText, Style, markdown},
    secret::Secret,
    shelf::{Shelf, ShelfRefused},
    slots::Slots,
    tokens::{IssuedToken, Token, TokenRules, Tokens},
    transport::{NoSocket, Socket, Transport, Wire},
    upload::{Upload, harmless},
    words::{Language, Words},
};
