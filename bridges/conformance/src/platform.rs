//! What the suite needs of a simulated network.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{Ability, Connector, ConversationId, MessageId, PersonId};
use bytes::Bytes;

use crate::MemoryShelf;

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
    pub kind: bridge_api::FileKind,
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
    /// While we ask for something.
    Outward,
    /// While a webhook is called; the platform brings the real event afterwards.
    Callback,
}

/// A fault by its name on the platform.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// When it strikes.
    pub kind: FaultKind,
}

/// One simulated network with a cast, an app of ours and time that runs fast enough for tests.
#[async_trait]
pub trait Platform: Send + Sync {
    /// A connector of our app, with this shelf.
    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector>;

    /// Saves the address of our webhook; called once the connector runs, when the platform was started for callbacks.
    async fn use_callbacks(&self, url: &str);

    /// A group of `zhang`, `li` and our app, owned by our app. Nobody hears of its making.
    async fn group(&self, name: &str) -> ConversationId;

    /// A group of `zhang` and `li` alone.
    async fn foreign_group(&self, name: &str) -> ConversationId;

    /// The direct chat of somebody with our app.
    async fn direct(&self, person: &str) -> ConversationId;

    /// Whether the platform speaks to an address of ours beside its connection too.
    fn needs_door(&self) -> bool {
        false
    }

    /// A conversation in which an ability can be tried; not every platform carries all of them in its groups.
    async fn place(&self, ability: Ability, name: &str) -> ConversationId {
        let _ = ability;
        self.group(name).await
    }

    /// A conversation in which a fault strikes.
    async fn stricken(&self, fault: &str) -> ConversationId {
        let _ = fault;
        self.group("trouble").await
    }

    /// Whether we hear what people say in a conversation.
    fn hears(&self, conversation: &ConversationId) -> bool {
        let _ = conversation;
        true
    }

    /// The form of spoken words: a name, the first bytes, the media type.
    fn spoken_form(&self) -> (&'static str, &'static [u8], &'static str) {
        ("voice.ogg", b"OggS\0", "audio/ogg")
    }

    /// What our connector calls somebody.
    fn person(&self, person: &str) -> PersonId;

    /// What the platform calls an emoji.
    fn emoji(&self, unicode: &str) -> String;

    /// Says something.
    async fn say(&self, person: &str, conversation: &ConversationId, said: Said) -> MessageId;

    /// Answers a message, in a topic of its own or not.
    async fn answer(&self, person: &str, to: &MessageId, text: &str, in_thread: bool) -> MessageId;

    /// Changes what somebody said.
    async fn edit(&self, person: &str, message: &MessageId, text: &str);

    /// Another app's robot says something in a group of ours.
    async fn robot_says(&self, conversation: &ConversationId, text: &str) -> MessageId;

    /// Takes a message back.
    async fn recall(&self, person: &str, message: &MessageId);

    /// Reacts, or takes the reaction back.
    async fn react(&self, person: &str, message: &MessageId, unicode: &str, added: bool);

    /// Presses a button; whether the person was told that it worked.
    async fn press(&self, person: &str, message: &MessageId, label: &str) -> bool;

    /// Reads everything.
    async fn read(&self, person: &str, conversation: &ConversationId);

    /// Comes in.
    async fn join(&self, person: &str, conversation: &ConversationId);

    /// Goes away.
    async fn leave(&self, person: &str, conversation: &ConversationId);

    /// Brings our app in, or removes it.
    async fn invite_bot(&self, person: &str, conversation: &ConversationId, added: bool);

    /// Gives a group another name.
    async fn rename(&self, person: &str, conversation: &ConversationId, name: &str);

    /// Dissolves a group.
    async fn dissolve(&self, person: &str, conversation: &ConversationId);

    /// Whether we are told when people take their own words back, or of ours alone.
    fn tells_of_recalled_words_of_people(&self) -> bool {
        true
    }

    /// Whether people are found by their address.
    fn finds_people_by_address(&self) -> bool {
        true
    }

    /// What people see, oldest first.
    async fn shows(&self, conversation: &ConversationId) -> Vec<Shown>;

    /// What the group is called.
    async fn name_of(&self, conversation: &ConversationId) -> String;

    /// What can go wrong.
    fn faults(&self) -> Vec<Fault>;

    /// Lets it go wrong so many times.
    async fn fail(&self, fault: &str, times: u64);

    /// Whether everything that was to go wrong did.
    async fn has_struck(&self, fault: &str) -> bool;

    /// Closes our connections.
    async fn disconnect(&self);
}

/// Starts platforms: each case has one of its own.
#[async_trait]
pub trait Start: Send + Sync {
    /// What the platform is called in reports.
    fn name(&self) -> &'static str;

    /// Starts one, for a connection or for callbacks.
    async fn start(&self, callbacks: bool) -> Arc<dyn Platform>;
}
