//! One trait for each ability that takes requests of its own. Abilities without one (replies, threads, formatting, voice, cards that are
//! sent) are values in what is sent and arrives; typing, presence and our own receipts no platform takes from an app.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Approval, Arrival, Busy, ByteStream, Card, Conversation, ConversationId, Cursor, Department, Download,
    Edit, EntryOnPlatform, Failure, File, FileKind, Forms, MediaId, Meeting, MessageId, Page, Person,
    PersonId, Reaction, Sent, Todo,
};

/// Changes what we sent.
#[async_trait]
pub trait Edits: Send + Sync {
    /// Puts new content in the place of the old. What it became may differ in number from what it was.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::TooLate`] when time or number of changes is over: the core then sends it as a new message.
    async fn edit(&self, edit: &Edit) -> Result<Sent, Failure>;
}

/// Takes back what we sent.
#[async_trait]
pub trait Recalls: Send + Sync {
    /// Takes a message back. Taking back what is gone succeeds.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::TooLate`] when the time is over: the core then says so in the conversation.
    async fn recall(&self, conversation: &ConversationId, message: &MessageId) -> Result<(), Failure>;
}

/// Reacts to messages.
#[async_trait]
pub trait Reactions: Send + Sync {
    /// Adds or removes a reaction of our app. Repeats succeed.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::Impossible`] for an emoji that the platform does not have.
    async fn react(&self, reaction: &Reaction) -> Result<(), Failure>;
}

/// Carries files.
#[async_trait]
pub trait Files: Send + Sync {
    /// The forms in which files of a kind are shown in a conversation as what they are. The core gives other pictures and words one
    /// of these where it can, and what stays otherwise goes as [`FileKind::File`].
    fn forms(&self, conversation: &ConversationId, kind: FileKind) -> Forms;

    /// Gives a file to the platform. `file.media` is a name of the core's own for it, equal for every try; `file.size` is exact.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::TooLarge`] or [`crate::Refusal::Impossible`]: the core then sends a link.
    async fn upload(
        &self,
        conversation: &ConversationId,
        file: &File,
        bytes: ByteStream,
    ) -> Result<MediaId, Failure>;

    /// Fetches a file of a message.
    ///
    /// # Errors
    /// [`Failure`]; a refusal becomes a notice in the file's place.
    async fn download(
        &self,
        conversation: &ConversationId,
        message: &MessageId,
        file: &File,
    ) -> Result<Download, Failure>;
}

/// Changes cards that we sent.
#[async_trait]
pub trait Cards: Send + Sync {
    /// Puts a newer card in the place of the old one. A lower revision than the shown one changes nothing.
    ///
    /// # Errors
    /// [`Failure`].
    async fn update(
        &self,
        conversation: &ConversationId,
        message: &MessageId,
        card: &Card,
    ) -> Result<(), Failure>;
}

/// Lists who is in a conversation.
#[async_trait]
pub trait Members: Send + Sync {
    /// One page of the members.
    ///
    /// # Errors
    /// [`Failure`].
    async fn members(
        &self,
        conversation: &ConversationId,
        from: Option<&Cursor>,
    ) -> Result<Page<Person>, Failure>;

    /// Whether everybody of this conversation is on these pages, although the platform does not list everybody of all others: then the
    /// core compares it with its room now and then. Never waits.
    fn lists_everybody(&self, _conversation: &ConversationId) -> bool {
        false
    }
}

/// Changes names of conversations.
#[async_trait]
pub trait Names: Send + Sync {
    /// Gives a conversation another name.
    ///
    /// # Errors
    /// [`Failure`].
    async fn rename(&self, conversation: &ConversationId, name: &str) -> Result<(), Failure>;
}

/// Reads what was said before.
#[async_trait]
pub trait Backfill: Send + Sync {
    /// One page of what was said in a conversation at or after `since_ms` (milliseconds since the Unix epoch), oldest first, topics
    /// included. Arrivals have the keys that they have when they come live.
    ///
    /// # Errors
    /// [`Failure`].
    async fn history(
        &self,
        conversation: &ConversationId,
        since_ms: u64,
        from: Option<&Cursor>,
    ) -> Result<Page<Arrival>, Failure>;

    /// How often it is worth reading again what was said lately, because no event tells of all that becomes of it. None where events
    /// tell of all.
    fn read_again_every(&self) -> Option<Duration> {
        None
    }

    /// What was said last in a conversation, at or after `since_ms`, and what became of it, topics included: some pages at most,
    /// the newest. Arrivals have the keys that they have in history.
    ///
    /// # Errors
    /// [`Failure`].
    async fn latest(&self, _conversation: &ConversationId, _since_ms: u64) -> Result<Vec<Arrival>, Failure> {
        Ok(Vec::new())
    }
}

