//! One signal that tells every part of the process to finish what it does and stop.

use tokio_util::sync::CancellationToken;

/// The stop signal of a process. Cloning shares it; it fires once and stays fired.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A signal that has not fired.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fires the signal. Firing twice does nothing.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Whether the signal has fired.
    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the signal fires; returns at once if it has. Safe to drop.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }

    /// A signal that fires with this one, and may be fired alone.
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_trigger_reaches_clones_and_children_but_not_parents() {
        let parent = Shutdown::new();
        let (child, clone) = (parent.child(), parent.clone());
        let only_child = parent.child();
        only_child.trigger();
        assert!(!parent.is_triggered());
        clone.trigger();
        parent.wait().await;
        child.wait().await;
        assert!(child.is_triggered());
    }
}
