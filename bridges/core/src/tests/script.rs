//! A platform by a script: it takes what is sent or fails, and knows what the test tells it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bridge_api::{
    Abilities, Ability, Arrival, Backfill, ByteStream, Capabilities, Connector, Content, ConversationId,
    Cursor, Download, Edit, Edits, Failure, File, FileKind, Files, Inbox, MediaId, Members, MessageId, Names,
    Network, Outgoing, Pace, Page, Person, PersonId, Recalls, Refusal, Sent, Shutdown, Support,
};
use bytes::Bytes;
use parking_lot::Mutex;

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
    /// From when on history was asked for.
    pub asked_since: Mutex<Vec<u64>>,
    pub members: Mutex<Vec<Person>>,
    pub takes_edits: AtomicBool,
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
            asked_since: Mutex::default(),
            members: Mutex::default(),
            takes_edits: AtomicBool::new(true),
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

    fn check(&self) -> Result<(), Failure> {
        self.fails.lock().clone().map_or(Ok(()), Err)
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

    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure> {
        self.check()?;
        self.sent.lock().push(outgoing.clone());
        Ok(Sent { messages: vec![self.message()], thread: None })
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            edits: Some(self),
            recalls: Some(self),
            files: Some(self),
            names: Some(self),
            members: Some(self),
            backfill: self.has_history.then_some(self as &dyn Backfill),
            ..Abilities::default()
        }
    }
}

#[async_trait]
impl Edits for Script {
    async fn edit(&self, edit: &Edit) -> Result<Sent, Failure> {
        self.check()?;
        if !self.takes_edits.load(Ordering::Relaxed) || matches!(edit.content, Content::File(_)) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        self.edits.lock().push(edit.clone());
        Ok(Sent { messages: edit.messages.clone(), thread: None })
    }
}

#[async_trait]
impl Recalls for Script {
    async fn recall(&self, _: &ConversationId, message: &MessageId) -> Result<(), Failure> {
        self.check()?;
        self.recalled.lock().push(message.clone());
        Ok(())
    }
}

#[async_trait]
impl Names for Script {
    async fn rename(&self, _: &ConversationId, name: &str) -> Result<(), Failure> {
        self.check()?;
        self.renamed.lock().push(name.to_owned());
        Ok(())
    }
}

#[async_trait]
impl Members for Script {
    async fn members(&self, _: &ConversationId, _: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        Ok(Page { items: self.members.lock().clone(), next: None })
    }
}

#[async_trait]
impl Backfill for Script {
    async fn history(
        &self,
        _: &ConversationId,
        since_ms: u64,
        _: Option<&Cursor>,
    ) -> Result<Page<Arrival>, Failure> {
        self.asked_since.lock().push(since_ms);
        let items = self.history.lock().iter().filter(|arrival| arrival.at_ms >= since_ms).cloned().collect();
        Ok(Page { items, next: None })
    }
}

#[async_trait]
impl Files for Script {
    fn upload_bytes_max(&self, _: FileKind) -> u64 {
        1_000_000
    }

    async fn upload(&self, _: &ConversationId, file: &File, _: ByteStream) -> Result<MediaId, Failure> {
        self.check()?;
        Ok(file.media.clone())
    }

    async fn download(&self, _: &ConversationId, _: &MessageId, _: &File) -> Result<Download, Failure> {
        let bytes = futures_util::stream::iter([Ok(Bytes::from_static(b"picture"))]);
        let mimetype = Some("image/png".to_owned());
        Ok(Download { name: None, mimetype, size: Some(7), bytes: Box::pin(bytes) })
    }
}
