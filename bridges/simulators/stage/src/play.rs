//! What a running simulator is to the stage: it lends its [`Stage`], does commands, and ends.

use std::future::Future;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use crate::page::Page;
use crate::stage::Stage;

/// Knows when a simulator ends.
#[derive(Clone, Debug)]
pub struct Ending(watch::Receiver<bool>);

/// Ends a simulator, also by being dropped.
#[derive(Debug)]
pub(crate) struct End(watch::Sender<bool>);

impl End {
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.now();
    }
}

pub(crate) fn ending() -> (End, Ending) {
    let (sender, receiver) = watch::channel(false);
    (End(sender), Ending(receiver))
}

impl Ending {
    /// Returns when the simulator ends.
    pub async fn wait(&self) {
        let mut ended = self.0.clone();
        // A sender that is gone has ended it as well.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// A command that is refused, as the control port says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The platform's code.
    pub code: Value,
    /// The platform's text.
    pub message: String,
}

/// What all parts of a running simulator share.
pub trait Play: Send + Sync + 'static {
    /// What people, administrators and tests do; as JSON on the control port, told apart by `do`.
    type Command: DeserializeOwned + Send + 'static;
    /// What the platform refuses.
    type Refusal: Into<Refused> + Send;

    /// Every fault with its description: `Fault::LIST`.
    const FAULTS: &'static [(&'static str, &'static str)];
    /// How the page of its people looks and what they can do there.
    const PAGE: Page;

    /// Uses the stage under the simulator's lock.
    fn with_stage<R>(&self, use_it: impl FnOnce(&mut Stage) -> R) -> R;

    /// Its end.
    fn ending(&self) -> &Ending;

    /// Does a command.
    fn act(
        self: &Arc<Self>,
        command: Self::Command,
    ) -> impl Future<Output = Result<Value, Self::Refusal>> + Send;
}
