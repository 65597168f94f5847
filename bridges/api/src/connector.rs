//! What every platform's connector does.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Approvals, Backfill, Calendars, Callbacks, Capabilities, Cards, CheckStep, Conversations, Directory,
    Edits, Failure, Files, Inbox, Members, Names, Network, Outgoing, Pace, Reactions, Recalls, Sent,
    Shutdown, Todos, Words,
};

/// One app on one platform. It holds no queue and retries nothing but its own connection and token: what failed is told, and
/// the core comes again with the same key. All methods may be called at once, and dropped at any await.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Which platform.
    fn network(&self) -> Network;

    /// What it can carry.
    fn capabilities(&self) -> &Capabilities;

    /// How fast the core may come.
    fn pace(&self) -> Pace;

    /// Holds the connection until `shutdown` fires: connects, hands in what comes, says when the line is up or down, connects
    /// again. With webhooks alone it checks the credentials, says that the line is up and waits. There is one caller at a time.
    ///
    /// # Errors
    /// [`Failure`] when it cannot go on by itself: the core tells people and runs it anew after a pause.
    async fn run(&self, inbox: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure>;

    /// Says something. A repeat with the same key says it once, also after a restart, and answers the same.
    ///
    /// # Errors
    /// [`Failure`].
    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure>;

    /// Proves on the platform what the operator's settings are worth: fetches a token and reads something that disturbs nobody.
    /// It may be called without [`Self::run`], beside another connector of the same app that runs, and takes some seconds at most.
    async fn check(&self) -> Vec<CheckStep> {
        Vec::new()
    }

    /// What does not work at the moment although the line is up, in words for people who can mend it. Never waits.
    fn amiss(&self) -> Vec<Words> {
        Vec::new()
    }

    /// What it can do beyond that.
    fn abilities(&self) -> Abilities<'_> {
        Abilities::default()
    }

    /// Can it change what we sent?
    fn edits(&self) -> Option<&dyn Edits> {
        self.abilities().edits
    }

    /// Can it take back what we sent?
    fn recalls(&self) -> Option<&dyn Recalls> {
        self.abilities().recalls
    }

    /// Can it react?
    fn reactions(&self) -> Option<&dyn Reactions> {
        self.abilities().reactions
    }

    /// Can it carry files?
    fn files(&self) -> Option<&dyn Files> {
        self.abilities().files
    }

    /// Can it change cards?
    fn cards(&self) -> Option<&dyn Cards> {
        self.abilities().cards
    }

    /// Can it list members?
    fn members(&self) -> Option<&dyn Members> {
        self.abilities().members
    }

    /// Can it rename conversations?
    fn names(&self) -> Option<&dyn Names> {
        self.abilities().names
    }

    /// Can it read what was said before?
    fn backfill(&self) -> Option<&dyn Backfill> {
        self.abilities().backfill
    }

    /// Does it know people?
    fn directory(&self) -> Option<&dyn Directory> {
        self.abilities().directory
    }

    /// Does it know conversations?
    fn conversations(&self) -> Option<&dyn Conversations> {
        self.abilities().conversations
    }

    /// Is it called by HTTP?
    fn callbacks(&self) -> Option<&dyn Callbacks> {
        self.abilities().callbacks
    }

    /// Does it have an approval centre?
    fn approvals(&self) -> Option<&dyn Approvals> {
        self.abilities().approvals
    }

    /// Does it have to-dos?
    fn todos(&self) -> Option<&dyn Todos> {
        self.abilities().todos
    }

    /// Does it have calendars?
    fn calendars(&self) -> Option<&dyn Calendars> {
        self.abilities().calendars
    }
}

/// What a connector can do beyond saying something, and which part of it does it.
#[derive(Clone, Copy, Default)]
pub struct Abilities<'a> {
    /// Changes what we sent.
    pub edits: Option<&'a dyn Edits>,
    /// Takes back what we sent.
    pub recalls: Option<&'a dyn Recalls>,
    /// Reacts.
    pub reactions: Option<&'a dyn Reactions>,
    /// Carries files.
    pub files: Option<&'a dyn Files>,
    /// Changes cards.
    pub cards: Option<&'a dyn Cards>,
    /// Lists members.
    pub members: Option<&'a dyn Members>,
    /// Renames conversations.
    pub names: Option<&'a dyn Names>,
    /// Reads what was said before.
    pub backfill: Option<&'a dyn Backfill>,
    /// Knows people.
    pub directory: Option<&'a dyn Directory>,
    /// Knows conversations.
    pub conversations: Option<&'a dyn Conversations>,
    /// Is called by HTTP.
    pub callbacks: Option<&'a dyn Callbacks>,
    /// Has an approval centre.
    pub approvals: Option<&'a dyn Approvals>,
    /// Has to-dos.
    pub todos: Option<&'a dyn Todos>,
    /// Has calendars.
    pub calendars: Option<&'a dyn Calendars>,
}

impl<'a> Abilities<'a> {
    /// The abilities that every platform has: a part that sends, and one that knows people and conversations.
    pub fn of<S, K>(sending: &'a S, knowing: &'a K) -> Self
    where
        S: Recalls + Files + Cards,
        K: Members + Names + Directory + Conversations,
    {
        Self {
            recalls: Some(sending),
            files: Some(sending),
            cards: Some(sending),
            members: Some(knowing),
            names: Some(knowing),
            directory: Some(knowing),
            conversations: Some(knowing),
            ..Self::default()
        }
    }
}
