//! What people of a network say and see, and what goes wrong there.

use bridge_api::FileKind;
use bytes::Bytes;

/// What a person says. People have the names of the platform's cast: `zhang` and `li`.
#[derive(Clone, Debug)]
pub enum Said {
    /// Plain words.
    Text(String),
    /// `before`, then somebody addressed (`bot` is ours), then `after`.
    Mention {
        /// The words before.
        before: String,
        /// Who.
        who: String,
        /// The words after.
        after: String,
    },
    /// Words, and everybody addressed.
    Everybody(String),
    /// A bold word, and a link to `https://example.org/`.
    Formatted {
        /// The bold word.
        bold: String,
        /// What the link shows.
        label: String,
    },
    /// A file.
    File(Given),
    /// A sticker.
    Sticker,
    /// The place of this name at 31.2 north, 121.5 east.
    Location(String),
    /// A kind of message that nobody knows.
    Unknown,
}

/// A file to send, or one that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What it is for.
    pub kind: FileKind,
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// A message as people see it.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its id; empty where the platform tells us none.
    pub id: String,
    /// Whether our app said it.
    pub ours: bool,
    /// Its words.
    pub text: String,
    /// Who is addressed, by the cast's names; `all` for everybody.
    pub mentions: Vec<String>,
    /// What it answers.
    pub parent: Option<String>,
    /// Its topic.
    pub thread: Option<String>,
    /// Whether it was taken back.
    pub recalled: bool,
    /// Whether it was changed.
    pub edited: bool,
    /// The reactions on it: the platform's name and whether it is ours.
    pub reactions: Vec<(String, bool)>,
    /// Its buttons.
    pub buttons: Vec<String>,
    /// Its file, if it has one.
    pub file: Option<Given>,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// While an event is on its way to us, over a connection.
    Inward,
    /// One of several connections ends while an event is on its way; the others go on.
    Severed,
    /// The event never comes, and only history knows of it.
    Dropped,
    /// While we connect.
    Connecting,
    /// The event never comes, and nothing knows of it any more.
    Forgotten,
    /// The connection ends, or is dead, with what is on its way over it.
    Broken,
    /// While we connect, and until somebody mends it.
    Misconfigured,
    /// While we ask for something.
    Outward,
    /// While we ask for something, so that nobody knows whether it was done.
    Unknown,
    /// What we say is answered as if it were said, and nobody sees it.
    Swallowed,
    /// What we ask for is refused for good.
    Refused,
    /// What we ask for is too much for minutes.
    Limited,
    /// While we fetch a file.
    Downloading,
    /// While we upload a file.
    Uploading,
    /// While we list people.
    Listing,
    /// While a pressed button is on its way to us.
    Pressing,
    /// While a webhook is called; the platform brings the real event afterwards.
    Callback,
    /// The same with an event that is no message.
    Told,
}

/// A fault by its name on the platform.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// When it strikes.
    pub kind: FaultKind,
}
