//! A platform by a script: it takes what is sent or fails, and knows what the test tells it.

mod abilities;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bridge_api::{
    Abilities, Ability, Arrival, Backfill, Calendars, Capabilities, Cards, CheckStep, Connector,
    Conversations, Directory, Edit, Failure, FailureKind, File, Inbox, MessageId, Network, Outgoing, Pace,
    Person, PersonId, Sent, Shutdown, Support, Words,
};
use bytes::Bytes;
use parking_lot::Mutex;

use super::entries::Office;

const PICTURES: &[(&str, &str)] = &[("image/jpeg", "jpg"), ("image/png", "png"), ("image/gif", "gif")];
const VOICES: &[(&str, &str)] = &[("audio/amr", "amr")];
const FILMS: &[(&str, &str)] = &[("video/mp4", "mp4")];
const PARTLY: Support = Support::partly("一部分", "a part");

/// Somebody of the platform.
pub(crate) fn person(id: &str) -> PersonId {
    PersonId::new(id).expect("valid")
}

/// The platform and its connector.
pub(crate) struct Script {
    capabilities: Capabilities,
    /// What it carries without a right of the app.
    less: Capabilities,
    pub is_limited: AtomicBool,
    has_history: bool,
    sent: Mutex<Vec<Outgoing>>,
    edits: Mutex<Vec<Edit>>,
    recalled: Mutex<Vec<MessageId>>,
    renamed: Mutex<Vec<String>>,
    /// What every request that sends something fails with.
    pub fails: Mutex<Option<Failure>>,
    pub history: Mutex<Vec<Arrival>>,
    /// What it answers nonsense to: whatever has these words in it.
    pub garbles: Mutex<Option<String>>,
    /// How often it is worth reading again what was said last.
    pub again_every: Mutex<Option<Duration>>,
    /// From when on history was asked for.
    pub asked_since: Mutex<Vec<u64>>,
    pub members: Mutex<Vec<Person>>,
    /// What comes of it when the credentials are tried.
    pub checked: Mutex<Vec<CheckStep>>,
    /// What does not work although its line is up.
    pub amiss: Mutex<Vec<Words>>,
    pub takes_edits: AtomicBool,
    /// Whether it lists conversations, with a picture each; there is one address book with nobody in it.
    pub is_listed: AtomicBool,
    /// Whether no conversation is there any more, as far as it lists any.
    pub is_empty: AtomicBool,
    /// What its conversations are called, as far as it lists any.
    pub called: Mutex<String>,
    /// Who left the company, as its address book says.
    pub left: Mutex<Vec<PersonId>>,
    /// The files that were given to it, with their bytes.
    pub taken: Mutex<Vec<(File, Bytes)>>,
    /// What people's files hold there, and what it says that they are.
    pub given: Mutex<(Bytes, &'static str)>,
    /// Its calendar, where it has one.
    pub office: Office,
    counted: AtomicUsize,
}

impl Script {
    /// A platform that has everything.
    pub fn new() -> Arc<Self> {
        Self::with(true)
    }

    /// One that gives apps no history.
    pub fn without_history() -> Arc<Self> {
        Self::with(false)
    }

    /// One that lists everybody of its first conversation alone.
    pub fn with_one_list() -> Arc<Self> {
        let capabilities = Capabilities::new(|ability| match ability {
            Ability::Membership => (PARTLY, Support::Yes),
            _ => (Support::Yes, Support::Yes),
        });
        let whole = Arc::into_inner(Self::new()).expect("nobody else has it");
        Arc::new(Self { capabilities, ..whole })
    }

