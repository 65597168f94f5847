//! A connector that runs in front of a platform, used as the core of the bridges uses it.

use std::sync::Arc;

use bridge_api::{
    Arrival, Connector, Content, ConversationId, Cursor, Failure, FailureKind, Happened, IdempotencyKey,
    Inbox as _, Message, MessageId, Outgoing, RichText, Sent, Shutdown, Speaker,
};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::door::{self, Behind};
use crate::limits::{PAGES_MAX, PATIENCE, PAUSE_MAX, QUIET, TRIES_MAX};
use crate::{MemoryInbox, MemoryShelf, Platform, Shown, platforms};

/// What ends a run of the connector, and the run.
type Running = (Shutdown, JoinHandle<Result<(), Failure>>);

/// A platform, a connector and an inbox.
pub struct Stage {
    /// The platform.
    pub platform: Arc<dyn Platform>,
    /// Where the connector hands in.
    pub inbox: Arc<MemoryInbox>,
    shelf: Arc<MemoryShelf>,
    connector: Arc<Mutex<Arc<dyn Connector>>>,
    running: Mutex<Option<Running>>,
    door: Option<JoinHandle<()>>,
    /// Whether events come over a connection of ours.
    is_connected: bool,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some((shutdown, task)) = self.running.lock().take() {
            shutdown.trigger();
            task.abort();
        }
        if let Some(door) = &self.door {
            door.abort();
        }
    }
}

impl Stage {
    /// Runs a connector in front of the platform of this name.
    pub async fn on(name: &str, callbacks: bool) -> Self {
        let start = platforms::all().into_iter().find(|start| start.name() == name);
        let start = start.expect("a platform of this name");
        Self::new(start.start(callbacks).await, callbacks).await
    }

    /// Runs a connector in front of this platform and waits until it is connected.
    pub async fn new(platform: Arc<dyn Platform>, callbacks: bool) -> Self {
        let (inbox, shelf) = (Arc::new(MemoryInbox::default()), Arc::new(MemoryShelf::default()));
        let connector = Arc::new(Mutex::new(platform.connector(shelf.clone())));
        let mut door = None;
        if callbacks || platform.needs_door() {
            let behind = Behind { connector: connector.clone(), inbox: inbox.clone() };
            let (url, task) = door::open(behind).await;
            platform.use_callbacks(&url).await;
            door = Some(task);
        }
        let running = Mutex::new(None);
        let stage = Self { platform, inbox, shelf, connector, running, door, is_connected: !callbacks };
        stage.run().await;
        stage
    }

    /// The connector.
    pub fn connector(&self) -> Arc<dyn Connector> {
        self.connector.lock().clone()
    }

    async fn run(&self) {
        let ups = self.inbox.ups();
        let shutdown = Shutdown::new();
        let (connector, inbox) = (self.connector(), self.inbox.clone());
        let until = shutdown.clone();
        let task = tokio::spawn(async move { connector.run(inbox, until).await });
        *self.running.lock() = Some((shutdown, task));
        self.is_up_after(ups).await;
        if self.is_connected {
            // Our side knows of a new connection a moment before the platform does, and what is said in between comes later and in
            // any order.
            self.until("the platform knows the connection", || self.platform.is_connected()).await;
        }
    }

    /// Waits until the line came up more often than `ups` times.
    pub async fn is_up_after(&self, ups: usize) {
        self.inbox.wait("the line", |inbox| (inbox.ups() > ups).then_some(())).await;
    }

    /// Ends the connector as a kill does, and starts a new one with the same shelf.
    pub async fn restart(&self) {
        if let Some((_, task)) = self.running.lock().take() {
            task.abort();
        }
        *self.connector.lock() = self.platform.connector(self.shelf.clone());
        self.run().await;
    }

    /// Tries until it works, as the core does: again after what passes, and never again after a refusal.
    pub async fn insist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut last = Failure::later("never tried");
        for _ in 0..TRIES_MAX {
            match attempt().await {
                Ok(value) => return Ok(value),
                // What waits for people to speak is no sooner done by being tried.
                Err(failure) if !failure.passes() || matches!(failure.kind, FailureKind::Silenced(_)) => {
                    return Err(failure);
                }
                Err(failure) => {
                    let pause = match failure.kind {
                        FailureKind::Limited { after, .. } => after.min(PAUSE_MAX),
                        FailureKind::Later(_)
                        | FailureKind::NotSignedIn(_)
                        | FailureKind::Silenced(_)
                        | FailureKind::Refused(_)
                        | FailureKind::Garbled(_) => QUIET / 8,
                    };
                    tokio::time::sleep(pause).await;
                    last = failure;
                }
            }
        }
        Err(last)
    }

    /// Sends until it is sent.
    pub async fn send(&self, outgoing: &Outgoing) -> Sent {
        let sent = self.insist(|| async { self.connector().send(outgoing).await }).await;
        sent.expect("the platform takes it in the end")
    }

    /// Says words in the name of Ada.
    pub async fn say(&self, conversation: &ConversationId, key: &str, text: &str) -> MessageId {
        let sent = self.send(&outgoing(conversation, key, Content::Text(RichText::plain(text)))).await;
        sent.messages.last().expect("at least one").clone()
    }

    /// What people see of a message of ours.
    pub async fn shown(&self, conversation: &ConversationId, message: &MessageId) -> Shown {
        let shown = self.platform.shows(conversation).await;
        let named = shown.iter().find(|shown| shown.id == message.as_str());
        // What has no id is the last that we said without one.
        let nameless = || shown.iter().rfind(|shown| shown.ours && shown.id.is_empty());
        named.or_else(nameless).cloned().expect("the message is in the conversation")
    }

    /// Waits for the message that this id has.
    pub async fn heard(&self, id: &MessageId) -> (Arrival, Message) {
        let wanted = |arrival: &Arrival| match &arrival.what {
            Happened::Message(message) if message.id == *id => Some((arrival.clone(), message.clone())),
            _ => None,
        };
        self.inbox.hear(&format!("message {id}"), wanted).await
    }

    /// Reads the whole history of a conversation from a time on.
    pub async fn history(&self, conversation: &ConversationId, since_ms: u64) -> Vec<Arrival> {
        let connector = self.connector();
        let backfill = connector.backfill().expect("a connector with history");
        let mut arrivals = Vec::new();
        let mut from: Option<Cursor> = None;
        for _ in 0..PAGES_MAX {
            let page = self.insist(|| backfill.history(conversation, since_ms, from.as_ref())).await;
            let page = page.expect("history is read in the end");
            arrivals.extend(page.items);
            match page.next {
                Some(next) => from = Some(next),
                None => return arrivals,
            }
        }
        arrivals
    }

    /// Hands in what history knows, as the core does when the line came up; nothing where there is no history.
    pub async fn catch_up(&self, conversation: &ConversationId) {
        if self.connector().backfill().is_none() {
            return;
        }
        for arrival in self.history(conversation, 0).await {
            self.inbox.take(vec![arrival]).await.expect("the inbox takes it");
        }
    }

    /// Waits for something on the platform's side.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, is_so: impl Fn() -> F) {
        let waiting = async {
            while !is_so().await {
                tokio::time::sleep(QUIET / 20).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what}");
    }
}

/// An idempotency key.
pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).expect("short enough")
}

/// Something that Ada says, under a key that is short enough.
pub fn outgoing(conversation: &ConversationId, key_text: &str, content: Content) -> Outgoing {
    Outgoing {
        key: key(key_text),
        conversation: conversation.clone(),
        speaker: Speaker { name: "Ada".to_owned(), person: None },
        content,
        reply_to: None,
        thread: None,
    }
}
