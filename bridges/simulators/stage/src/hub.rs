//! Connections of apps over WebSockets, and who waits for what they answer. Knows no frame.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::limits::OUTGOING_WAITING_MAX;

/// One connection: `T` is what the platform knows of it, `O` what its session can be asked to do.
#[derive(Debug)]
pub struct Connection<T, O> {
    /// Its id.
    pub id: String,
    /// What the platform knows of it.
    pub about: T,
    outgoing: mpsc::Sender<O>,
}

impl<T, O> Connection<T, O> {
    /// A connection, and what its session shall do, in order.
    pub fn new(id: String, about: T) -> (Self, mpsc::Receiver<O>) {
        let (outgoing, waiting) = mpsc::channel(OUTGOING_WAITING_MAX);
        (Self { id, about, outgoing }, waiting)
    }

    /// Asks the session for something. What it cannot take is lost, as a platform loses it: nobody acknowledges it.
    pub fn put(&self, outgoing: O) {
        let _ = self.outgoing.try_send(outgoing);
    }
}

type Answers<A> = Arc<Mutex<HashMap<String, oneshot::Sender<A>>>>;

/// The connections of all apps: `A` is what a client answers to an event.
#[derive(Debug)]
pub struct Hub<T, O, A> {
    connections: Mutex<BTreeMap<String, Vec<Connection<T, O>>>>,
    answers: Answers<A>,
}

impl<T, O, A> Default for Hub<T, O, A> {
    fn default() -> Self {
        Self { connections: Mutex::default(), answers: Answers::default() }
    }
}

impl<T, O, A> Hub<T, O, A> {
    /// How many connections an app has.
    pub fn count(&self, app: &str) -> usize {
        self.connections.lock().get(app).map_or(0, Vec::len)
    }

    /// A new connection of an app.
    pub fn add(&self, app: &str, connection: Connection<T, O>) {
        self.connections.lock().entry(app.to_owned()).or_default().push(connection);
    }

    /// A connection that is gone.
    pub fn remove(&self, app: &str, id: &str) {
        if let Some(connections) = self.connections.lock().get_mut(app) {
            connections.retain(|connection| connection.id != id);
        }
    }

    /// Takes all connections of an app away, so that nothing more is sent to them.
    pub fn take(&self, app: &str) -> Vec<Connection<T, O>> {
        self.connections.lock().remove(app).unwrap_or_default()
    }

    /// Uses the connections of an app under their lock.
    pub fn on<R>(&self, app: &str, use_them: impl FnOnce(&mut Vec<Connection<T, O>>) -> R) -> R {
        use_them(self.connections.lock().entry(app.to_owned()).or_default())
    }

    /// A second program with the same credentials, which takes its share of the events and does with each what it wants.
    pub fn add_rival(&self, app: &str, id: String, about: T, mut swallows: impl FnMut(O) + Send + 'static)
    where
        O: Send + 'static,
    {
        let (rival, mut share) = Connection::new(id, about);
        self.add(app, rival);
        // Ends when the connection is taken away.
        tokio::spawn(async move {
            while let Some(outgoing) = share.recv().await {
                swallows(outgoing);
            }
        });
    }

    /// Waits for the answer to what is sent under this id.
    pub fn expect(&self, id: String) -> Underway<A> {
        let (sender, receiver) = oneshot::channel();
        self.answers.lock().insert(id.clone(), sender);
        Underway { id, receiver, answers: self.answers.clone() }
    }

    /// A client answered to what was sent under this id.
    pub fn answer(&self, id: &str, answer: A) {
        if let Some(waiting) = self.answers.lock().remove(id) {
            // Nobody waits any more: it came too late.
            let _ = waiting.send(answer);
        }
    }
}

/// Something that was sent and whose answer is awaited. Dropped, it is not awaited any more.
#[derive(Debug)]
pub struct Underway<A> {
    id: String,
    receiver: oneshot::Receiver<A>,
    answers: Answers<A>,
}

impl<A> Underway<A> {
    /// The answer, if it comes in time.
    pub(crate) async fn within(mut self, patience: Duration) -> Option<A> {
        tokio::time::timeout(patience, &mut self.receiver).await.ok()?.ok()
    }
}

impl<A> Drop for Underway<A> {
    fn drop(&mut self) {
        self.answers.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_finds_who_waits_and_nobody_is_remembered_who_does_not() {
        let hub: Hub<(), (), u8> = Hub::default();
        let (first, second) = (hub.expect("1".into()), hub.expect("2".into()));
        hub.answer("2", 7);
        hub.answer("3", 9);
        assert_eq!(second.within(Duration::from_secs(5)).await, Some(7));
        drop(first);
        assert!(hub.answers.lock().is_empty());
    }

    #[tokio::test]
    async fn what_a_connection_is_asked_for_comes_in_order_until_it_is_taken_away() {
        let hub: Hub<(), u8, ()> = Hub::default();
        let (connection, mut waiting) = Connection::new("c".into(), ());
        hub.add("app", connection);
        hub.add_rival("app", "rival".into(), (), |_| {});
        assert_eq!(hub.count("app"), 2);
        hub.on("app", |connections| connections.iter().for_each(|one| one.put(1)));
        hub.take("app").iter().for_each(|one| one.put(2));
        assert_eq!(
            [waiting.recv().await, waiting.recv().await, waiting.recv().await],
            [Some(1), Some(2), None]
        );
        assert_eq!(hub.count("app"), 0);
    }
}