    fn with(has_history: bool) -> Arc<Self> {
        let capabilities = Capabilities::new(|ability| match ability {
            Ability::Edits => (PARTLY, Support::Yes),
            _ => (Support::Yes, Support::Yes),
        });
        let less = Capabilities::new(|ability| match ability {
            Ability::Text => (PARTLY, Support::Yes),
            _ => (Support::Yes, Support::Yes),
        });
        Arc::new(Self {
            capabilities,
            less,
            is_limited: AtomicBool::new(false),
            has_history,
            sent: Mutex::default(),
            edits: Mutex::default(),
            recalled: Mutex::default(),
            renamed: Mutex::default(),
            fails: Mutex::default(),
            history: Mutex::default(),
            garbles: Mutex::default(),
            again_every: Mutex::default(),
            asked_since: Mutex::default(),
            members: Mutex::default(),
            checked: Mutex::default(),
            amiss: Mutex::default(),
            takes_edits: AtomicBool::new(true),
            is_listed: AtomicBool::new(false),
            is_empty: AtomicBool::new(false),
            called: Mutex::new("Sales".to_owned()),
            left: Mutex::default(),
            taken: Mutex::default(),
            given: Mutex::new((Bytes::from_static(b"picture"), "image/png")),
            office: Office::default(),
            counted: AtomicUsize::new(0),
        })
    }

    /// Everything that was said there.
    pub fn sent(&self) -> Vec<Outgoing> {
        self.sent.lock().clone()
    }

    /// How much was said there.
    pub fn count(&self) -> usize {
        self.sent.lock().len()
    }

    /// What was said there, in words.
    pub fn words(&self) -> Vec<String> {
        self.sent.lock().iter().map(|outgoing| outgoing.content.to_plain()).collect()
    }

    /// What was changed there, in words, with the messages that it stands for.
    pub fn edits(&self) -> Vec<(Vec<String>, String)> {
        let edits = self.edits.lock();
        let of =
            |edit: &Edit| (edit.messages.iter().map(ToString::to_string).collect(), edit.content.to_plain());
        edits.iter().map(of).collect()
    }

    /// The messages that were taken back.
    pub fn recalled(&self) -> Vec<String> {
        self.recalled.lock().iter().map(ToString::to_string).collect()
    }

    /// The names that were given.
    pub fn renamed(&self) -> Vec<String> {
        self.renamed.lock().clone()
    }

    /// From now on everything that is sent fails like this, or nothing does.
    pub fn fail(&self, failure: Option<Failure>) {
        *self.fails.lock() = failure;
    }

    fn works(&self) -> Result<(), Failure> {
        self.fails.lock().clone().map_or(Ok(()), Err)
    }

    /// Whether it answers with sense to something.
    fn understands(&self, words: &str) -> Result<(), Failure> {
        match self.garbles.lock().as_deref() {
            Some(senseless) if words.contains(senseless) => {
                Err(Failure::new(FailureKind::Garbled("<html>".to_owned())))
            }
            _ => Ok(()),
        }
    }

    fn message(&self) -> MessageId {
        let number = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        MessageId::new(format!("om_{number}")).expect("valid")
    }
}

#[async_trait]
impl Connector for Script {
    fn network(&self) -> Network {
        Network::Feishu
    }

    fn capabilities(&self) -> &Capabilities {
        if self.is_limited.load(Ordering::Relaxed) { &self.less } else { &self.capabilities }
    }

    fn pace(&self) -> Pace {
        Pace { conversation: &[], app: &[], at_once: 4 }
    }

    /// The test says how the line is.
    async fn run(&self, _: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure> {
        shutdown.wait().await;
        Ok(())
    }

    async fn check(&self) -> Vec<CheckStep> {
        self.checked.lock().clone()
    }

    fn amiss(&self) -> Vec<Words> {
        self.amiss.lock().clone()
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        self.works()?;
        self.understands(&outgoing.content.to_plain())?;
        self.sent.lock().push(outgoing.clone());
        Ok(Sent { messages: vec![self.message()], thread: None })
    }

    fn abilities(&self) -> Abilities<'_> {
        let is_listed = self.is_listed.load(Ordering::Relaxed);
        let office = Some(&self.office).filter(|office| office.is_open.load(Ordering::Relaxed));
        Abilities {
            edits: Some(self),
            recalls: Some(self),
            files: Some(self),
            names: Some(self),
            members: Some(self),
            conversations: match office {
                Some(office) => Some(office as &dyn Conversations),
                None => is_listed.then_some(self as &dyn Conversations),
            },
            cards: office.map(|office| office as &dyn Cards),
            calendars: office.map(|office| office as &dyn Calendars),
            directory: is_listed.then_some(self as &dyn Directory),
            backfill: self.has_history.then_some(self as &dyn Backfill),
            ..Abilities::default()
        }
    }
}