/// Knows people.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Who somebody is; `None` when the app may not see them.
    ///
    /// # Errors
    /// [`Failure`].
    async fn person(&self, person: &PersonId) -> Result<Option<Person>, Failure>;

    /// Whether somebody has left the company for certain; `None` where the platform does not tell that from somebody whom the app may
    /// not see. The core asks for those who are in rooms once a day, because what tells of leavers may be lost.
    ///
    /// # Errors
    /// [`Failure`].
    async fn has_left(&self, _person: &PersonId) -> Result<Option<bool>, Failure> {
        Ok(None)
    }

    /// The person with this e-mail address, when the app may look for it.
    ///
    /// # Errors
    /// [`Failure`].
    async fn by_email(&self, email: &str) -> Result<Option<PersonId>, Failure>;

    /// Departments below `parent`, or the topmost ones.
    ///
    /// # Errors
    /// [`Failure`].
    async fn departments(
        &self,
        parent: Option<&str>,
        from: Option<&Cursor>,
    ) -> Result<Page<Department>, Failure>;

    /// People of a department.
    ///
    /// # Errors
    /// [`Failure`].
    async fn people(&self, department: &str, from: Option<&Cursor>) -> Result<Page<Person>, Failure>;

    /// A person's or a conversation's picture.
    ///
    /// # Errors
    /// [`Failure`].
    async fn avatar(&self, avatar: &MediaId) -> Result<Download, Failure>;
}

/// Knows conversations.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// One page of the conversations that our app is in. Direct chats may be missing.
    ///
    /// # Errors
    /// [`Failure`].
    async fn list(&self, from: Option<&Cursor>) -> Result<Page<Conversation>, Failure>;

    /// One conversation; `None` when it does not exist or our app is not in it.
    ///
    /// # Errors
    /// [`Failure`].
    async fn conversation(&self, conversation: &ConversationId) -> Result<Option<Conversation>, Failure>;

    /// Whether what [`Self::conversation`] answers for this one proves that it is still there with our app in it, or is not: then
    /// the core asks now and then. Never waits. False where the platform tells nobody.
    fn tells_absence(&self, _conversation: &ConversationId) -> bool {
        false
    }

    /// Where one person is spoken to by our app alone, whether or not they ever spoke to it; `None` when the platform has no such
    /// place for them. What they say there may arrive under another name that the platform has for the same conversation.
    fn direct(&self, person: &PersonId) -> Option<ConversationId> {
        let _ = person;
        None
    }
}

/// Shows approvals of ours in the platform's approval centre, and decides those of the platform.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// Puts an approval of ours there as it stands; `known` is what an earlier call answered. Repeats change nothing, also after
    /// a kill before the answer was noted. What people decide there comes as [`crate::Happened::Acted`] with the key of the task.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::Impossible`] where the operator set up no approval centre for us.
    async fn put_approval(
        &self,
        approval: &Approval,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure>;

    /// Decides an approval of the platform's own for somebody who was asked: `task` is theirs in
    /// [`crate::ForeignApproval::asked`]. A repeat of the same decision succeeds.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::TooLate`] when it is decided already, [`crate::Refusal::Impossible`] where apps cannot.
    async fn decide(
        &self,
        approval: &EntryOnPlatform,
        task: &str,
        person: &PersonId,
        is_approved: bool,
        words: Option<&str>,
    ) -> Result<(), Failure>;
}

/// Shows tasks of ours among people's to-dos.
#[async_trait]
pub trait Todos: Send + Sync {
    /// Puts a task there as it stands; `known` is what an earlier call answered. Repeats change nothing, also after a kill before
    /// the answer was noted. A canceled task is taken away. What people tick off comes as [`crate::Happened::Acted`]; what we put
    /// there ourselves does not come back.
    ///
    /// # Errors
    /// [`Failure`].
    async fn put_todo(
        &self,
        todo: &Todo,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure>;
}

/// Shows meetings of ours in people's calendars, and knows when people have no time.
#[async_trait]
pub trait Calendars: Send + Sync {
    /// Puts a meeting into the calendars of who is invited, as it stands; `known` is what an earlier call answered. Repeats change
    /// nothing, also after a kill before the answer was noted. A canceled one is taken away. What people answer comes as
    /// [`crate::Happened::Acted`]; what we put there ourselves does not come back. A series shows its exceptions as well, in words
    /// where the platform has no others.
    ///
    /// # Errors
    /// [`Failure`].
    async fn put_meeting(
        &self,
        meeting: &Meeting,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure>;

    /// When people have no time, at most [`crate::limits::BUSY_PEOPLE_MAX`] of them, in a time of at most
    /// [`crate::limits::BUSY_MS_MAX`]: one item for each. Our own meetings are among them.
    ///
    /// # Errors
    /// [`Failure`]; [`crate::Refusal::Impossible`] where the platform tells apps nothing of it.
    async fn busy(&self, people: &[PersonId], from_ms: u64, until_ms: u64) -> Result<Vec<Busy>, Failure>;
}
